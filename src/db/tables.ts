// The row types of all tables, from the migrations. What those do not know (that a text is one of five words, the shape of a JSON) the
// owner of the table says in its tables.ts: a type that the column's kind can hold, without null, and comments on what a column means.
//   declare module '../../db/tables.ts' { interface Narrow { images: { status: ImageStatus } } }
import type { ColumnType, Generated } from 'kysely'
import type { columns } from './columns.generated.ts'

type Columns = typeof columns

// biome-ignore lint/suspicious/noEmptyInterface: filled by declaration merging
export interface Narrow {}

declare const given: unique symbol

/** Of a column that has a default, or may be null, for the sake of older rows alone: each new row says it, and each row has it. */
export interface Given<Value> {
  [given]: Value
}

declare const moved: unique symbol

/** Of a column that holds a state: a machine's events change it (machine.ts), and no update does. */
export interface Moved<Value> {
  [moved]: Value
}

interface Values {
  text: string
  int: number
  real: number
  bool: boolean
  json: unknown
  time: string
  serial: number
  bytes: Buffer
}

type KindOf<Text> = Text extends `${infer Kind}=${string}` ? KindOf<Kind> : Text extends `${infer Kind}?` ? Kind : Text
type ValueOf<Text> = KindOf<Text> extends keyof Values ? Values[KindOf<Text>] : never
type OrNull<Text, Value> = Text extends `${string}?` | `${string}?=${string}` ? Value | null : Value
type Stored<Text, Value> = Text extends 'serial' | `${string}=${string}` ? Generated<OrNull<Text, Value>> : OrNull<Text, Value>
type Narrowed<Text, Value> = [Value] extends [Given<infer Always>]
  ? Always
  : [Value] extends [Moved<infer State>]
    ? ColumnType<OrNull<Text, State>, OrNull<Text, State>, never>
    : Stored<Text, Value>

/** The column's text, in a table whose columns are `Table`. */
type TextOf<Table, Column> = Column extends keyof Table ? Table[Column] : never

type NarrowingOf<Name> = Name extends keyof Narrow ? Narrow[Name] : unknown

/** A row of a table, as queries are made of it: `Selectable` of it is a row that was read. */
export type Row<Name extends keyof Columns> = {
  [Column in Exclude<keyof Columns[Name], keyof NarrowingOf<Name>>]: Stored<Columns[Name][Column], ValueOf<Columns[Name][Column]>>
} & {
  [Column in keyof NarrowingOf<Name>]: Narrowed<TextOf<Columns[Name], Column>, NarrowingOf<Name>[Column]>
}

export type Tables = { [Name in keyof Columns]: Row<Name> }

type HeldBy<Text, Value> =
  Value extends ValueOf<Text> ? true : Value extends Given<infer Always> | Moved<infer Always> ? HeldBy<Text, Always> : false
type FaultIn<Table, Narrowing> = {
  [Column in keyof Narrowing]: Column extends keyof Table
    ? HeldBy<Table[Column], Narrowing[Column]> extends true
      ? never
      : `${Column & string} is ${Table[Column] & string}`
    : `there is no column ${Column & string}`
}[keyof Narrowing]

/** What is wrong with narrowings of these tables. */
export type NarrowingFaults<All, Narrowings> = {
  [Name in keyof Narrowings]: Name extends keyof All
    ? `${Name & string}: ${FaultIn<All[Name], Narrowings[Name]> & string}`
    : `there is no table ${Name & string}`
}[keyof Narrowings]

/** Fails to compile, with the column's name, when a narrowing names a column that is not there or what its kind does not hold. */
export type NoFaults<Fault extends never = NarrowingFaults<Columns, Narrow>> = Fault
