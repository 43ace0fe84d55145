// Listings that SQLite puts together by itself, from a table that holds the entries made ready (migration 0019): a page of 10,000 takes
// a small part of the time that its rows would take here. Each statement makes a part of the page, since nobody else has his turn while it
// runs; between two of them others have. On PostgreSQL, which is another process, rows are fetched and written out here.
import { ask, type Db } from '../../../db/database.ts'
import { type Format, type ListingQuery, successor } from './query.ts'
import { boundsOf } from './walk.ts'

interface Page {
  page: Buffer | null
  /** Entries in it, and those that could be made. */
  entries: number
  made: number
  folders?: number
}

const result = (text: boolean) =>
  `select cast(group_concat(item, ${text ? 'char(10)' : "','"}) as blob) as page, count(*) as entries, count(item) as made`

/**
 * The name or folder that a part of the page ends with, which costs far less to see there than to ask for; null where it cannot be told, in
 * text that has the end of a line in a name. In JSON no text can hold what an entry begins with: its quotes have a backslash before them.
 */
function lastOf(part: Buffer, entries: number, text: boolean, rolled: boolean): string | null {
  if (text) return part.toString('latin1').split('\n').length === entries ? part.toString('utf8', part.lastIndexOf('\n') + 1) : null
  const begin = Math.max(part.lastIndexOf('{"bytes":'), rolled ? part.lastIndexOf('{"subdir":') : 0)
  const entry = JSON.parse(part.toString('utf8', begin)) as { name: string } | { subdir: string }
  return 'subdir' in entry ? entry.subdir : entry.name
}

/**
 * Rows in the order of their names; the inner query with its limit is run as it stands, so they come in that order. `folders` is not 0
 * when the delimiter stands behind the prefix of some.
 */
export const plainQuery = (text: boolean, high: boolean, open: boolean, delimited = false) =>
  `${result(text)}, coalesce(max(found), 0) as folders from (
    select ${delimited ? 'instr(substr(name, +?), +?)' : '0'} as found, ${text ? 'name' : 'entry'} as item from object_store_listed
    where container_id = +? and name ${open ? '>' : '>='} +? ${high ? 'and name < +?' : ''} order by name limit +?)`

/**
 * Each step is one look into the table: behind an object the next name, behind a folder the first name that is not in it. So a folder
 * costs the same whatever it holds.
 */
export const folderQuery = (text: boolean, high: boolean, open: boolean) => {
  const next = (condition: string) =>
    `(select name from object_store_listed where container_id = +? and name ${condition} ${high ? 'and name < +?' : ''} order by name limit 1)`
  // Where the delimiter is behind the prefix; 0 where there is none.
  const found = 'instr(substr(steps.name, +?), +?)'
  const behind = `case ${found} when 0 then steps.name || char(1) else substr(steps.name, 1, ${found} + +?) || +? end`
  const folder = `substr(steps.name, 1, ${found} + +?)`
  const item = text
    ? `case ${found} when 0 then steps.name else ${folder} end`
    : `case ${found} when 0 then (select entry from object_store_listed where container_id = +? and name = steps.name)
        else '{"subdir":' || json_quote(${folder}) || '}' end`
  return `with recursive steps (name) as (
    select ${next(`${open ? '>' : '>='} +?`)}
    union all
    select ${next(`>= ${behind}`)} from steps where steps.name is not null
    limit +?
  ) ${result(text)} from (select ${item} as item from steps where steps.name is not null limit +?)`
}

/** Entries of one statement: a few milliseconds of work, also where names are as long as they may be. */
const namesAtOnce = 3500
const foldersAtOnce = 700
/** So many first names say whether what is listed has folders at all. */
const probe = 50

/**
 * The page as bytes that follow each other, all of them nobody else's; null where this cannot make it. `heard` throws when nobody hears the
 * answer any more.
 */
export async function renderInSqlite(
  db: Db,
  containerId: number,
  query: ListingQuery,
  format: Format,
  heard = () => {},
): Promise<Buffer[] | null> {
  if (format === 'xml' || query.reverse || query.path !== null) return null
  const text = format === 'text'
  const bounds = boundsOf(query)
  const pieces: Buffer[] = []
  if (bounds) {
    const { prefix, delimiter } = bounds
    const upTo = delimiter ? successor(delimiter) : null
    const from = [...prefix].length + 1
    const size = [...delimiter].length
    const until = bounds.high === null ? [] : [bounds.high]
    const high = until.length > 0
    let { low, lowOpen } = bounds
    const run = async (sql: string, values: unknown[]) => (await ask<Page>(db, sql, values))[0]!
    const names = (limit: number) => {
      const found = delimiter ? [from, delimiter] : []
      return run(plainQuery(text, high, lowOpen, delimiter !== ''), [...found, containerId, low ?? '', ...until, limit])
    }
    const folders = (limit: number) => {
      const found = [from, delimiter]
      const others = [containerId, ...found, ...found, from - 2, upTo, ...until]
      const item = text ? [...found, ...found, from + size - 2] : [...found, containerId, ...found, from + size - 2]
      return run(folderQuery(text, high, lowOpen), [containerId, low ?? '', ...until, ...others, limit + 1, ...item, limit])
    }
    // A folder that holds no others is read fastest without a look at what is behind each name.
    let rolled = false
    let left = query.limit
    while (left > 0) {
      heard()
      const limit = Math.min(left, rolled ? foldersAtOnce : delimiter && !pieces.length ? probe : namesAtOnce)
      const made = await (rolled ? folders(limit) : names(limit))
      if (made.folders) {
        if (upTo === null || [...upTo].length !== size) return null
        rolled = true
        continue
      }
      if (made.made !== made.entries) return null
      if (made.entries) pieces.push(Buffer.from(pieces.length ? (text ? '\n' : ',') : text ? '' : '['), made.page!)
      left -= made.entries
      if (made.entries < limit || !left) break
      const last = lastOf(made.page!, made.entries, text, rolled)
      if (last === null) return null
      const at = rolled ? last.indexOf(delimiter, prefix.length) : -1
      low = at < 0 ? last : last.slice(0, at) + upTo
      lowOpen = at < 0
    }
  }
  if (!pieces.length) return [Buffer.from(text ? '' : '[]')]
  return [...pieces, Buffer.from(text ? '\n' : ']')]
}
