// Copies on the local disk of images whose stores are far away: what was read once from there, or asked for, is fetched in the
// background, compared with its checksum, and given from here from then on. What was not used for longest makes room.
import { mkdir, open, readdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import type { Cloud } from '../../../cloud.ts'
import { activeLocations, type Location } from '../images/locations.ts'
import { sync } from './file.ts'
import { readLocations } from './read.ts'
import { receive } from './receive.ts'

export interface CachedImage {
  image_id: string
  /** Since the start of the process. */
  hits: number
  /** Seconds since the epoch. */
  last_accessed: number
  last_modified: number
  size: number
}

export interface ImageCache {
  enabled: boolean
  prepare(): Promise<void>
  /** Bytes of an active image, from its copy or from its stores. Throws NoData. */
  read(image: { id: string; size: number }, locations: Location[], start: number, end: number): Promise<Readable>
  /** Notes durably that the image shall be here. */
  queue(imageId: string): Promise<void>
  /** Gives whether it was here or waited to be. */
  remove(imageId: string): Promise<boolean>
  list(): Promise<{ cached_images: CachedImage[]; queued_images: string[] }>
  /** Fetches what is queued; drops copies of images that are gone, and those beyond the size. */
  run(): Promise<void>
}

const seconds = (ms: number) => Math.round(ms) / 1000

export function createCache(cloud: Cloud): ImageCache {
  const { config, log } = cloud
  const enabled = config.imageCacheBytes > 0
  const folder = join(config.dataDir, 'images', 'cache')
  const queueFolder = join(folder, 'queue')
  const path = (id: string) => join(folder, id)
  const queued = (id: string) => join(queueFolder, id)
  const partial = (id: string) => join(folder, `.${id}.part`)
  const hits = new Map<string, number>()
  let running: Promise<void> | null = null
  let again = false

  const queuedIds = () => readdir(queueFolder)

  async function cached(): Promise<CachedImage[]> {
    const found: CachedImage[] = []
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      if (!entry.isFile() || entry.name.startsWith('.')) continue
      const info = await stat(path(entry.name)).catch(() => null)
      if (!info) continue
      const { atimeMs, mtimeMs, size } = info
      found.push({
        image_id: entry.name,
        hits: hits.get(entry.name) ?? 0,
        last_accessed: seconds(atimeMs),
        last_modified: seconds(mtimeMs),
        size,
      })
    }
    return found
  }

  async function fetchOne(id: string): Promise<void> {
    const { database, image } = cloud
    const row = await database.read.selectFrom('images').selectAll().where('id', '=', id).where('status', '=', 'active').executeTakeFirst()
    const size = row?.size ?? 0
    if (row && size && size <= config.imageCacheBytes && !(await stat(path(id)).catch(() => null))) {
      try {
        const body = await readLocations(image.stores, log, await activeLocations(database.read, id), 0, size - 1)
        const { sha512 } = await receive(body as AsyncIterable<Buffer>, partial(id), size)
        if (sha512 !== row.os_hash_value) throw new Error('the data of the image is damaged')
        // Removed from the queue, by a deletion, while it was fetched?
        if (await stat(queued(id)).catch(() => null)) await rename(partial(id), path(id))
      } finally {
        await rm(partial(id), { force: true })
      }
    }
    await rm(queued(id), { force: true })
  }

  /** Removes what is unknown, then what was not used for longest, until the rest fits. */
  async function prune(): Promise<void> {
    const all = (await cached()).sort((a, b) => b.last_accessed - a.last_accessed)
    if (!all.length) return
    const rows = await cloud.database.read.selectFrom('images').select('id').where('status', 'in', ['active', 'deactivated']).execute()
    const known = new Set(rows.map(({ id }) => id))
    let bytes = 0
    for (const { image_id, size } of all) {
      if (known.has(image_id) && bytes + size <= config.imageCacheBytes) bytes += size
      else await rm(path(image_id), { force: true })
    }
  }

  async function run(): Promise<void> {
    if (!enabled) return
    again = true
    running ??= (async () => {
      try {
        while (again) {
          again = false
          for (const id of await queuedIds()) {
            await fetchOne(id).catch((error: Error) =>
              log.warn({ image: id, error: error.message }, 'an image was not fetched into the cache'),
            )
            await prune()
          }
        }
        await prune()
      } finally {
        running = null
      }
    })()
    return running
  }

  async function queue(id: string): Promise<void> {
    await writeFile(queued(id), '', { mode: 0o600 })
    await sync(queueFolder)
    run().catch((error: Error) => log.warn({ error: error.message }, 'image cache'))
  }

  return {
    enabled,
    queue,
    run,
    async prepare() {
      if (!enabled) return
      await mkdir(queueFolder, { recursive: true, mode: 0o700 })
      for (const name of await readdir(folder)) if (name.endsWith('.part')) await rm(join(folder, name), { force: true })
    },
    async read({ id, size }, locations, start, end) {
      const { stores } = cloud.image
      if (enabled) {
        const file = await open(path(id), 'r').catch(() => null)
        if (file && (await file.stat()).size === size) {
          hits.set(id, (hits.get(id) ?? 0) + 1)
          const now = cloud.environment.clock.now() / 1000
          await utimes(path(id), now, (await file.stat()).mtimeMs / 1000).catch(() => {})
          return file.createReadStream({ start, end, highWaterMark: 2 ** 20 })
        }
        await file?.close()
        const near = locations.some(({ store }) => stores.get(store)?.type === 'file')
        if (!near) await queue(id).catch((error: Error) => log.warn({ image: id, error: error.message }, 'image cache'))
      }
      return readLocations(stores, log, locations, start, end)
    },
    async remove(id) {
      if (!enabled) return false
      const there = await Promise.all([path(id), queued(id)].map((file) => stat(file).catch(() => null)))
      hits.delete(id)
      await rm(queued(id), { force: true })
      await rm(path(id), { force: true })
      return there.some(Boolean)
    },
    list: async () => ({ cached_images: await cached(), queued_images: await queuedIds() }),
  }
}
