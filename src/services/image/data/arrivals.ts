// What is being written for each project and is in no quota yet: of many uploads and imports at once each sees what the others have
// taken, so that a project never has more on disk than its quota, however small that was when it came over the network.
import type { Cloud } from '../../../cloud.ts'
import { bytes } from '../quotas.ts'
import { tooLargeImage } from '../stores/receive.ts'

export interface Arrivals {
  /** Begins to count, from nothing, what comes under that key. */
  begin(key: string, owner: string): void
  add(key: string, size: number): void
  /** So much it was in the end. */
  settle(key: string, size: number): void
  /** What came is in the quota now, or gone; idempotent. */
  end(key: string): void
  /** Bytes that are coming for the owner. */
  of(owner: string): number
}

export function createArrivals(): Arrivals {
  const all = new Map<string, { owner: string; size: number }>()
  return {
    begin: (key, owner) => void all.set(key, { owner, size: 0 }),
    add(key, size) {
      const found = all.get(key)
      if (found) found.size += size
    },
    settle(key, size) {
      const found = all.get(key)
      if (found) found.size = size
    },
    end: (key) => void all.delete(key),
    of: (owner) => [...all.values()].reduce((sum, one) => (one.owner === owner ? sum + one.size : sum), 0),
  }
}

interface Target {
  id: string
  owner_id: string
}

/** Bytes that the image's owner may still store: the lesser of its quota, less what waits for an import or is coming, and what one image may have. */
export async function room(cloud: Cloud, { id, owner_id }: Target): Promise<number> {
  const { read } = cloud.database
  const most = cloud.config.maxImageBytes
  const limit = await cloud.quota.limit(read, owner_id, bytes)
  if (limit < 0) return most
  const used = (await cloud.quota.show(read, owner_id, 'image.')).image_size_total!.in_use
  const staged = await read
    .selectFrom('images')
    .select(({ fn }) => fn.sum<number | string | null>('staged_bytes').as('bytes'))
    .where('owner_id', '=', owner_id)
    .where('id', '!=', id)
    .executeTakeFirst()
  return Math.max(0, Math.min(most, limit - used - Number(staged?.bytes ?? 0) - cloud.image.arrivals.of(owner_id)))
}

/** So much is claimed at most before it is written, without a look at the database for every piece; less where little room is left for others. */
const mostAhead = 16 * 2 ** 20

/** The source, as far as its owner has room for it. Throws 413 where that ends. */
export async function* withinRoom(cloud: Cloud, image: Target, key: string, source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let claimed = 0
  let size = 0
  for await (const chunk of source) {
    if (claimed < chunk.length) {
      const left = await room(cloud, image)
      const needed = chunk.length - claimed
      if (needed > left) throw tooLargeImage(size + claimed + left)
      const part = Math.max(needed, Math.min(mostAhead, Math.floor(left / 16)))
      cloud.image.arrivals.add(key, part)
      claimed += part
    }
    claimed -= chunk.length
    size += chunk.length
    yield chunk
  }
}
