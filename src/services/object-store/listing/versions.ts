// Listings of all versions: names in order, the newest of each first, with a place to go on from in the middle of a name.
import type { Db } from '../../../db/database.ts'
import type { ObjectRow } from '../tables.ts'
import { compareNames, successor } from './query.ts'
import type { Folder } from './walk.ts'

export type ListedVersion = Pick<
  ObjectRow,
  'name' | 'version_id' | 'size' | 'etag' | 'content_type' | 'kind' | 'made_at' | 'changed_at'
> & {
  /** What a plain GET of the name finds, if only a mark of its removal. */
  latest: boolean
}

export interface VersionsQuery {
  prefix: string
  delimiter: string
  /** Names up to this one were shown; with `versionMarker` that name's versions up to that one. */
  marker: string
  /** `null` is the version from before they were counted. */
  versionMarker: string | null
  endMarker: string
  limit: number
}

const columns = ['name', 'version_id', 'size', 'etag', 'content_type', 'kind', 'made_at', 'changed_at'] as const
const page = 1000

interface From {
  name: string | null
  /** The name itself is left out, unless some of its versions are still to come. */
  after: boolean
  /** Of that name only versions that are older than this one. */
  olderThan: number | null
}

async function current(db: Db, containerId: number, from: From, to: string | null, limit: number): Promise<ListedVersion[]> {
  let query = db.selectFrom('object_store_objects').select(columns).where('container_id', '=', containerId).orderBy('name').limit(limit)
  if (from.name !== null) query = query.where('name', from.after || from.olderThan !== null ? '>' : '>=', from.name)
  if (to !== null) query = query.where('name', '<', to)
  return (await query.execute()).map((row) => ({ ...row, latest: true }))
}

async function older(db: Db, containerId: number, from: From, to: string | null, limit: number): Promise<ListedVersion[]> {
  let query = db
    .selectFrom('object_store_versions')
    .select(columns)
    .where('container_id', '=', containerId)
    .orderBy('name')
    .orderBy('made_at', 'desc')
    .limit(limit)
  const { name, after, olderThan } = from
  if (name !== null && olderThan !== null)
    query = query.where((eb) => eb.or([eb('name', '>', name), eb.and([eb('name', '=', name), eb('made_at', '<', olderThan)])]))
  else if (name !== null) query = query.where('name', after ? '>' : '>=', name)
  if (to !== null) query = query.where('name', '<', to)
  return (await query.execute()).map((row) => ({ ...row, latest: false }))
}

/** Rows of both tables in the order of the listing; a name without a present object has its newest version marked as the latest. */
async function nextRows(db: Db, containerId: number, from: From, to: string | null, limit: number): Promise<ListedVersion[]> {
  const [now, past] = await Promise.all([current(db, containerId, from, to, limit), older(db, containerId, from, to, limit)])
  const rows: ListedVersion[] = []
  let [i, j] = [0, 0]
  let present: string | null = from.olderThan === null ? null : from.name
  while (rows.length < limit && (i < now.length || j < past.length)) {
    const takeNow = j === past.length || (i < now.length && compareNames(now[i]!.name, past[j]!.name) <= 0)
    const row = takeNow ? now[i++]! : past[j++]!
    if (!takeNow && row.name !== present) row.latest = true
    present = row.name
    rows.push(row)
  }
  return rows
}

/** Where the listing goes on after a marker; the version's place in time is looked up. */
async function startOf(db: Db, containerId: number, { marker, versionMarker, prefix }: VersionsQuery): Promise<From> {
  if (!marker || (prefix && compareNames(marker, prefix) < 0)) return { name: prefix || null, after: false, olderThan: null }
  if (versionMarker === null) return { name: marker, after: true, olderThan: null }
  const id = versionMarker === 'null' ? '' : versionMarker
  const find = (table: 'object_store_objects' | 'object_store_versions') =>
    db
      .selectFrom(table)
      .select('made_at')
      .where('container_id', '=', containerId)
      .where('name', '=', marker)
      .where('version_id', '=', id)
      .executeTakeFirst()
  // The present one stands before all others, whenever it was made.
  if (await find('object_store_objects')) return { name: marker, after: false, olderThan: Number.MAX_SAFE_INTEGER }
  const old = await find('object_store_versions')
  // One that was removed meanwhile: ids tell the time.
  const at = old?.made_at ?? (/^\d{1,10}\.\d{5}$/.test(id) ? Number(id.replace('.', '')) : null)
  return at === null ? { name: marker, after: true, olderThan: null } : { name: marker, after: false, olderThan: at }
}

/** Up to `query.limit` versions and folders. */
export async function listVersions(db: Db, containerId: number, query: VersionsQuery): Promise<(ListedVersion | Folder)[]> {
  const { prefix, delimiter, limit, marker, endMarker } = query
  const result: (ListedVersion | Folder)[] = []
  let from = await startOf(db, containerId, query)
  let to = prefix ? successor(prefix) : null
  if (endMarker && (to === null || compareNames(endMarker, to) < 0)) to = endMarker
  if (delimiter && marker.endsWith(delimiter) && marker.startsWith(prefix) && marker.length > prefix.length) {
    const next = successor(marker)
    if (next === null) return result
    from = { name: next, after: false, olderThan: null }
  }
  while (result.length < limit) {
    const wanted = Math.min(page, delimiter ? page : limit - result.length)
    const rows = await nextRows(db, containerId, from, to, wanted)
    let folder: string | null = null
    for (const row of rows) {
      if (folder !== null && row.name.startsWith(folder)) continue
      const at = delimiter ? row.name.indexOf(delimiter, prefix.length) : -1
      folder = at >= 0 ? row.name.slice(0, at + delimiter.length) : null
      result.push(folder === null ? row : { subdir: folder })
      if (result.length === limit) return result
    }
    if (rows.length < wanted) return result
    const last = rows.at(-1)!
    if (folder !== null) {
      const next = successor(folder)
      if (next === null) return result
      from = { name: next, after: false, olderThan: null }
    } else
      from = { name: last.name, after: false, olderThan: last.latest && last.kind !== 'marker' ? Number.MAX_SAFE_INTEGER : last.made_at }
  }
  return result
}
