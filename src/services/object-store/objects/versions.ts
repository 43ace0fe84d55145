// Older versions of objects: kept beside the container (X-Versions-Enabled) or in another one (X-Versions-Location, X-History-Location).
import { Fault } from '../../../api/faults.ts'
import type { Cloud } from '../../../cloud.ts'
import type { Db, Tx } from '../../../db/database.ts'
import { findContainer, lockContainer } from '../containers/store.ts'
import { isTrue, successor } from '../listing/query.ts'
import { drop } from '../storage/data.ts'
import { noteChange } from '../sync/queue.ts'
import type { Container } from '../tables.ts'
import { nextTimestamp, timestampText } from '../timestamps.ts'
import { count, findObject, removeObject, replaceObject, type StoredObject } from './store.ts'

export const keepsVersions = (container: Container) => isTrue(container.metadata['x-versions-enabled'])
/** Versions were kept once and are no more: those that are there stay. */
export const versionsSuspended = (container: Container) => container.metadata['x-versions-enabled'] === 'False'
/** Versions from before they were counted are called null. */
export const versionName = (id: string) => id || 'null'
const idOf = (text: string) => (text === 'null' ? '' : text)

export async function findVersion(db: Db, containerId: number, name: string, version: string): Promise<StoredObject | undefined> {
  const current = await findObject(db, containerId, name)
  return current?.version_id === idOf(version) ? current : findOldVersion(db, containerId, name, idOf(version))
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

const insertVersion = (db: Db, row: StoredObject) =>
  db
    .insertInto('object_store_versions')
    .values(row)
    .onConflict((c) => c.columns(['container_id', 'name', 'version_id']).doUpdateSet({ ...row }))
    .execute()

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

/** The type of marks of removal. */
const deletedType = 'application/x-deleted;swift_versions_deleted=1'

/** The container that X-History-Location or X-Versions-Location names, in the one spelling that is checked and used; null for none. */
export function archiveName({ metadata }: Container): string | null {
  const location = metadata['x-history-location'] ?? metadata['x-versions-location']
  return location ? decodeURIComponent(location.replaceAll('/', '')) : null
}

const archivePrefix = (name: string) => `${[...name].length.toString(16).padStart(3, '0')}${name}/`

async function archiveOf(tx: Tx, cloud: Cloud, container: Container): Promise<{ container: Container; history: boolean } | null> {
  const history = container.metadata['x-history-location']
  const name = archiveName(container)
  if (name === null) return null
  const found = await findContainer(tx.db, container.account, name)
  if (!found) throw new Fault(412, 'The container for versions is not there.')
  return { container: found.id === container.id ? container : await lockContainer(tx, cloud, found.id), history: history !== undefined }
}

/** Puts the row that is about to be replaced away; true when its bytes belong to somebody else now. */
export async function archive(tx: Tx, cloud: Cloud, container: Container, old: StoredObject): Promise<boolean> {
  // What was numbered stays a version, also after the container has stopped to number.
  if (keepsVersions(container) || (old.version_id && versionsSuspended(container))) {
    await insertVersion(tx.db, old)
    return true
  }
  const to = await archiveOf(tx, cloud, container)
  if (!to) return false
  const name = archivePrefix(old.name) + timestampText(old.made_at)
  const before = await findObject(tx.db, to.container.id, name)
  const { container_id, ...row } = old
  await replaceObject(tx, cloud, to.container, before, { ...row, name, version_id: '' }, null)
  await count(tx.db, container, 0, -old.stored)
  return true
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
    const version_id = timestampText(at)
    await insertVersion(tx.db, marker(container, name, version_id, at))
    return version_id
  }
  if (!old) return null
  const from = await archiveOf(tx, cloud, container)
  if (from?.history) {
    await archive(tx, cloud, container, old)
    const { container_id, ...row } = marker(container, archivePrefix(name) + timestampText(at), '', at)
    await replaceObject(tx, cloud, from.container, undefined, { ...row, kind: '', content_type: deletedType }, null)
    // The archive has its bytes and has taken them off the container's count.
    await removeObject(tx, cloud, container, old, true)
    return null
  }
  const before = from && (await newest(tx.db, from.container.id, archivePrefix(name)))
  // A mark that a history has left is no version: what it stood for comes back, which is nothing.
  if (!from || !before || before.content_type === deletedType) await removeObject(tx, cloud, container, old)
  else {
    const { container_id, ...row } = before
    await removeObject(tx, cloud, from.container, before, true)
    await count(tx.db, from.container, 0, -before.stored)
    await replaceObject(tx, cloud, container, old, { ...row, name }, null)
  }
  return null
}

const marker = (container: Container, name: string, version_id: string, at: number): StoredObject => ({
  container_id: container.id,
  name,
  version_id,
  place: 'none',
  data_id: null,
  size: 0,
  stored: 0,
  etag: 'd41d8cd98f00b204e9800998ecf8427e',
  content_type: deletedType,
  kind: 'marker',
  metadata: {},
  made_at: at,
  changed_at: at,
  delete_at: null,
})

const newest = (db: Db, containerId: number, prefix: string): Promise<StoredObject | undefined> =>
  db
    .selectFrom('object_store_objects')
    .selectAll()
    .where('container_id', '=', containerId)
    .where('name', '>', prefix)
    .where('name', '<', successor(prefix)!)
    .orderBy('name', 'desc')
    .limit(1)
    .executeTakeFirst()
