// Listings of objects as bytes, remembered while the container does not change: a large page costs more to make than to send.
import type { Database, Db } from '../../../db/database.ts'
import type { Container } from '../tables.ts'
import { renderInSqlite } from './in-sqlite.ts'
import type { Format, ListingQuery } from './query.ts'
import { renderObjects } from './render.ts'
import { objectsIn } from './store.ts'
import { walk } from './walk.ts'

const cacheBytes = 8 * 1024 * 1024
const smallest = 4096

const caches = new WeakMap<Db, { pages: Map<string, Buffer>; bytes: number }>()

/** The page as bytes. `row` must have been read by the same request: its `changes` says which pages still hold. */
export async function listObjects(database: Database, row: Container, query: ListingQuery, format: Format): Promise<Buffer> {
  const db = database.read
  let cache = caches.get(db)
  if (!cache) {
    cache = { pages: new Map(), bytes: 0 }
    caches.set(db, cache)
  }
  const key = JSON.stringify([row.id, row.changes, format, query])
  const known = cache.pages.get(key)
  if (known) {
    // Moved to the end: the first ones are forgotten first.
    cache.pages.delete(key)
    cache.pages.set(key, known)
    return known
  }
  const page = await render(database, row, query, format)
  if (page.length >= smallest && page.length <= cacheBytes / 4) {
    cache.pages.set(key, page)
    cache.bytes += page.length
    for (const [old, bytes] of cache.pages) {
      if (cache.bytes <= cacheBytes) break
      cache.pages.delete(old)
      cache.bytes -= bytes.length
    }
  }
  return page
}

async function render({ dialect, read }: Database, row: Container, query: ListingQuery, format: Format): Promise<Buffer> {
  const made = dialect === 'sqlite' ? await renderInSqlite(read, row.id, query, format) : null
  if (made) return made
  const entries = await walk(query, (range) => objectsIn(read, row.id, range))
  return Buffer.from(renderObjects(row.name, entries, format))
}
