// Lists as identity answers them: rows, links to this page and the next, and filters on parts of a text.
import { sql } from 'kysely'
import { type TSchema, Type } from 'typebox'
import { type Direction, nextQuery } from '../../api/list.ts'
import { type AnyQuery, type Comparison, type Filter, type Listing, type ListStyle, listing } from '../../api/listing.ts'
import { entriesOf, type LongList } from '../../api/long-list.ts'
import type { BaseContext } from '../../api/operation.ts'
import { isTrue, Nullable } from '../../api/types.ts'
import type { Who } from '../../auth/who.ts'

const exact: Comparison = (column, value) => sql`${sql.ref(column)} = ${value}`
const anyCase: Comparison = (column, value) => sql`lower(${sql.ref(column)}) = lower(${value})`

/** Nothing in the value is a wildcard. Case is that of ASCII, on both databases. */
const suffixes: Record<string, Comparison> = {
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

/** `?enabled`, `?enabled=1` and `?enabled=true` mean yes. */
export const flag = (value: string): boolean => value === '' || isTrue(value)

const ListLinks = Type.Object({ self: Type.String(), previous: Type.Null(), next: Nullable(Type.String()) })

/** The address by which a list was asked for. */
function selfOf(context: BaseContext, path: string): string {
  const query = context.rawQuery.toString()
  return context.href(path) + (query ? `?${query}` : '')
}

/** A list's path with the names in it as the request has them. */
function filled(context: BaseContext, path: string): string {
  const { params } = context as unknown as { params: Record<string, string> }
  return path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name]!))
}

export const style: ListStyle = {
  unknown: 'ignored',
  repeated: 'any',
  direction: 'asc',
  suffixes,
  boolean: flag,
  links(context, { path }, { rows, hasMore }) {
    const place = filled(context, path)
    const next = hasMore ? `${context.href(place)}?${nextQuery(context.rawQuery, (rows.at(-1) as { id: string }).id)}` : null
    return { links: { self: selfOf(context, place), previous: null, next }, ...(hasMore ? { truncated: true } : {}) }
  },
  // `truncated` is there where more is behind the page.
  linksSchema: () => ({ links: ListLinks, truncated: Type.Optional(Type.Literal(true)) }),
}

export interface CollectionParts {
  /** Key of the rows in the answer: `projects`. */
  many: string
  /** Path below the version, where it is not `/projects`. */
  path?: string
  filters: Record<string, string | Filter>
  /** Sort keys besides the id; `name` unless given. */
  sortKeys?: readonly string[]
  /** Columns of the order when none is asked for: `name` unless given. */
  defaultSort?: readonly string[]
}

/** A list with filters, sorting and pages. */
export const collection = ({ many, path = `/${many}`, filters, sortKeys = ['name'], defaultSort = ['name'] }: CollectionParts): Listing =>
  listing({
    style,
    many,
    path,
    filters,
    sortKeys: Object.fromEntries([...sortKeys, 'id'].map((key) => [key, key])),
    defaultSort: defaultSort.map((column): [string, Direction] => [column, 'asc']),
    id: 'id',
    maxLimit: 10_000,
  })

/** The same list at another path. */
export const at = (path: string, list: Listing): Listing => listing({ ...list, path })

/** A filter that is true or false. */
export const isOn = (column: string): Filter => ({ column, kind: 'boolean' })
/** A column that can be asked for by a part of its text, and not by the whole of it. */
export const partOf = (column: string): Filter => ({ column, equality: false })
/** A filter that the list's own handler takes. */
export const byHandler: Filter = {}

/** A page of `query`, which holds what the asker may see; `view` gets its rows, many at once. */
export async function listed<Row>(
  context: BaseContext,
  list: Listing,
  query: AnyQuery<Row>,
  view: (rows: Row[]) => Promise<object[]> | object[],
): Promise<object> {
  const page = await list.page<Row>(context, query)
  return list.body(context, page, await entriesOf(page.rows, view))
}

/** The rows that a token for a domain may list: that domain's. */
export const ofOwnDomain = <Q extends { where(column: 'domain_id', operator: '=', value: string): Q }>(who: Who, query: Q): Q =>
  who.domain ? query.where('domain_id', '=', who.domain.id) : query

/** A list without pages. */
export function wholeCollection(context: BaseContext, name: string, path: string, rows: object[] | LongList) {
  return { [name]: rows, links: { self: selfOf(context, path), previous: null, next: null } }
}

/** The answer of a list without pages. */
export const WholeCollection = (name: string, row: TSchema) => Type.Object({ [name]: Type.Array(row), links: ListLinks })
