// What happened: told in the transaction in which it happened, read by whoever wants to know, later and in order.
import type { Static, TSchema } from 'typebox'

declare const carries: unique symbol

/** A kind of event, with the schema of what it carries. Names are those of upstream's notifications. */
export interface EventType<Name extends string = string, Payload = unknown> {
  readonly type: Name
  readonly schema: TSchema
  readonly [carries]?: Payload
}

export const eventType = <const Name extends string, S extends TSchema>(type: Name, schema: S): EventType<Name, Static<S>> => ({
  type,
  schema,
})

/** As whoever does it tells it. */
export interface Telling<Payload> {
  project_id: string | null
  /** What it happened to. */
  resource: { kind: string; id: string }
  payload: Payload
  /** Those of the transaction unless given. */
  request_id?: string
  user_id?: string | null
}

/** As it is read. */
export interface ToldEvent<Name extends string = string, Payload = unknown> {
  /** From 1, without end; later ones are higher, in the order in which they were committed. */
  place: number
  type: Name
  project_id: string | null
  user_id: string | null
  resource: { kind: string; id: string }
  request_id: string | null
  told_at: string
  payload: Payload
}

/** Events of any of the types, told apart by `type`. */
export type EventOf<T extends EventType> = T extends EventType<infer Name, infer Payload> ? ToldEvent<Name, Payload> : never
