import type { Generated } from 'kysely'
import type { HostFacts } from './documents.ts'
import type { Kind } from './kinds.ts'

export interface HostRow {
  name: string
  /** Random id of the agent process that has the name; another one is refused while this one reports. */
  session: string
  facts: HostFacts
  enabled: Generated<boolean>
  disabled_reason: string | null
  /** Milliseconds since the epoch. */
  last_seen: number
  created_at: string
}

export interface HostDocumentRow {
  host: string
  kind: Kind
  id: string
  generation: number
  spec: unknown
  /** Not yet taken by the agent. */
  pending: boolean
  done_generation: Generated<number>
  outcome: 'done' | 'failed' | 'removed' | null
  error: string | null
  host_status: unknown
  updated_at: string
}

declare module '../db/tables.ts' {
  interface Tables {
    hosts: HostRow
    host_documents: HostDocumentRow
  }
}
