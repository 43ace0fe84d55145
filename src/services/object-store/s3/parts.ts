// What is kept of the parts of an upload, or of the object that it became.
import type { BaseContext } from '../../../api/operation.ts'
import { turn } from '../../../turns.ts'
import { findContainer } from '../containers/store.ts'
import { type Segment, splitName } from '../large-objects/manifest.ts'
import { successor } from '../listing/query.ts'
import type { StoredObject } from '../objects/store.ts'
import type { Container } from '../tables.ts'
import { segmentsSuffix } from './buckets.ts'
import { type Checksum, checksumOf } from './checksums.ts'

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
