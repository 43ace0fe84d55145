import type { Generated } from 'kysely'

export interface EventTable {
  seq: Generated<number>
  /** Where it stands among all events, from 1; null until a transaction after its own has given it. */
  place: number | null
  type: string
  project_id: string | null
  user_id: string | null
  resource_kind: string
  resource_id: string
  request_id: string | null
  payload: unknown
  told_at: string
}

/** One row: the last place that was given. Whoever gives places holds it. */
export interface EventPlaceTable {
  id: number
  last_place: number
}

export interface EventReaderTable {
  name: string
  /** The place up to which it has read. */
  position: Generated<number>
  /** When a process last had this reader. */
  seen_at: string
}

declare module '../db/tables.ts' {
  interface Tables {
    events: EventTable
    event_places: EventPlaceTable
    event_readers: EventReaderTable
  }
}
