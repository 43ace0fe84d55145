// Listings of objects as bytes, remembered while the container does not change: a large page costs more to make than to send.
import type { Database, Db } from '../../../db/database.ts'
import { release } from '../storage/release.ts'
import type { Container } from '../tables.ts'
import { renderInPostgres } from './in-postgres.ts'
import { renderInSqlite } from './in-sqlite.ts'
import { Pieces } from './pieces.ts'
import type { Format, ListingQuery } from './query.ts'
import { renderObjects } from './render.ts'
import { objectsIn } from './store.ts'
import { walk } from './walk.ts'

const cacheBytes = 8 * 1024 * 1024
const smallest = 4096
/** From here on a page's memory is given back when it was sent, unless it is remembered. */
const large = 64 * 1024
const mostAsked = 256

interface Cache {
  pages: Map<string, Buffer>
  bytes: number
  /** Large pages that were made once. */
  asked: Set<string>
}
const caches = new WeakMap<Db, Cache>()

/** The page as a body, with its length. `row` must have been read by the same request: its `changes` says which pages still hold; `heard` throws when its client has gone. */
export async function listObjects(
  database: Database,
  row: Container,
  query: ListingQuery,
  format: Format,
  heard: () => void,
): Promise<{ length: number; body: Buffer | Pieces }> {
  const db = database.read
  let cache = caches.get(db)
  if (!cache) {
    cache = { pages: new Map(), bytes: 0, asked: new Set() }
    caches.set(db, cache)
  }
  const key = JSON.stringify([row.id, row.changes, format, query])
  const known = cache.pages.get(key)
  if (known) {
    // Moved to the end: the first ones are forgotten first.
    cache.pages.delete(key)
    cache.pages.set(key, known)
    return { length: known.length, body: known }
  }
  const pieces = await render(database, row, query, format, heard)
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0)
  // Remembered when it is asked for again: in a container that changes all the time no page ever is.
  if (length >= large && (length > cacheBytes / 4 || !cache.asked.has(key))) {
    cache.asked.add(key)
    if (cache.asked.size > mostAsked) cache.asked.delete(cache.asked.values().next().value!)
    return { length, body: new Pieces(pieces) }
  }
  const page = pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces)
  if (pieces.length > 1) for (const piece of pieces) release(piece)
  if (length >= smallest) remember(cache, key, page)
  return { length, body: page }
}

function remember(cache: Cache, key: string, page: Buffer): void {
  cache.asked.delete(key)
  cache.bytes += page.length - (cache.pages.get(key)?.length ?? 0)
  cache.pages.set(key, page)
  for (const [old, bytes] of cache.pages) {
    if (cache.bytes <= cacheBytes) break
    cache.pages.delete(old)
    cache.bytes -= bytes.length
  }
}

async function render(
  { dialect, read }: Database,
  row: Container,
  query: ListingQuery,
  format: Format,
  heard: () => void,
): Promise<Buffer[]> {
  // What JSON tells of versions needs the path of the container, which the database does not put into entries.
  const versioned = format === 'json' && row.metadata['x-versions-enabled'] !== undefined
  const made = versioned ? null : await (dialect === 'sqlite' ? renderInSqlite : renderInPostgres)(read, row.id, query, format, heard)
  if (made) return made
  const entries = await walk(query, (range) => {
    heard()
    return objectsIn(read, row.id, range)
  })
  return renderObjects(row, entries, format, heard)
}
