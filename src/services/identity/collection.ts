// A page of a list as identity answers it: rows, links to this page and the next, and filters on parts of a text.
import { sql } from 'kysely'
import { badRequest } from '../../api/faults.ts'
import { type ListShape, listRequest, listRows, nextQuery } from '../../api/list.ts'
import { entriesOf, type LongList } from '../../api/long-list.ts'
import type { BaseContext } from '../../api/operation.ts'
import { isTrue } from '../../api/types.ts'
import type { Who } from '../../auth/who.ts'
import { columnKind } from '../../db/columns.ts'

export interface Collection<Row> {
  /** Key of the rows in the answer: `projects`. */
  name: string
  /** Path of the list below the version: `/projects`. */
  path: string
  shape: ListShape
  /** Filter name to column, for `description__contains` and the like, besides the shape's own filters. */
  texts?: Record<string, string>
  view?(row: Row, context: BaseContext): object
  /** In place of `view` where what belongs to several rows is looked up at once. */
  views?(rows: Row[], context: BaseContext): Promise<object[]>
}

// biome-ignore lint/suspicious/noExplicitAny: one function for the rows of every table
type Query = any

const exact = (column: string, value: string) => sql`${sql.ref(column)} = ${value}`
const anyCase = (column: string, value: string) => sql`lower(${sql.ref(column)}) = lower(${value})`

/** Nothing in the value is a wildcard. Case is that of ASCII, on both databases. */
const comparisons: Record<string, (column: string, value: string) => ReturnType<typeof sql>> = {
  exact,
  equals: exact,
  iexact: anyCase,
  iequals: anyCase,
  contains: (column, value) => sql`replace(${sql.ref(column)}, ${value}, '') <> ${sql.ref(column)}`,
  icontains: (column, value) => sql`replace(lower(${sql.ref(column)}), lower(${value}), '') <> lower(${sql.ref(column)})`,
  startswith: (column, value) => sql`substr(${sql.ref(column)}, 1, length(${value})) = ${value}`,
  istartswith: (column, value) => sql`substr(lower(${sql.ref(column)}), 1, length(${value})) = lower(${value})`,
  endswith: (column, value) => sql`substr(${sql.ref(column)}, length(${sql.ref(column)}) - length(${value}) + 1) = ${value}`,
  iendswith: (column, value) => sql`substr(lower(${sql.ref(column)}), length(${sql.ref(column)}) - length(${value}) + 1) = lower(${value})`,
}

/** Parts of a text that one list compares: each is looked for in every row. */
const mostComparisons = 50

/** `?enabled`, `?enabled=1` and `?enabled=true` mean yes. */
export const flag = (value: string): boolean => value === '' || isTrue(value)

/** Runs `query`, which holds what the asker may see, for the page that was asked for. */
export async function collection<Row>(context: BaseContext, query: Query, { name, path, shape, texts = {}, view, views }: Collection<Row>) {
  const { rawQuery } = context
  const request = listRequest(rawQuery)
  for (const [key, column] of Object.entries(shape.filters)) {
    const given = request.filters[key] as string | string[] | undefined
    if (given === undefined || columnKind(query, column) !== 'bool') continue
    request.filters[key] = Array.isArray(given) ? given.map(flag) : flag(given)
  }
  let wanted = query
  // Every text that can be asked for by its value can be by a part of it.
  const compared = new Map(Object.entries({ ...shape.filters, ...texts }))
  const seen = new Set<string>()
  for (const [key, value] of rawQuery) {
    if (!key.includes('__') || seen.has(`${key} ${value}`)) continue
    seen.add(`${key} ${value}`)
    if (seen.size > mostComparisons) throw badRequest(`There are more than ${mostComparisons} comparisons.`)
    const [attribute, comparison] = key.split('__') as [string, string | undefined]
    const column = compared.get(attribute)
    const compare = comparison !== undefined && Object.hasOwn(comparisons, comparison) ? comparisons[comparison] : undefined
    if (column && compare && value !== '' && columnKind(query, column) === 'text') wanted = wanted.where(compare(column, value))
  }
  const { rows, next } = await listRows<Row>(wanted, shape, request)
  const query_ = rawQuery.toString()
  return {
    [name]: await entriesOf(rows, (part) => views?.(part, context) ?? part.map((row) => view!(row, context))),
    links: {
      self: context.href(path) + (query_ ? `?${query_}` : ''),
      previous: null,
      next: next === null ? null : `${context.href(path)}?${nextQuery(rawQuery, next)}`,
    },
    ...(next === null ? {} : { truncated: true }),
  }
}

/** The rows that a token for a domain may list: that domain's. */
export const ofOwnDomain = <Q extends { where(column: 'domain_id', operator: '=', value: string): Q }>(who: Who, query: Q): Q =>
  who.domain ? query.where('domain_id', '=', who.domain.id) : query

/** A list without pages. */
export function wholeCollection(context: BaseContext, name: string, path: string, rows: object[] | LongList) {
  const query = context.rawQuery.toString()
  return { [name]: rows, links: { self: context.href(path) + (query ? `?${query}` : ''), previous: null, next: null } }
}

/** Shape of a list sorted by name. */
export const byName = (filters: Record<string, string>, sort: Record<string, string> = {}): ListShape => ({
  filters,
  sortKeys: { name: 'name', id: 'id', ...sort },
  defaultSort: [['name', 'asc']],
  id: 'id',
  maxLimit: 10_000,
})
