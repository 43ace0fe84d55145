import { sql } from 'kysely'
import { Fault } from '../../../api/faults.ts'
import type { Cloud } from '../../../cloud.ts'
import type { Db, Tx } from '../../../db/database.ts'
import { checkNoNul } from '../limits.ts'
import { prepared } from '../storage/prepared.ts'
import type { Container, Headers } from '../tables.ts'

const byName = prepared<Container>((db) =>
  db.selectFrom('object_store_containers').selectAll().where('account', '=', '').where('name', '=', ''),
)
/** Throws 412 for names that nothing has. */
export async function findContainer(db: Db, account: string, name: string): Promise<Container | undefined> {
  checkNoNul(account, name)
  return (await byName(db, [account, name]))[0]
}

const byId = prepared<Container>((db) => db.selectFrom('object_store_containers').selectAll().where('id', '=', 0))
const byIdLocked = prepared<Container>((db) => db.selectFrom('object_store_containers').selectAll().where('id', '=', 0).forUpdate())

/** Account by account, since names alone have no index. */
const named = (db: Db, name: string) =>
  db
    .selectFrom('object_store_accounts')
    .innerJoin('object_store_containers', (on) =>
      on.onRef('object_store_containers.account', '=', 'object_store_accounts.account').on('object_store_containers.name', '=', name),
    )
    .selectAll('object_store_containers')
    .orderBy('object_store_containers.made_at')

/** Containers of that name in all accounts, the oldest first. */
export const containersNamed = (db: Db, name: string): Promise<Container[]> => named(db, name).limit(100).execute()

/** Those of them whose metadata have one of these. No value looks like a name in the text that is kept: its quotes are escaped. */
export const containersNamedWith = (db: Db, name: string, headers: readonly string[]): Promise<Container[]> =>
  named(db, name)
    .where(({ eb, or }) => or(headers.map((header) => eb(sql<string>`object_store_containers.metadata`, 'like', `%"${header}":%`))))
    .limit(1000)
    .execute()

export const containerMissing = () => new Fault(404, 'The resource could not be found.')

/** The container as it is now, kept from changing until the transaction ends. Throws 404. */
export async function lockContainer(tx: Tx, cloud: Cloud, id: number): Promise<Container> {
  const [row] = await (cloud.database.dialect === 'postgres' ? byIdLocked : byId)(tx.db, [id])
  if (!row) throw containerMissing()
  return row
}

export async function insertContainer(db: Db, account: string, name: string, metadata: Headers, at: number): Promise<void> {
  await db.insertInto('object_store_containers').values({ account, name, metadata, made_at: at, changed_at: at }).execute()
}

export const setContainerMetadata = (db: Db, id: number, metadata: Headers, at: number) =>
  db.updateTable('object_store_containers').set({ metadata, changed_at: at }).where('id', '=', id).execute()

export const removeContainer = (db: Db, id: number) => db.deleteFrom('object_store_containers').where('id', '=', id).execute()

/** Adds to what the container holds, and says that its listing has changed. */
export const countInContainer = (db: Db, id: number, objects: number, bytes: number) => add(db, [objects, bytes, 1, id])
const add = prepared((db) =>
  db
    .updateTable('object_store_containers')
    .set((eb) => ({ objects: eb('objects', '+', 0), bytes_used: eb('bytes_used', '+', 0), changes: eb('changes', '+', 1) }))
    .where('id', '=', 0),
)

/** True when versions are left that nobody sees in the plain listing. */
export const hasVersions = async (db: Db, id: number): Promise<boolean> =>
  (await db.selectFrom('object_store_versions').select('name').where('container_id', '=', id).limit(1).executeTakeFirst()) !== undefined
