// Older versions of objects that are kept beside the container (X-Versions-Enabled), and where a container keeps what is replaced or removed:
// there, or in another one.
import type { Cloud } from '../../../cloud.ts'
import type { Db, Tx } from '../../../db/database.ts'
import { plain } from '../limits.ts'
import { isTrue } from '../listing/query.ts'
import { drop } from '../storage/data.ts'
import { noteChange } from '../sync/queue.ts'
import type { Container, Headers } from '../tables.ts'
import { nextTimestamp, timestampText } from '../timestamps.ts'
import { putAway, removeFromStack, removeIntoHistory } from './archive.ts'
import { marker } from './marker.ts'
import { count, findObject, removeObject, type StoredObject } from './store.ts'

export const keepsVersions = (container: Container) => isTrue(container.metadata['x-versions-enabled'])
/** Versions were kept once and are no more: those that are there stay. */
export const versionsSuspended = (container: Container) => container.metadata['x-versions-enabled'] === 'False'
/** Versions are kept, or once were. */
export const isVersioned = (container: Container) => container.metadata['x-versions-enabled'] !== undefined
/** Versions from before they were counted are called null. */
export const versionName = (id: string) => id || 'null'
const idOf = (text: string) => (text === 'null' ? '' : text)

/** Removals leave a mark, also where nothing was there. */
export const marksRemovals = (container: Container) => keepsVersions(container) || container.metadata['x-history-location'] !== undefined

export const unversioned = () => plain(400, 'version-aware operations require that the container is versioned')

/** Throws 400 for what is no id of a version, and for ids where none are given. */
export function checkVersion(container: Container, version: string): void {
  if (version !== 'null' && !isVersioned(container)) throw unversioned()
  if (!/^(null|\d{1,10}\.\d{5})$/.test(version)) throw plain(400, 'Invalid version parameter')
}

/** The version, were it the present one or an older one; what is numbered does not end with the time of the object that it was. */
export async function findVersion(db: Db, containerId: number, name: string, version: string): Promise<StoredObject | undefined> {
  const id = idOf(version)
  const current = await findObject(db, containerId, name)
  if (current?.version_id !== id) return findOldVersion(db, containerId, name, id)
  return id ? { ...current, delete_at: null } : current
}

/** A version that is not the present one; `''` is the one from before they were counted. */
export const findOldVersion = (db: Db, containerId: number, name: string, id: string): Promise<StoredObject | undefined> =>
  db
    .selectFrom('object_store_versions')
    .selectAll()
    .where('container_id', '=', containerId)
    .where('name', '=', name)
    .where('version_id', '=', id)
    .executeTakeFirst()

/** Changes what is kept beside an older version. */
export const setVersion = (db: Db, { container_id, name, version_id }: StoredObject, metadata: Headers) =>
  db
    .updateTable('object_store_versions')
    .set({ metadata })
    .where('container_id', '=', container_id)
    .where('name', '=', name)
    .where('version_id', '=', version_id)
    .execute()

/** Keeps the row among the versions. A time at which it ends is the object's, not that of a numbered version. */
function insertVersion(db: Db, object: StoredObject) {
  const row = object.version_id ? { ...object, delete_at: null } : object
  return db
    .insertInto('object_store_versions')
    .values(row)
    .onConflict((c) => c.columns(['container_id', 'name', 'version_id']).doUpdateSet({ ...row }))
    .execute()
}

/** The number of a version that is made at that time: another one where it is taken, since other clouds say themselves when it was. */
export async function freeNumber({ db }: Tx, cloud: Cloud, container: Container, name: string, at: number): Promise<string> {
  const number = timestampText(at)
  return (await findVersion(db, container.id, name, number)) ? timestampText(nextTimestamp(cloud.environment.clock)) : number
}

/** The present object goes without a mark of removal; if it is numbered it stays among the versions. */
export async function unlink(tx: Tx, cloud: Cloud, container: Container, row: StoredObject): Promise<void> {
  await noteChange(tx, container, row.name, nextTimestamp(cloud.environment.clock))
  if (row.version_id) await insertVersion(tx.db, row)
  await removeObject(tx, cloud, container, row, row.version_id !== '')
}

/** Takes one version away for good; false when there is none. */
export async function removeVersion(
  tx: Tx,
  cloud: Cloud,
  container: Container,
  name: string,
  version: string,
): Promise<StoredObject | undefined> {
  const row = await findVersion(tx.db, container.id, name, version)
  if (!row) return undefined
  const current = await findObject(tx.db, container.id, name)
  if (current && current.version_id === row.version_id) {
    await noteChange(tx, container, name, nextTimestamp(cloud.environment.clock))
    await removeObject(tx, cloud, container, current)
  } else await dropVersion(tx, cloud, container, row)
  return row
}

const deleteRow = ({ db }: Tx, { container_id, name, version_id }: StoredObject) =>
  db
    .deleteFrom('object_store_versions')
    .where('container_id', '=', container_id)
    .where('name', '=', name)
    .where('version_id', '=', version_id)
    .execute()

/** Takes an older version away with its bytes. */
export async function dropVersion(tx: Tx, cloud: Cloud, container: Container, row: StoredObject): Promise<void> {
  await deleteRow(tx, row)
  await drop(tx, cloud, row)
  await count(tx.db, container, 0, -row.stored)
}

/** Takes the older version without a number away, if there is one: a name has only one such. */
export async function dropNullVersion(tx: Tx, cloud: Cloud, container: Container, name: string): Promise<void> {
  const row = await tx.db
    .selectFrom('object_store_versions')
    .selectAll()
    .where('container_id', '=', container.id)
    .where('name', '=', name)
    .where('version_id', '=', '')
    .executeTakeFirst()
  if (row) await dropVersion(tx, cloud, container, row)
}

/** An older version becomes the present object; its bytes are counted already. */
async function makeCurrent(tx: Tx, container: Container, row: StoredObject): Promise<void> {
  await deleteRow(tx, row)
  await tx.db.insertInto('object_store_objects').values(row).execute()
  await count(tx.db, container, 1, 0)
}

/** What the version was is what a plain GET finds again; the present one becomes a version. Undefined when there is no such version. */
export async function promote(
  tx: Tx,
  cloud: Cloud,
  container: Container,
  name: string,
  version: string,
): Promise<StoredObject | undefined> {
  const row = await findVersion(tx.db, container.id, name, version)
  if (!row || row.kind === 'marker') return undefined
  const current = await findObject(tx.db, container.id, name)
  if (current?.version_id === row.version_id) return current
  if (current) {
    await insertVersion(tx.db, current)
    await removeObject(tx, cloud, container, current, true)
  }
  await makeCurrent(tx, container, row)
  return row
}

/** Where a name has no present object, its newest version becomes that, unless it is a mark of removal: as S3 has it when versions are removed. */
export async function uncoverNewest(tx: Tx, container: Container, name: string): Promise<void> {
  if (await findObject(tx.db, container.id, name)) return
  const row = await tx.db
    .selectFrom('object_store_versions')
    .selectAll()
    .where('container_id', '=', container.id)
    .where('name', '=', name)
    .orderBy('made_at', 'desc')
    .limit(1)
    .executeTakeFirst()
  if (row && row.kind !== 'marker') await makeCurrent(tx, container, row)
}

/** Puts the row that is about to be replaced away; true when its bytes belong to somebody else now. */
export async function keepReplaced(tx: Tx, cloud: Cloud, container: Container, old: StoredObject): Promise<boolean> {
  // What was numbered stays a version, also after the container has stopped to number.
  if (keepsVersions(container) || (old.version_id && versionsSuspended(container))) {
    await insertVersion(tx.db, old)
    return true
  }
  return putAway(tx, cloud, container, old)
}

/** Deletes as the container's versions have it: keeps the old one, or brings back the one before. Gives the id of a deletion marker; S3 wants one (`nullMarker`) also where versions are no longer kept. */
export async function removeKeeping(
  tx: Tx,
  cloud: Cloud,
  container: Container,
  old: StoredObject | undefined,
  name: string,
  at: number,
  nullMarker = false,
): Promise<string | null> {
  await noteChange(tx, container, name, at)
  if (versionsSuspended(container)) {
    const numbered = Boolean(old?.version_id)
    if (old && numbered) await insertVersion(tx.db, old)
    if (old) await removeObject(tx, cloud, container, old, numbered)
    if (!nullMarker) return null
    await dropNullVersion(tx, cloud, container, name)
    await insertVersion(tx.db, marker(container, name, '', at))
    return 'null'
  }
  if (keepsVersions(container)) {
    if (old) {
      await insertVersion(tx.db, old)
      await removeObject(tx, cloud, container, old, true)
    }
    const version_id = await freeNumber(tx, cloud, container, name, at)
    await insertVersion(tx.db, marker(container, name, version_id, at))
    return version_id
  }
  if (container.metadata['x-history-location']) await removeIntoHistory(tx, cloud, container, old, name, at)
  else await removeFromStack(tx, cloud, container, old, name)
  return null
}
