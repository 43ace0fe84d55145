// Queries of the busiest paths are compiled once: building one anew costs more than running it.
import type { CompiledQuery } from 'kysely'
import { ask, type Db } from '../../../db/database.ts'

/** A query whose values are given at each call, in the order in which they stand in its text. `build` is called once a database kind. */
export function prepared<Row>(build: (db: Db) => { compile(): CompiledQuery<Row> }): (db: Db, values: unknown[]) => Promise<Row[]> {
  const texts = new Map<unknown, string>()
  return (db, values) => {
    const kind = db.getExecutor().adapter.constructor
    let text = texts.get(kind)
    if (text === undefined) {
      text = build(db).compile().sql
      texts.set(kind, text)
    }
    return ask<Row>(db, text, values)
  }
}
