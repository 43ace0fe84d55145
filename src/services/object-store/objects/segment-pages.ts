// Segments of a dynamic manifest. There may be millions: of all of them only sums are kept, and one page of them is looked at at a time.
import { createHash } from 'node:crypto'
import { sql } from 'kysely'
import { Fault } from '../../../api/faults.ts'
import type { Db } from '../../../db/database.ts'
import { successor } from '../listing/query.ts'
import type { StoredObject } from './store.ts'

const pageSize = 1000

/** What a manifest names: all objects of that prefix but itself. */
export interface Named {
  containerId: number
  prefix: string
  /** Name of the manifest where it lies in the same container. */
  self: string | null
}

export interface SegmentPage {
  /** Names of the page come after that one; null where it begins with the prefix. */
  after: string | null
  count: number
  bytes: number
  /** MD5 of the ETags one after the other. */
  etag: string
}

export type PagedSegment = Pick<StoredObject, 'name' | 'etag' | 'size'>

function segmentsAfter(db: Db, { containerId, prefix, self }: Named, after: string | null, limit: number) {
  let query = db
    .selectFrom('object_store_objects')
    .select(['name', 'etag', 'size'])
    .where('container_id', '=', containerId)
    .where('name', after === null ? '>=' : '>', after ?? prefix)
    .orderBy('name')
    .limit(limit)
  const end = successor(prefix)
  if (end !== null) query = query.where('name', '<', end)
  return self === null ? query : query.where('name', '<>', self)
}

const md5 = (text: string) => createHash('md5').update(text).digest('hex')

/** Sums of all pages, with size and ETag of the whole. `heard` throws when nobody hears the answer any more. */
export async function pagesOf(db: Db, named: Named, heard: () => void): Promise<{ pages: SegmentPage[]; size: number; etag: string }> {
  const whole = createHash('md5')
  const pages: SegmentPage[] = []
  let size = 0
  for (let after: string | null = null, more = true; more; ) {
    heard()
    const page: { etags: string | null; last: string | null; count: number | string; bytes: number | string | null } = await db
      .selectFrom(segmentsAfter(db, named, after, pageSize).as('listed'))
      .select([
        sql<string | null>`string_agg(etag, '')`.as('etags'),
        sql<string | null>`max(name)`.as('last'),
        sql<number | string>`count(*)`.as('count'),
        sql<number | string | null>`sum(size)`.as('bytes'),
      ])
      .executeTakeFirstOrThrow()
    const [count, bytes, etags] = [Number(page.count), Number(page.bytes), page.etags ?? '']
    if (count) pages.push({ after, count, bytes, etag: md5(etags) })
    whole.update(etags)
    size += bytes
    after = page.last
    more = count === pageSize
  }
  return { pages, size, etag: whole.digest('hex') }
}

/** The segments of a page. Throws 409 where they are not those that were summed up. */
export async function segmentsOn(db: Db, named: Named, page: SegmentPage): Promise<PagedSegment[]> {
  const segments = await segmentsAfter(db, named, page.after, page.count).execute()
  if (md5(segments.map(({ etag }) => etag).join('')) !== page.etag) throw new Fault(409, 'A segment is missing or has changed.')
  return segments
}
