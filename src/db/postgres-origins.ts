// What the columns of PostgreSQL's answers are of. It tells table and column by their numbers, through aliases, joins and queries inside.
import type pg from 'pg'
import { type Origin, type SpecialResult, specialResults } from './values.ts'

type Field = Pick<pg.FieldDef, 'name' | 'tableID' | 'columnID' | 'dataTypeID'>

export interface Origins {
  /** What of rows with these fields is turned back after reading. The server is asked for tables that were not met before. */
  specials(client: pg.ClientBase, fields: readonly Field[]): SpecialResult[] | Promise<SpecialResult[]>
}

/** Type of the server in which booleans are stored, and nothing else. */
const smallint = 21

/** One for a database. */
export function createOrigins(): Origins {
  /** By the number of the table, then of the column. */
  const tables = new Map<number, Origin[]>()
  const originOf = ({ tableID, columnID }: Field) => tables.get(tableID)?.[columnID] ?? null
  // Columns of the system have negative numbers; expressions are of no table.
  const isUnknown = (field: Field) => field.tableID !== 0 && field.columnID > 0 && !originOf(field)

  async function learn(client: pg.ClientBase, tableID: number): Promise<void> {
    const { rows } = await client.query(
      `select c.relname as table, a.attname as column, a.attnum as number
       from pg_class c join pg_attribute a on a.attrelid = c.oid where c.oid = $1 and a.attnum > 0`,
      [tableID],
    )
    const origins: Origin[] = []
    for (const { table, column, number } of rows) origins[number] = { table, column }
    tables.set(tableID, origins)
  }

  function known(fields: readonly Field[]): SpecialResult[] {
    const specials = specialResults(fields.map((field) => [field.name, originOf(field)]))
    for (const { name, tableID, dataTypeID } of fields)
      if (dataTypeID === smallint && tableID === 0 && !specials.some((special) => special.name === name))
        throw new Error(`'${name}' is a boolean by an expression, which needs the name of a boolean column`)
    return specials
  }

  async function learned(client: pg.ClientBase, fields: readonly Field[]): Promise<SpecialResult[]> {
    for (const field of fields) if (isUnknown(field)) await learn(client, field.tableID)
    return known(fields)
  }

  return { specials: (client, fields) => (fields.some(isUnknown) ? learned(client, fields) : known(fields)) }
}
