import type { HostFacts, Kind } from './documents.ts'

declare module '../db/tables.ts' {
  interface Narrow {
    hosts: {
      /** Random id of the agent process that has the name; another one is refused while this one reports. */
      session: string
      facts: HostFacts
      /** Milliseconds since the epoch. */
      last_seen: number
    }
    host_documents: {
      kind: Kind
      /** Not yet taken by the agent. */
      pending: boolean
      outcome: 'done' | 'failed' | 'removed'
    }
  }
}
