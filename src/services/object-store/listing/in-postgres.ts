// Listings without folders that PostgreSQL puts together by itself: its process writes the entries, ours only passes the text on.

import type { Db } from '../../../db/database.ts'
import { statement } from '../../../db/statement.ts'
import type { Format, ListingQuery } from './query.ts'
import { boundsOf } from './walk.ts'

/** An object's entry in a JSON listing; null where a row needs more than SQL can say: manifests, texts that are not ASCII. */
const entry = `case when kind = '' and content_type !~ '[^ -~]' then '{"bytes":' || size || ',"hash":"' || etag || '","name":' || to_json(name)::text
  || ',"content_type":' || to_json(content_type)::text || ',"last_modified":"'
  || to_char(to_timestamp(changed_at / 100000) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS') || '.' || lpad((changed_at % 100000)::text, 5, '0') || '0"}' end`

interface Page {
  page: string | null
  /** Entries in it, and those that could be made; counts come as texts. */
  entries: number | string
  made: number | string
}

const pageQuery = (text: boolean, open: boolean, high: boolean) =>
  statement<Page>(`select string_agg(item, ${text ? 'chr(10)' : "','"}) as page, count(*) as entries, count(item) as made from (
    select ${text ? 'name' : entry} as item from object_store_objects
    where container_id = ? and name ${open ? '>' : '>='} ? ${high ? 'and name < ?' : ''} order by name limit ?) as listed`)

const queries = new Map<string, ReturnType<typeof pageQuery>>()

/** The page as bytes; null where this cannot make it. */
export async function renderInPostgres(db: Db, containerId: number, query: ListingQuery, format: Format): Promise<Buffer[] | null> {
  if (format === 'xml' || query.reverse || query.path !== null || query.delimiter) return null
  const text = format === 'text'
  const bounds = boundsOf(query)
  if (!bounds || query.limit === 0) return [Buffer.from(text ? '' : '[]')]
  const { low, lowOpen, high } = bounds
  const key = `${text} ${lowOpen} ${high !== null}`
  const ask = queries.get(key) ?? pageQuery(text, lowOpen, high !== null)
  queries.set(key, ask)
  const [found] = await ask(db, [containerId, low ?? '', ...(high === null ? [] : [high]), query.limit])
  const { page, entries, made } = found!
  if (Number(made) !== Number(entries)) return null
  return [Buffer.from(text ? (page === null ? '' : `${page}\n`) : `[${page ?? ''}]`)]
}
