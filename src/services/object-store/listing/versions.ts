// Listings of all versions: names in order, the newest of each first (or all of it reversed), with a place to go on from in the middle of a name.
import type { Db } from '../../../db/database.ts'
import type { ObjectRow } from '../tables.ts'
import { compareNames, successor } from './query.ts'
import { linkMetadata } from './store.ts'
import type { Folder } from './walk.ts'

export type ListedVersion = Pick<
  ObjectRow,
  'name' | 'version_id' | 'size' | 'etag' | 'content_type' | 'kind' | 'metadata' | 'made_at' | 'changed_at'
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
  reverse?: boolean
}

const columns = ['name', 'version_id', 'size', 'etag', 'content_type', 'kind', 'made_at', 'changed_at'] as const
const page = 1000

/** Where a page begins and where all of the listing ends, in the order of the listing. */
interface From {
  name: string | null
  /** The name itself is left out, unless some of its versions are still to come. */
  after: boolean
  /** Of that name only the versions behind the one that was made then. */
  behind: number | null
  /** Names from here on are not asked for; null is no end. */
  end: string | null
  /** The end itself is asked for: a reversed listing of a prefix. */
  endIncluded: boolean
}

const tables = ['object_store_objects', 'object_store_versions'] as const

async function rowsOf(db: Db, table: (typeof tables)[number], containerId: number, from: From, limit: number, reverse: boolean) {
  const { name, after, behind, end, endIncluded } = from
  const [further, least] = reverse ? (['<', '<='] as const) : (['>', '>='] as const)
  let query = db
    .selectFrom(table)
    .select(columns)
    .select(linkMetadata)
    .where('container_id', '=', containerId)
    .orderBy('name', reverse ? 'desc' : 'asc')
    .orderBy('made_at', reverse ? 'asc' : 'desc')
    .limit(limit)
  if (name !== null && behind !== null)
    query = query.where('name', least, name).where((eb) => eb.or([eb('name', further, name), eb('made_at', reverse ? '>' : '<', behind)]))
  else if (name !== null) query = query.where('name', after ? further : least, name)
  if (end !== null) query = query.where('name', reverse ? (endIncluded ? '>=' : '>') : '<', end)
  const present = table === 'object_store_objects'
  const rows = (await query.execute()) as ListedVersion[]
  for (const row of rows) row.latest = present
  return rows
}

/** Rows of both tables in the order of the listing: `limit` of them and one that only tells what follows. */
async function nextRows(db: Db, containerId: number, from: From, limit: number, reverse: boolean): Promise<ListedVersion[]> {
  const [now, past] = await Promise.all(tables.map((table) => rowsOf(db, table, containerId, from, limit + 1, reverse)))
  const rows = [...now!, ...past!].sort((a, b) => {
    const order = compareNames(a.name, b.name) || b.made_at - a.made_at
    return reverse ? -order : order
  })
  await markLatest(db, containerId, rows, from, reverse)
  return rows.slice(0, limit)
}

/** A mark of removal is what a plain GET finds where it is its name's newest version and the name has no present object. */
async function markLatest(db: Db, containerId: number, rows: ListedVersion[], from: From, reverse: boolean): Promise<void> {
  const marks = rows.filter((row, i) => {
    if (row.kind !== 'marker') return false
    const newer = reverse ? rows[i + 1] : rows[i - 1]
    if (newer) return newer.name !== row.name
    return reverse || from.behind === null || from.name !== row.name
  })
  if (!marks.length) return
  const names = marks.map(({ name }) => name)
  const query = db.selectFrom('object_store_objects').select('name').where('container_id', '=', containerId).where('name', 'in', names)
  const present = new Set((await query.execute()).map(({ name }) => name))
  for (const row of marks) row.latest = !present.has(row.name)
}

/** When the version that a marker names was made; null where that cannot be told. */
async function timeOf(db: Db, containerId: number, name: string, version: string): Promise<number | null> {
  const id = version === 'null' ? '' : version
  for (const table of tables) {
    const query = db.selectFrom(table).select('made_at').where('container_id', '=', containerId).where('name', '=', name)
    const row = await query.where('version_id', '=', id).executeTakeFirst()
    if (row) return row.made_at
  }
  // One that was removed meanwhile: ids tell the time.
  return /^\d{1,10}\.\d{5}$/.test(id) ? Number(id.replace('.', '')) : null
}

async function startOf(db: Db, containerId: number, query: VersionsQuery): Promise<From | null> {
  const { prefix, delimiter, marker, versionMarker, endMarker, reverse } = query
  const top = prefix ? successor(prefix) : null
  let [end, endIncluded] = reverse ? [prefix || null, true] : [top, false]
  if (endMarker && (end === null || (reverse ? compareNames(endMarker, end) >= 0 : compareNames(endMarker, end) < 0)))
    [end, endIncluded] = [endMarker, false]
  const start = (name: string | null, after: boolean, behind: number | null = null): From => ({ name, after, behind, end, endIncluded })
  if (reverse ? !marker || (top !== null && compareNames(marker, top) >= 0) : !marker || (prefix && compareNames(marker, prefix) < 0))
    return reverse ? start(top, true) : start(prefix || null, false)
  if (!reverse && delimiter && marker.endsWith(delimiter) && marker.startsWith(prefix) && marker.length > prefix.length) {
    const next = successor(marker)
    return next === null ? null : start(next, false)
  }
  const at = versionMarker === null ? null : await timeOf(db, containerId, marker, versionMarker)
  return start(marker, at === null, at)
}

/** Up to `query.limit` versions and folders. `heard` throws when nobody hears the answer any more. */
export async function listVersions(
  db: Db,
  containerId: number,
  query: VersionsQuery,
  heard = () => {},
): Promise<(ListedVersion | Folder)[]> {
  const { prefix, delimiter, limit, marker, reverse = false } = query
  const result: (ListedVersion | Folder)[] = []
  let from = await startOf(db, containerId, query)
  while (from && result.length < limit) {
    heard()
    const wanted = Math.min(page, delimiter ? page : limit - result.length)
    const rows: ListedVersion[] = await nextRows(db, containerId, from, wanted, reverse)
    let folder: string | null = null
    for (const row of rows) {
      if (folder !== null && row.name.startsWith(folder)) continue
      const at = delimiter ? row.name.indexOf(delimiter, prefix.length) : -1
      folder = at >= 0 ? row.name.slice(0, at + delimiter.length) : null
      // A marker from the middle of a folder: it was shown on the page before.
      if (folder !== null && reverse && marker.startsWith(folder)) continue
      result.push(folder === null ? row : { subdir: folder })
      if (result.length === limit) return result
    }
    if (rows.length < wanted) return result
    const last = rows.at(-1)!
    if (folder === null) from = { ...from, name: last.name, after: false, behind: last.made_at }
    else {
      const next = reverse ? folder : successor(folder)
      from = next === null ? null : { ...from, name: next, after: reverse, behind: null }
    }
  }
  return result
}
