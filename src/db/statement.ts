import { PostgresAdapter } from 'kysely'
import { ask, type Db } from './database.ts'

/**
 * A statement for both databases that is run often or says what the query builder cannot: its text has `?` for each value, and no
 * question mark besides. Rows come as from any query; counts may be texts on PostgreSQL.
 */
export function statement<Row>(text: string): (db: Db, values: readonly unknown[]) => Promise<Row[]> {
  let count = 0
  const numbered = text.replace(/\?/g, () => `$${++count}`)
  return (db, values) => ask<Row>(db, db.getExecutor().adapter instanceof PostgresAdapter ? numbered : text, values)
}
