// Lists in pages: filters, sorting by several keys, and a marker that stays right while rows come and go (it names the
// last row seen, and the next page begins behind its sort values).
import type { SelectQueryBuilder } from 'kysely'
import { sql } from 'kysely'
import type { Tables } from '../db/tables.ts'
import { badRequest } from './faults.ts'

export type Direction = 'asc' | 'desc'

export interface ListShape {
  /** Query parameter to column, for equality; repeated parameters mean any of them. */
  filters: Record<string, string>
  /** Wire name of a sort key to column. */
  sortKeys: Record<string, string>
  /** Used when none is asked for, and after what was asked for. */
  defaultSort: [column: string, direction: Direction][]
  /** Columns among the sort keys that may be null: nulls come first in ascending order, on both databases. */
  nullable?: string[]
  /** The column of ids; unique, ends every order. */
  id: string
  /** Greatest page; also the page when no limit was given, unless `defaultLimit` says otherwise. */
  maxLimit: number
  defaultLimit?: number
}

export interface ListRequest {
  /** Wire names and values; those the shape does not know are ignored. */
  filters: Record<string, unknown>
  sort: [key: string, direction: Direction][]
  limit?: number
  marker?: string
}

/** `limit`, `marker`, `sort_key`, `sort_dir` of a query as most services have them; `sort=name:asc,id` too. */
export function listRequest(search: URLSearchParams): ListRequest {
  const filters: Record<string, unknown> = Object.create(null) // names are the client's
  for (const name of new Set(search.keys())) {
    const values = search.getAll(name)
    filters[name] = values.length > 1 ? values : values[0]
  }
  const directions = search.getAll('sort_dir')
  let sort: ListRequest['sort'] = search
    .getAll('sort_key')
    .map((key, index) => [key, direction(directions[index] ?? directions.at(-1) ?? 'asc')])
  const short = search.get('sort')
  if (short)
    sort = short.split(',').map((part) => {
      const [key = '', dir = 'asc'] = part.split(':')
      return [key.trim(), direction(dir)]
    })
  const limit = search.get('limit')
  if (limit !== null && !/^\d{1,9}$/.test(limit))
    throw badRequest(`Invalid input for query parameter limit: '${limit.slice(0, 40)}' is not a whole number of at least 0.`)
  return { filters, sort, limit: limit === null ? undefined : Number(limit), marker: search.get('marker') ?? undefined }
}

function direction(text: string): Direction {
  const lower = text.trim().toLowerCase()
  if (lower !== 'asc' && lower !== 'desc') throw badRequest(`Invalid sort direction '${text.slice(0, 40)}': it is asc or desc.`)
  return lower
}

// biome-ignore lint/suspicious/noExplicitAny: one function for the rows of every table
type AnyQuery<Row> = SelectQueryBuilder<Tables, any, Row>

/**
 * Runs `query` (which already restricts to what the asker may see) for one page; `restrict` adds filters that the marker need not
 * meet. `next` is the marker of the next page, null on the last. Throws 400 for an unknown sort key or a marker that is not among the rows.
 */
export async function listRows<Row, Query extends AnyQuery<Row> = AnyQuery<Row>>(
  query: Query & AnyQuery<Row>,
  shape: ListShape,
  request: ListRequest,
  restrict?: (query: Query) => Query,
): Promise<{ rows: Row[]; next: string | null }> {
  const order: [string, Direction][] = []
  for (const [key, dir] of request.sort) {
    const column = Object.hasOwn(shape.sortKeys, key) ? shape.sortKeys[key] : undefined
    if (!column) throw badRequest(`Invalid sort key '${key.slice(0, 60)}'. Valid ones: ${Object.keys(shape.sortKeys).join(', ')}.`)
    // Behind itself a column orders nothing, and each one more makes the place of a marker harder to find.
    if (!order.some(([known]) => known === column)) order.push([column, dir])
  }
  for (const entry of shape.defaultSort) if (!order.some(([column]) => column === entry[0])) order.push(entry)
  if (!order.some(([column]) => column === shape.id)) order.push([shape.id, order.at(-1)?.[1] ?? 'asc'])

  let page: AnyQuery<Row> = restrict ? restrict(query) : query
  for (const [name, column] of Object.entries(shape.filters)) {
    const value = request.filters[name]
    if (value === undefined) continue
    page = Array.isArray(value) ? page.where(sql.ref(column), 'in', value) : page.where(sql.ref(column), value === null ? 'is' : '=', value)
  }
  if (request.marker !== undefined) {
    const marked = (await query.where(sql.ref(shape.id), '=', request.marker).executeTakeFirst()) as Record<string, unknown> | undefined
    if (!marked) throw badRequest(`marker [${request.marker.slice(0, 80)}] not found`)
    const { nullable = [] } = shape
    const value = (column: string) => marked[column.split('.').at(-1)!] ?? null
    page = page.where((eb) => {
      const same = ([column]: [string, Direction]) => eb(sql.ref(column), value(column) === null ? 'is' : '=', value(column))
      const behind = ([column, dir]: [string, Direction]) => {
        const own = value(column)
        if (own === null) return dir === 'asc' ? eb(sql.ref(column), 'is not', null) : eb.lit(false)
        if (dir === 'asc') return eb(sql.ref(column), '>', own)
        const below = eb(sql.ref(column), '<', own)
        return nullable.includes(column) ? eb.or([below, eb(sql.ref(column), 'is', null)]) : below
      }
      return eb.or(order.map((entry, index) => eb.and([...order.slice(0, index).map(same), behind(entry)])))
    })
  }
  for (const [column, dir] of order) {
    page = shape.nullable?.includes(column)
      ? page.orderBy(sql.ref(column), (o) => (dir === 'asc' ? o.asc().nullsFirst() : o.desc().nullsLast()))
      : page.orderBy(sql.ref(column), dir)
  }
  const limit = Math.min(request.limit ?? shape.defaultLimit ?? shape.maxLimit, shape.maxLimit)
  if (limit === 0 && request.limit === 0) return { rows: [], next: null }
  const rows = (await page.limit(limit + 1).execute()) as Row[]
  if (rows.length <= limit) return { rows, next: null }
  const last = rows[limit - 1] as Record<string, unknown>
  return { rows: rows.slice(0, limit), next: String(last[shape.id.split('.').at(-1)!]) }
}

/** Address of the same list behind that marker: the request's own query with another marker. */
export function nextQuery(search: URLSearchParams, marker: string): string {
  const copy = new URLSearchParams(search)
  copy.set('marker', marker)
  return copy.toString()
}
