import type { Selectable } from 'kysely'
import type { Cloud } from '../../../cloud.ts'
import type { Db, Tx } from '../../../db/database.ts'
import { countInAccount } from '../accounts/store.ts'
import { countInContainer } from '../containers/store.ts'
import { checkNoNul } from '../limits.ts'
import { drop, keep, type Received } from '../storage/data.ts'
import { prepared } from '../storage/prepared.ts'
import type { Account, Container, ObjectRow } from '../tables.ts'

export type StoredObject = Selectable<ObjectRow>

const seconds = (cloud: Cloud) => Math.floor(cloud.environment.clock.now() / 1000)

/** Objects whose time is over are as good as gone, before the expirer comes by. */
export const expired = (cloud: Cloud, row: { delete_at: number | null }) => row.delete_at !== null && row.delete_at <= seconds(cloud)

const byName = prepared<StoredObject>((db) =>
  db.selectFrom('object_store_objects').selectAll().where('container_id', '=', 0).where('name', '=', ''),
)
/** Throws 412 for a name that nothing has. */
export async function findObject(db: Db, containerId: number, name: string): Promise<StoredObject | undefined> {
  checkNoNul(name)
  return (await byName(db, [containerId, name]))[0]
}

const withBytes = prepared<StoredObject & { data: Buffer | null }>((db) =>
  db
    .selectFrom('object_store_objects')
    .leftJoin('object_store_blobs', 'object_store_blobs.id', 'object_store_objects.data_id')
    .selectAll('object_store_objects')
    .select('object_store_blobs.data')
    .where('container_id', '=', 0)
    .where('name', '=', ''),
)
/** The object, unless its time is over, with its bytes where they are kept as a row. */
export async function liveObjectWithBytes(cloud: Cloud, containerId: number, name: string) {
  const [row] = await withBytes(cloud.database.read, [containerId, name])
  return row && !expired(cloud, row) ? row : undefined
}

/** The object, unless its time is over. */
export async function liveObject(cloud: Cloud, db: Db, containerId: number, name: string): Promise<StoredObject | undefined> {
  const row = await findObject(db, containerId, name)
  return row && !expired(cloud, row) ? row : undefined
}

const columns = [
  'container_id',
  'name',
  'version_id',
  'place',
  'data_id',
  'size',
  'stored',
  'etag',
  'content_type',
  'kind',
  'metadata',
  'made_at',
  'changed_at',
  'delete_at',
] as const satisfies (keyof StoredObject)[]
const inOrder = (row: StoredObject) => columns.map((name) => row[name])
const insert = prepared((db) =>
  db.insertInto('object_store_objects').values(Object.fromEntries(columns.map((name) => [name, ''])) as never),
)

export type NewObject = Omit<StoredObject, 'container_id'>

/** Makes or replaces the row with its bytes and counts, and gives the account as it is then; the bytes of the one before are taken away unless `spare` has them now. */
export async function replaceObject(
  tx: Tx,
  cloud: Cloud,
  container: Container,
  old: StoredObject | undefined,
  object: NewObject,
  received: Received | null,
  spare = false,
): Promise<Counted> {
  const { db } = tx
  if (received) await keep(tx, cloud, received)
  const values = { ...object, container_id: container.id }
  if (old) {
    const { container_id, name, ...changes } = values
    await db.updateTable('object_store_objects').set(changes).where('container_id', '=', container_id).where('name', '=', name).execute()
    if (!spare && old.data_id !== object.data_id) await drop(tx, cloud, old)
  } else await insert(db, inOrder(values))
  return count(db, container, old ? 0 : 1, object.stored - (spare ? 0 : (old?.stored ?? 0)))
}

/** Removes the row; its bytes too unless `spare` has them now. */
export async function removeObject(tx: Tx, cloud: Cloud, container: Container, old: StoredObject, spare = false): Promise<void> {
  await tx.db.deleteFrom('object_store_objects').where('container_id', '=', container.id).where('name', '=', old.name).execute()
  if (!spare) await drop(tx, cloud, old)
  await count(tx.db, container, -1, spare ? 0 : -old.stored)
}

/** The account with what it holds now. */
export type Counted = Pick<Account, 'metadata' | 'bytes_used'> | undefined

export async function count(db: Db, container: Container, objects: number, bytes: number): Promise<Counted> {
  await countInContainer(db, container.id, objects, bytes)
  return countInAccount(db, container.account, { objects, bytes })
}

/** Changes what is no content: metadata, type, expiry. */
export const setObject = (
  db: Db,
  containerId: number,
  name: string,
  changes: Partial<Pick<StoredObject, 'metadata' | 'content_type' | 'delete_at' | 'changed_at' | 'kind'>>,
) => db.updateTable('object_store_objects').set(changes).where('container_id', '=', containerId).where('name', '=', name).execute()

/** Some objects whose time is over. */
export const expiredObjects = (cloud: Cloud, limit: number) =>
  cloud.database.read
    .selectFrom('object_store_objects')
    .select(['container_id', 'name'])
    .where('delete_at', '<=', seconds(cloud))
    .limit(limit)
    .execute()

/** Some older versions from before they were counted whose time is over; counted ones do not end. */
export const expiredVersions = (cloud: Cloud, limit: number) =>
  cloud.database.read
    .selectFrom('object_store_versions')
    .select(['container_id', 'name', 'version_id'])
    .where('delete_at', '<=', seconds(cloud))
    .where('version_id', '=', '')
    .limit(limit)
    .execute()
