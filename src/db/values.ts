// How values are stored and read back. Booleans and JSON are smallint and text on both databases, so what a value means follows from
// its column: the query says which one it writes, and the database which one it answers with, whatever the query calls it.
import { type Column, columnNamed, columnOf, isSpecial } from './columns.ts'
import type { ColumnKind } from './schema.ts'

const isText = (value: unknown) => typeof value === 'string'
const isWhole = (value: unknown) => Number.isSafeInteger(value)

const fits: Record<Exclude<ColumnKind, 'json'>, (value: unknown) => boolean> = {
  text: isText,
  time: isText,
  int: isWhole,
  serial: isWhole,
  real: (value) => Number.isFinite(value),
  bool: (value) => typeof value === 'boolean',
  bytes: (value) => value instanceof Uint8Array,
}

/** What a value is, and not the value: it may be a secret. */
function described(value: unknown): string {
  if (typeof value === 'number') return Number.isInteger(value) ? 'a whole number' : 'a number that is not whole'
  return Array.isArray(value) ? 'a list' : `a value of type ${typeof value}`
}

/** The value as it is stored in a column, or, without one, as it is compared. Throws for a value that the column cannot hold. */
export function toSql(value: unknown, column?: Column): unknown {
  if (value === undefined) return null
  if (column) {
    // A nullable column has no value; in another one null is the value.
    if (value === null) return column.kind === 'json' && !column.nullable ? 'null' : null
    if (column.kind === 'json') return JSON.stringify(value)
    if (!fits[column.kind](value)) throw new TypeError(`${column.table}.${column.name} holds ${column.kind}, not ${described(value)}`)
  }
  if (typeof value === 'boolean') return value ? 1 : 0
  if (value === null || typeof value !== 'object' || Buffer.isBuffer(value)) return value
  return value instanceof Uint8Array ? Buffer.from(value.buffer, value.byteOffset, value.byteLength) : JSON.stringify(value)
}

/** A column of a result whose values are turned back after reading. */
export interface SpecialResult {
  /** In the result. */
  name: string
  kind: 'bool' | 'json'
  column: Column
}

/** The column of a table that a column of a result is of. */
export interface Origin {
  table: string
  column: string
}

/** Which columns of a result are turned back, from what the database says that they are of: null for an expression. Of one name the last one counts. */
export function specialResults(results: readonly (readonly [name: string, origin: Origin | null])[]): SpecialResult[] {
  const specials = new Map<string, SpecialResult>()
  for (const [name, origin] of results) {
    const column = origin ? columnOf(origin.table, origin.column) : columnNamed(name)
    if (column && isSpecial(column.kind)) specials.set(name, { name, kind: column.kind, column })
    else specials.delete(name)
  }
  return [...specials.values()]
}

/** Turns the values of rows back, in place. */
export function readBack(rows: readonly Record<string, unknown>[], specials: readonly SpecialResult[]): void {
  // Column by column, which is faster than row by row.
  for (const { name, kind, column } of specials) {
    const back = kind === 'bool' ? (value: unknown) => value !== 0 : JSON.parse
    try {
      for (const row of rows) if (row[name] !== null) row[name] = back(row[name] as string)
    } catch (error) {
      throw new Error(`${column.table}.${column.name} holds what is not JSON`, { cause: error })
    }
  }
}
