// Listings that SQLite puts together by itself, from a table that holds the entries made ready (migration 0019): a page of 10,000 takes
// a small part of the time that its rows would take here. On PostgreSQL, which is another process, rows are fetched and written out here.
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

const result = (item: string, separator: string) =>
  `select cast(group_concat(${item}, ${separator}) as blob) as page, count(*) as entries, count(${item}) as made`

/**
 * Rows in the order of their names; the inner query with its limit is run as it stands, so they come in that order. `folders` is not 0
 * when the delimiter stands behind the prefix of some.
 */
export const plainQuery = (text: boolean, high: boolean, open: boolean, delimited = false) =>
  `${result('item', text ? 'char(10)' : "','")}, coalesce(max(found), 0) as folders from (
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
  ) ${result('item', text ? 'char(10)' : "','")} from (select ${item} as item from steps where steps.name is not null limit +?)`
}

/** The page as bytes that follow each other, all of them nobody else's; null where this cannot make it. */
export async function renderInSqlite(db: Db, containerId: number, query: ListingQuery, format: Format): Promise<Buffer[] | null> {
  if (format === 'xml' || query.reverse || query.path !== null) return null
  const text = format === 'text'
  const bounds = boundsOf(query)
  const empty = [Buffer.from(text ? '' : '[]')]
  if (!bounds || query.limit === 0) return empty
  const { prefix, delimiter, lowOpen } = bounds
  const low = bounds.low ?? ''
  const until = bounds.high === null ? [] : [bounds.high]
  const run = async (sql: string, values: unknown[]) => (await ask<Page>(db, sql, values))[0]!
  const within = [containerId, low, ...until]
  const high = until.length > 0
  let made: Page | null = null
  if (!delimiter) made = await run(plainQuery(text, high, lowOpen), [...within, query.limit])
  else {
    const from = [...prefix].length + 1
    // A folder that holds no others is read fastest in one go: its first names say whether it may be one.
    for (const limit of query.limit > probe ? [probe, query.limit] : [query.limit]) {
      made = await run(plainQuery(text, high, lowOpen, true), [from, delimiter, ...within, limit])
      if (made.folders || made.entries < limit) break
    }
    if (made!.folders) {
      const upTo = successor(delimiter)
      const size = [...delimiter].length
      if (upTo === null || [...upTo].length !== size) return null
      const found = [from, delimiter]
      const others = [containerId, ...found, ...found, from - 2, upTo, ...until]
      const item = text ? [...found, ...found, from + size - 2] : [...found, containerId, ...found, from + size - 2]
      made = await run(folderQuery(text, high, lowOpen), [...within, ...others, query.limit + 1, ...item, query.limit])
    }
  }
  const { page, entries, made: ready } = made!
  if (ready !== entries) return null
  if (!entries) return empty
  return text ? [page!, Buffer.from('\n')] : [Buffer.from('['), page!, Buffer.from(']')]
}

/** So many first names are looked at before all of a folder. */
const probe = 50
