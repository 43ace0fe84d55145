// What is kept of the parts of an upload, or of the object that it became.
import { Fault } from '../../../api/faults.ts'
import type { BaseContext } from '../../../api/operation.ts'
import type { Cloud } from '../../../cloud.ts'
import type { Db, Tx } from '../../../db/database.ts'
import { turn } from '../../../turns.ts'
import { findContainer, lockContainer } from '../containers/store.ts'
import { readManifest, type Segment, splitName, uploadName } from '../large-objects/manifest.ts'
import { successor } from '../listing/query.ts'
import { findObject, type StoredObject } from '../objects/store.ts'
import { removeKeeping } from '../objects/versions.ts'
import type { Container } from '../tables.ts'
import { nextTimestamp } from '../timestamps.ts'
import { type Checksum, checksumOf } from './checksums.ts'

/** Where the parts of multipart uploads are kept; users of Swift see it, users of S3 do not. */
export const segmentsSuffix = '+segments'

export type Part = Pick<StoredObject, 'name' | 'etag' | 'size' | 'content_type' | 'made_at' | 'changed_at' | 'metadata'>

const page = 1000

/** The parts whose names begin so, in order, page by page: between them the event loop has its turn. */
export async function partsBelow(context: BaseContext, containerId: number, prefix: string, most: number, after = prefix): Promise<Part[]> {
  const found: Part[] = []
  for (let from = after; found.length < most; ) {
    const rows: Part[] = await context.cloud.database.read
      .selectFrom('object_store_objects')
      .select(['name', 'etag', 'size', 'content_type', 'made_at', 'changed_at', 'metadata'])
      .where('container_id', '=', containerId)
      .where('name', '>', from)
      .where('name', '<', successor(prefix)!)
      .orderBy('name')
      .limit(Math.min(page, most - found.length))
      .execute()
    found.push(...rows)
    if (rows.length < page) break
    from = rows.at(-1)!.name
    await turn()
  }
  return found
}

/** The checksums of those parts of an object, each where its part has one. */
export async function checksumsOfParts(context: BaseContext, parts: Segment[], bucket: Container): Promise<(Checksum | undefined)[]> {
  const { read } = context.cloud.database
  const segments = await findContainer(read, bucket.account, bucket.name + segmentsSuffix)
  const names = parts.flatMap(({ name }) => {
    const place = splitName(name)
    return place && place.container === segments?.name ? [place.object] : []
  })
  if (!segments || !names.length) return parts.map(() => undefined)
  const rows = await read
    .selectFrom('object_store_objects')
    .select(['name', 'metadata'])
    .where('container_id', '=', segments.id)
    .where('name', 'in', names)
    .execute()
  const sums = new Map(rows.map((row) => [`/${segments.name}/${row.name}`, checksumOf(row.metadata) ?? undefined]))
  return parts.map(({ name }) => sums.get(name))
}

/** The newest of the parts whose names begin so, and how many there are: the same as before where none has come, gone or changed. */
export async function stateOfParts(db: Db, containerId: number, prefix: string): Promise<string> {
  const { newest, count } = await db
    .selectFrom('object_store_objects')
    .select(({ fn }) => [fn.max('changed_at').as('newest'), fn.countAll().as('count')])
    .where('container_id', '=', containerId)
    .where('name', '>', prefix)
    .where('name', '<', successor(prefix)!)
    .executeTakeFirstOrThrow()
  return `${newest} ${count}`
}

/** Takes what is there of that name out of the container of parts; false where nothing is. */
export async function removePart(tx: Tx, cloud: Cloud, segments: Container, name: string): Promise<boolean> {
  const row = await findObject(tx.db, segments.id, name)
  if (row) await removeKeeping(tx, cloud, segments, row, name, nextTimestamp(cloud.environment.clock))
  return row !== undefined
}

/** So many go in one transaction. */
const removedAtOnce = 50

/**
 * Removes what has those names in the container of parts, on behalf of the bucket: who may end an upload or remove an object has no rights
 * there. `first` may throw, in each transaction, because they are to stay.
 */
export async function removeParts(
  { cloud }: BaseContext,
  bucket: Pick<Container, 'account' | 'name'>,
  names: string[],
  first?: (db: Db) => Promise<void>,
): Promise<void> {
  const known = names.length ? await findContainer(cloud.database.read, bucket.account, bucket.name + segmentsSuffix) : undefined
  if (!known) return
  for (let from = 0; from < names.length; from += removedAtOnce) {
    const removal = async (tx: Tx) => {
      const segments = await lockContainer(tx, cloud, known.id)
      await first?.(tx.db)
      for (const name of names.slice(from, from + removedAtOnce)) await removePart(tx, cloud, segments, name)
    }
    try {
      await cloud.database.write(removal, { frees: true })
    } catch (error) {
      // Somebody has removed the container.
      if (error instanceof Fault && error.status === 404 && error.type === undefined) return
      throw error
    }
    await turn()
  }
}

/** Removes the parts of what was replaced or removed for good. */
export async function dropParts(context: BaseContext, bucket: Container, manifest: Segment[]): Promise<void> {
  const names = manifest.flatMap(({ name }) => {
    const place = splitName(name)
    return place?.container === bucket.name + segmentsSuffix ? [place.object] : []
  })
  await removeParts(context, bucket, names)
}

/** The manifest of a row that is about to go, for `dropParts`; of one that no upload made nothing: what it names is not its own. */
export const manifestOf = async (cloud: Cloud, db: Db, row: StoredObject | undefined): Promise<Segment[]> =>
  row?.kind === 'slo' && row.metadata[uploadName] !== undefined ? readManifest(cloud, row, db) : []
