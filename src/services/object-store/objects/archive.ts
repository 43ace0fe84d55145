// Older versions that are kept in another container: a stack (X-Versions-Location), out of which a removal brings the one before back, or a
// history (X-History-Location), in which it leaves a mark.
import { Fault } from '../../../api/faults.ts'
import type { Cloud } from '../../../cloud.ts'
import type { Db, Tx } from '../../../db/database.ts'
import { findContainer, lockContainer } from '../containers/store.ts'
import { successor } from '../listing/query.ts'
import { unquoteHeader } from '../quoting.ts'
import type { Container } from '../tables.ts'
import { nextTimestamp, timestampText } from '../timestamps.ts'
import { deletedType, marker } from './marker.ts'
import { count, findObject, removeObject, replaceObject, type StoredObject } from './store.ts'

/** Of what was put away into another container: where it came from. */
const origin = 'x-object-sysmeta-versions-of'

/** Put away here as a version of an object of another container. */
export const isArchived = ({ metadata }: Pick<StoredObject, 'metadata'>): boolean => metadata[origin] !== undefined

/** True when the object was put away there by that container, so that who may write in it may bring it back. */
export const cameFrom = (container: Container, row: StoredObject) => row.metadata[origin] === String(container.id)

const archivePrefix = (name: string) => `${Buffer.byteLength(name).toString(16).padStart(3, '0')}${name}/`

/** The other container that older versions go to; undefined where they go to none, null where it is not there. */
async function archiveContainer(db: Db, { account, metadata }: Container): Promise<Container | undefined | null> {
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

/** Where an older version of that time stands: at another time where the place is taken, since other clouds say themselves when it was. */
async function freePlace({ db }: Tx, cloud: Cloud, to: Container, name: string, at: number): Promise<string> {
  const place = archivePrefix(name) + timestampText(at)
  return (await findObject(db, to.id, place)) ? archivePrefix(name) + timestampText(nextTimestamp(cloud.environment.clock)) : place
}

/** Puts the row that is about to be replaced away; true when its bytes belong to the other container now. */
export async function putAway(tx: Tx, cloud: Cloud, container: Container, old: StoredObject): Promise<boolean> {
  const to = await archiveOf(tx, cloud, container)
  if (!to) return false
  const name = await freePlace(tx, cloud, to, old.name, old.made_at)
  const { container_id, ...row } = old
  const metadata = { ...row.metadata, [origin]: String(container.id) }
  await replaceObject(tx, cloud, to, undefined, { ...row, metadata, name, version_id: '' }, null)
  await count(tx.db, container, 0, -old.stored)
  return true
}

/** Removes the object and leaves a mark of that behind it. Throws 412 where the other container is not there. */
export async function removeIntoHistory(
  tx: Tx,
  cloud: Cloud,
  container: Container,
  old: StoredObject | undefined,
  name: string,
  at: number,
): Promise<void> {
  const to = (await archiveOf(tx, cloud, container))!
  if (old) await putAway(tx, cloud, container, old)
  const { container_id, ...row } = marker(container, await freePlace(tx, cloud, to, name, at), '', at)
  const metadata = { [origin]: String(container.id) }
  await replaceObject(tx, cloud, to, undefined, { ...row, metadata, kind: '', content_type: deletedType }, null)
  // The archive has its bytes and has taken them off the container's count.
  if (old) await removeObject(tx, cloud, container, old, true)
}

/** Removes the object and brings the one before it back, where there is one. */
export async function removeFromStack(
  tx: Tx,
  cloud: Cloud,
  container: Container,
  old: StoredObject | undefined,
  name: string,
): Promise<void> {
  // Where the archive is gone nothing comes back, and the object can be removed all the same.
  const stack = await archiveContainer(tx.db, container)
  const from = stack && (stack.id === container.id ? container : await lockContainer(tx, cloud, stack.id))
  const { version, mark } = from ? await topOf(tx.db, from, name, old !== undefined) : nothing
  if (from && mark) await removeObject(tx, cloud, from, mark)
  if (from && version) await restore(tx, cloud, { from, to: container, version, old, name })
  else if (old) await removeObject(tx, cloud, container, old)
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
