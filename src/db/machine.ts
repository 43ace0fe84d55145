// States as data: every change of a status is a row of a table here, and a move by it is one compare-and-swap, so that of two at once
// only one is made.

import type { Tx } from './database.ts'
import type { Tables } from './tables.ts'

type Value = string | number | null
/** For columns that change besides: what a query's `set` takes. */
export type More = object | ((eb: never) => object)

/** Something that happens to a row: from which values of its columns (any, where a column is not named), and what they are then. */
export interface Transition<Columns extends object> {
  from: { readonly [C in keyof Columns]?: readonly Columns[C][] }
  to: { readonly [C in keyof Columns]?: Columns[C] }
}

export interface MachineDeclaration<Table extends keyof Tables, Columns extends object, State extends string, Event extends string> {
  /** As documents call it: `server`. */
  name: string
  table: Table
  /** Columns that hold the state; nothing else changes them. */
  columns: readonly (keyof Columns & keyof Tables[Table])[]
  /** Rows that still exist, where rows outlive what they stand for. */
  alive?: { column: string & keyof Tables[Table]; is: null | boolean }
  /** What a new row begins with. */
  initial: readonly { readonly [C in keyof Columns]?: Columns[C] }[]
  /** The one word for the state of a row, as `allowed` of operations and faults use it. */
  state(row: Columns): State
  events: Record<Event, Transition<Columns>>
}

export interface Machine<Columns extends object = object, State extends string = string, Event extends string = string> {
  name: string
  table: string
  columns: readonly string[]
  initial: readonly object[]
  events: Record<Event, { from: object; to: object }>
  state(row: Columns): State
  /** Whether the event is one of that row's state. */
  can(row: Columns, event: Event): boolean
  /**
   * Makes the event happen, with other columns that change in the same moment. False when the row is in no state from which it can, or
   * is gone: then nothing is changed.
   */
  move(tx: Pick<Tx, 'db'>, id: string, event: Event, set?: More): Promise<boolean>
}

/** `machine<Columns>()({...})`: the columns are given, states and events follow from the declaration. */
export const machine =
  <Columns extends object>() =>
  <const Table extends keyof Tables, State extends string, const Event extends string>(
    declaration: MachineDeclaration<Table, Columns, State, Event>,
  ): Machine<Columns, State, Event> => {
    const { name, table, alive, initial, events, state } = declaration
    return {
      name,
      table,
      columns: declaration.columns as readonly string[],
      initial,
      events,
      state,
      can: (row, event) =>
        Object.entries(events[event].from).every(([column, values]) =>
          (values as readonly Value[]).includes((row as Record<string, Value>)[column]!),
        ),
      async move({ db }, id, event, more = {}) {
        const { from, to } = events[event]
        const set = typeof more === 'function' ? (eb: never) => ({ ...more(eb), ...to }) : { ...more, ...to }
        // The table is one of many here: its columns were checked where the machine was declared.
        let query = (db as never as AnyUpdate).updateTable(table).set(set).where('id', '=', id)
        if (alive) query = query.where(alive.column, 'is', alive.is)
        for (const [column, values] of Object.entries(from) as [string, readonly Value[]][]) {
          const known = values.filter((value) => value !== null)
          query = query.where(({ eb, or }) =>
            or([...(known.length ? [eb(column, 'in', known)] : []), ...(known.length < values.length ? [eb(column, 'is', null)] : [])]),
          )
        }
        const { numUpdatedRows } = await query.executeTakeFirst()
        return numUpdatedRows === 1n
      },
    }
  }

/** What is used of an update, without its types. */
interface AnyUpdate {
  updateTable(table: string): {
    set(values: More): Update
  }
}
interface Update {
  where(column: string, operator: string, value: unknown): Update
  where(
    condition: (tools: { eb(column: string, operator: string, value: unknown): unknown; or(all: unknown[]): unknown }) => unknown,
  ): Update
  executeTakeFirst(): Promise<{ numUpdatedRows: bigint }>
}
