// Older versions of objects: kept beside the container (X-Versions-Enabled) or in another one (X-Versions-Location, X-History-Location).
import { Fault } from '../../../api/faults.ts'
import type { Cloud } from '../../../cloud.ts'
import type { Db, Tx } from '../../../db/database.ts'
import { findContainer, lockContainer } from '../containers/store.ts'
import { plain } from '../limits.ts'
import { isTrue, successor } from '../listing/query.ts'
import { unquoteHeader } from '../quoting.ts'
import { drop } from '../storage/data.ts'
import { noteChange } from '../sync/queue.ts'
import type { Container, Headers } from '../tables.ts'
import { nextTimestamp, timestampText } from '../timestamps.ts'
import { count, findObject, removeObject, replaceObject, type StoredObject } from './store.ts'

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

/** The type of marks of removal. */
const deletedType = 'application/x-deleted;swift_versions_deleted=1'

/** Of what was put away into another container: where it came from. */
const origin = 'x-object-sysmeta-versions-of'

/** Put away here as a version of an object of another container. */
export const isArchived = ({ metadata }: Pick<StoredObject, 'metadata'>): boolean => metadata[origin] !== undefined
/** True when the object was put away there by that container, so that who may write in it may bring it back. */
export const cameFrom = (container: Container, row: StoredObject) => row.metadata[origin] === String(container.id)

const archivePrefix = (name: string) => `${Buffer.byteLength(name).toString(16).padStart(3, '0')}${name}/`

/** The other container that older versions go to; undefined where they go to none, null where it is not there. */
export async function archiveContainer(db: Db, { account, metadata }: Container): Promise<Container | undefined | null> {
  const location = metadata['x-history-location'] ?? metadata['x-versions-location']
  return location ? ((await findContainer(db, account, unquoteHeader(location)?.replaceAll('/', '') ?? '')) ?? null) : undefined
}

/** That container, kept from changing. Throws 412 where it is not there. */
async function archiveOf(tx: Tx, cloud: Cloud, container: Container): Promise<Container | null> {
  const found = await archiveContainer(tx.db, container)
  if (found === undefined) return null
  if (found === null) throw new Fault(412, 'The container for versions is not there.')
  return found.id === container.id ? container : lockContainer(tx, cloud, found.id)
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
  const before = await findObject(tx.db, to.id, name)
  const { container_id, ...row } = old
  const metadata = { ...row.metadata, [origin]: String(container.id) }
  await replaceObject(tx, cloud, to, before, { ...row, metadata, name, version_id: '' }, null)
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
  if (container.metadata['x-history-location']) {
    const to = (await archiveOf(tx, cloud, container))!
    if (old) await archive(tx, cloud, container, old)
    const { container_id, ...row } = marker(container, archivePrefix(name) + timestampText(at), '', at)
    const metadata = { [origin]: String(container.id) }
    await replaceObject(tx, cloud, to, undefined, { ...row, metadata, kind: '', content_type: deletedType }, null)
    // The archive has its bytes and has taken them off the container's count.
    if (old) await removeObject(tx, cloud, container, old, true)
    return null
  }
  // Where the archive is gone nothing comes back, and the object can be removed all the same.
  const stack = await archiveContainer(tx.db, container)
  const from = stack && (stack.id === container.id ? container : await lockContainer(tx, cloud, stack.id))
  const { version, mark } = from ? await topOf(tx.db, from, name, old !== undefined) : nothing
  if (from && mark) await removeObject(tx, cloud, from, mark)
  if (from && version) await restore(tx, cloud, { from, to: container, version, old, name })
  else if (old) await removeObject(tx, cloud, container, old)
  return null
}

const nothing: { version?: StoredObject; mark?: StoredObject } = {}

/**
 * What deleting in a stack takes out of the archive: the newest version; or, where a history has left a mark that the object was removed
 * and it is not there, that mark and the version below it.
 */
async function topOf(db: Db, archive: Container, name: string, present: boolean): Promise<typeof nothing> {
  const [first, second] = await newest(db, archive.id, archivePrefix(name))
  if (first?.content_type !== deletedType) return first ? { version: first } : nothing
  if (present) return nothing
  return { mark: first, ...(second && second.content_type !== deletedType && { version: second }) }
}

/** What a DELETE of the name takes out of the other container, and that container; null where it takes nothing. */
export async function takenByDelete(
  db: Db,
  container: Container,
  name: string,
): Promise<{ archive: Container; rows: StoredObject[] } | null> {
  if (!container.metadata['x-versions-location']) return null
  const archive = await archiveContainer(db, container)
  if (!archive) return null
  const rows = Object.values(await topOf(db, archive, name, (await findObject(db, container.id, name)) !== undefined))
  return rows.length ? { archive, rows } : null
}

interface Restored {
  from: Container
  to: Container
  version: StoredObject
  old: StoredObject | undefined
  name: string
}

async function restore(tx: Tx, cloud: Cloud, { from, to, version, old, name }: Restored): Promise<void> {
  const { container_id, ...row } = version
  const { [origin]: _, ...metadata } = row.metadata
  await removeObject(tx, cloud, from, version, true)
  await count(tx.db, from, 0, -version.stored)
  await replaceObject(tx, cloud, to, old, { ...row, metadata, name }, null)
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

const newest = (db: Db, containerId: number, prefix: string): Promise<StoredObject[]> =>
  db
    .selectFrom('object_store_objects')
    .selectAll()
    .where('container_id', '=', containerId)
    .where('name', '>', prefix)
    .where('name', '<', successor(prefix)!)
    .orderBy('name', 'desc')
    .limit(2)
    .execute()
