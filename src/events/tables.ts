import type { Tables } from '../db/tables.ts'

declare module '../db/tables.ts' {
  interface Narrow {
    events: {
      /** Where it stands among all events, from 1; null until a transaction after its own has given it. */
      place: number
    }
    /** One row: the last place that was given. Whoever gives places holds it. */
    event_places: object
    event_readers: {
      /** The place up to which it has read. */
      position: number
      /** When a process last had this reader. */
      seen_at: string
    }
  }
}

export type EventTable = Tables['events']
