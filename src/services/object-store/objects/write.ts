// The one way in which an object comes to be: its bytes are durable, then row, counts and versions change together.
import { Fault } from '../../../api/faults.ts'
import type { Cloud } from '../../../cloud.ts'
import type { Db, Tx } from '../../../db/database.ts'
import { findAccount } from '../accounts/store.ts'
import { findContainer, lockContainer } from '../containers/store.ts'
import { manifestMetadata } from '../large-objects/manifest.ts'
import { limits } from '../limits.ts'
import { discard, type Received, receive } from '../storage/data.ts'
import { noteChange } from '../sync/queue.ts'
import type { Container, Headers, ObjectKind } from '../tables.ts'
import { nextTimestamp, timestampText } from '../timestamps.ts'
import { type Counted, expired, findObject, type NewObject, replaceObject, type StoredObject } from './store.ts'
import { dropNullVersion, freeNumber, isVersioned, keepReplaced, keepsVersions, versionsSuspended } from './versions.ts'

export interface Wanted {
  name: string
  content_type: string
  metadata: Headers
  delete_at: number | null
  kind: ObjectKind
  received: Received
  /** Where what clients see differs from the bytes that are kept: manifests. */
  size?: number
  etag?: string
  /** If-None-Match: `*`. */
  onlyNew?: boolean
  /** The time of the object where it comes from another cloud, in units; unless it is older than what is there, which throws 409. */
  at?: number
  /** If-Match and its like: told of what is there now, in the transaction, throws what the client is to hear. */
  onlyIf?: (old: StoredObject | undefined, tx: Tx) => void | Promise<void>
  /** Told of what is about to be replaced for good, in the transaction that does it. */
  replacing?: (old: StoredObject, db: Db) => Promise<void>
  /** Quotas of the account do not bind resellers. */
  reseller?: boolean
}

/** Makes or replaces the object. Throws 404 (container gone), 412 (is there, with `onlyNew`) and 413 (quota); then the bytes are removed. */
export async function writeObject(cloud: Cloud, container: Pick<Container, 'id'>, wanted: Wanted): Promise<NewObject> {
  const { received } = wanted
  try {
    return await cloud.database.write(async (tx) => {
      const locked = await lockContainer(tx, cloud, container.id)
      const old = await findObject(tx.db, locked.id, wanted.name)
      if (old && wanted.onlyNew && !expired(cloud, old)) throw new Fault(412, 'A precondition for this request was not met.')
      await wanted.onlyIf?.(old && !expired(cloud, old) ? old : undefined, tx)
      if (wanted.at !== undefined && old && old.changed_at >= wanted.at) throw new Fault(409, 'There is a newer object.')
      const at = wanted.at ?? nextTimestamp(cloud.environment.clock)
      const numbered = keepsVersions(locked) ? timestampText(at) : ''
      const version_id = numbered && wanted.at !== undefined ? await freeNumber(tx, cloud, locked, wanted.name, at) : numbered
      const object: NewObject = {
        name: wanted.name,
        version_id,
        place: received.place,
        data_id: received.data_id,
        size: wanted.size ?? received.size,
        stored: received.size,
        etag: wanted.etag ?? received.etag,
        content_type: wanted.content_type,
        kind: wanted.kind,
        metadata: wanted.kind === 'slo' ? { ...wanted.metadata, ...manifestMetadata(received.etag) } : wanted.metadata,
        made_at: at,
        changed_at: at,
        delete_at: wanted.delete_at,
      }
      const spare = old !== undefined && (await keepReplaced(tx, cloud, locked, old))
      if (old && !spare) await wanted.replacing?.(old, tx.db)
      // In another container the old bytes are counted there; among own versions they stay counted here.
      let account = await replaceObject(tx, cloud, locked, old, object, received, spare)
      if (versionsSuspended(locked)) {
        await dropNullVersion(tx, cloud, locked, wanted.name)
        account = await findAccount(tx.db, locked.account)
      }
      await noteChange(tx, locked, wanted.name, at)
      // What is kept as a version here goes on counting here, and what is put away elsewhere in the account goes on counting there.
      const stays = { here: spare && isVersioned(locked), account: spare }
      checkQuotas(locked, account, { old, object, stays, reseller: wanted.reseller ?? false })
      return object
    })
  } catch (error) {
    await discard(cloud, received)
    throw error
  }
}

const overQuota = () => new Fault(413, 'Upload exceeds quota.', { type: 'plain' })

/** What bytes are received for. */
export interface Destination {
  container: Container
  name: string
  reseller: boolean
}

/** Reads the bytes of a new object, `length` of them where that is known. Throws 413 for what its quotas have no room for, without receiving that. */
export async function receiveFor(
  cloud: Cloud,
  { container, name, reseller }: Destination,
  source: AsyncIterable<Buffer>,
  { length = null, own = false }: { length?: number | null; own?: boolean } = {},
): Promise<Received> {
  const room = await roomFor(cloud, container, name, reseller)
  if (length !== null && length > room) throw overQuota()
  return receive(cloud, source, Math.min(limits.max_file_size, room), own)
}

/** Bytes that an object of that name may have by the quotas as they are now: what is more need not be received. */
export async function roomFor(cloud: Cloud, container: Container, name: string, reseller: boolean): Promise<number> {
  const { read } = cloud.database
  const account = reseller ? undefined : await findAccount(read, container.account)
  const limited = container.metadata['x-container-meta-quota-bytes'] !== undefined
  const now = (limited && (await findContainer(read, container.account, container.name))) || container
  const room = [
    [now.metadata['x-container-meta-quota-bytes'], now.bytes_used],
    [account?.metadata['x-account-meta-quota-bytes'], account?.bytes_used ?? 0],
  ] as const
  const old = room.some(([quota]) => quota) ? await findObject(read, container.id, name) : undefined
  return Math.min(Number.MAX_SAFE_INTEGER, ...room.flatMap(([quota, used]) => (quota ? [Number(quota) - used + (old?.stored ?? 0)] : [])))
}

interface Change {
  old: StoredObject | undefined
  object: NewObject
  /** Whether the old bytes go on counting. */
  stays: { here: boolean; account: boolean }
  reseller: boolean
}

/** Throws 413 when the container or account now holds more than its quota lets it, and this object made it so. */
function checkQuotas(before: Container, account: Counted, { old, object, stays, reseller }: Change): void {
  const bytes = before.metadata['x-container-meta-quota-bytes']
  const count = before.metadata['x-container-meta-quota-count']
  const grown = object.stored - (stays.here ? 0 : (old?.stored ?? 0))
  if (bytes && grown > 0 && before.bytes_used + grown > Number(bytes)) throw overQuota()
  if (count && !old && before.objects + 1 > Number(count)) throw overQuota()
  if (reseller || object.stored - (stays.account ? 0 : (old?.stored ?? 0)) <= 0) return
  const quota = account?.metadata['x-account-meta-quota-bytes']
  if (account && quota && account.bytes_used > Number(quota)) throw overQuota()
}
