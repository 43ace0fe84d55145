// Keeping a row for oneself. On SQLite the writes of the process are one after the other, and what a transaction has read stays true;
// on PostgreSQL they run side by side, so what is looked at to decide something is held first.
import type { Database, Db, Tx } from './database.ts'
import type { Tables } from './tables.ts'

/** Tables whose rows have an id. */
export type WithId = { [Name in keyof Tables]: 'id' extends keyof Tables[Name] ? Name : never }[keyof Tables]

/** Waits for others that change or remove the row, and keeps them out until the transaction has ended. Rows that refer to it may be made. */
export async function holdRow({ dialect }: Pick<Database, 'dialect'>, db: Db, table: WithId, id: string): Promise<void> {
  if (dialect !== 'postgres') return
  await db
    .selectFrom(table as 'network_ports')
    .select('id')
    .where('id', '=', id)
    .forNoKeyUpdate()
    .execute()
}

/** The same for several rows; all who hold more than one take them in this order. */
export async function holdRows(database: Pick<Database, 'dialect'>, db: Db, table: WithId, ids: Iterable<string>): Promise<void> {
  for (const id of [...new Set(ids)].sort()) await holdRow(database, db, table, id)
}

/** What a resource whose rows are in that table says under `hold`. */
export const holding =
  (table: WithId) =>
  (id: string, { cloud, tx }: { cloud: { database: Pick<Database, 'dialect'> }; tx: Tx }): Promise<void> =>
    holdRow(cloud.database, tx.db, table, id)
