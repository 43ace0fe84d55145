// Queries of the busiest paths are compiled once: building one anew costs more than running it.
import type { CompiledQuery } from 'kysely'
import { inPlaceOf } from '../../../db/compile.ts'
import { ask, type Db } from '../../../db/database.ts'

/** A query whose values are given at each call, in the order in which they stand in its text. `build` is called once a database kind. */
export function prepared<Row>(build: (db: Db) => { compile(): CompiledQuery<Row> }): (db: Db, values: unknown[]) => Promise<Row[]> {
  const queries = new Map<unknown, CompiledQuery<Row>>()
  return (db, values) => {
    const kind = db.getExecutor().adapter.constructor
    let query = queries.get(kind)
    if (query === undefined) {
      query = build(db).compile()
      queries.set(kind, query)
    }
    return ask<Row>(db, query.sql, inPlaceOf(query.parameters, values))
  }
}
