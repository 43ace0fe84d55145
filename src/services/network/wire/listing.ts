// Lists as networking has them: a filter for every attribute (given several times: any of the values), `fields`,
// sorting, and pages in both directions.
import { type TSchema, Type } from 'typebox'
import { badRequest, notBuilt } from '../../../api/faults.ts'
import { nextQuery } from '../../../api/list.ts'
import { type AnyQuery, type Filter, LinkSchema, type Listing, type ListStyle, listing } from '../../../api/listing.ts'
import { entriesOf } from '../../../api/long-list.ts'
import type { BaseContext } from '../../../api/operation.ts'
import type { Link } from '../../../api/types.ts'
import { booleanFilter, notYet } from './filters.ts'

export const style: ListStyle = {
  common: ['fields'],
  repeated: 'any',
  direction: 'asc',
  reverse: true,
  emptyIsNone: true,
  // What a list does not know must not be taken as no filter at all: that would answer with everything.
  unknown: (name) =>
    notYet.has(name)
      ? notBuilt(`Filtering by ${name}`)
      : badRequest(`['${name.slice(0, 60)}'] is invalid attribute for filtering`, 'HTTPBadRequest'),
  boolean: booleanFilter,
  links(context, { many, path }, { rows, isReverse, limit, marker, hasMore }) {
    if (!limit || !rows.length) return {}
    const links: Link[] = []
    const link = (rel: string, row: unknown, back: boolean) => {
      const search = new URLSearchParams(nextQuery(context.rawQuery, (row as { id: string }).id))
      search.delete('page_reverse')
      if (back) search.set('page_reverse', 'True')
      links.push({ rel, href: context.href(`${path}?${search}`) })
    }
    if (isReverse ? marker : hasMore) link('next', rows.at(-1), false)
    if (isReverse ? hasMore : marker) link('previous', rows[0], true)
    return links.length ? { [`${many}_links`]: links } : {}
  },
  linksSchema: ({ many }) => ({ [`${many}_links`]: Type.Optional(Type.Array(LinkSchema)) }),
}

const everything = 1_000_000
const times = ['created_at', 'updated_at']

/** A list whose attributes can all be filtered and sorted by. */
export function collection(parts: {
  /** `networks`, as in path and answer. */
  many: string
  /** Path below the version, where it is not `/networks`. */
  path?: string
  /** Attribute to column. */
  columns: Record<string, string>
  /** Attributes that are whole numbers, and those that are true or false. */
  numbers?: readonly string[]
  booleans?: readonly string[]
  /** Filters that the list's own handler takes. */
  filters?: readonly string[]
}): Listing {
  const { many, path = `/${many}`, columns, numbers = [], booleans = [], filters = [] } = parts
  const kindOf = (name: string): Filter['kind'] =>
    numbers.includes(name) ? 'integer' : booleans.includes(name) ? 'boolean' : times.includes(name) ? 'time' : 'text'
  return listing({
    style,
    many,
    path,
    filters: {
      ...Object.fromEntries(Object.entries(columns).map(([name, column]) => [name, { column, kind: kindOf(name) }])),
      ...Object.fromEntries(filters.map((name) => [name, {}])),
    },
    sortKeys: columns,
    defaultSort: [['id', 'asc']],
    id: 'id',
    maxLimit: everything,
  })
}

/** Query of what is shown with the attributes that `fields` asks for. */
export const FieldsQuery = Type.Object({ fields: Type.Optional(Type.String()) })

/** A thing in the answer of a read: with `fields`, some of its attributes. */
export const Shown = <S extends TSchema>(schema: S) => Type.Partial(schema as never) as TSchema

/** The attributes asked for by `fields`, or all. */
export function pickFields(context: Pick<BaseContext, 'rawQuery'>, view: object): object {
  const fields = context.rawQuery.getAll('fields').filter(Boolean)
  if (!fields.length) return view
  return Object.fromEntries(Object.entries(view).filter(([name]) => fields.includes(name)))
}

/**
 * A page as it is answered. `view` turns rows of the page into their wire form, many at once so that it can look up what belongs to
 * them in one query.
 */
export async function listed<Row extends { id: string }>(
  context: BaseContext,
  list: Listing,
  query: AnyQuery<Row>,
  view: (rows: Row[]) => Promise<object[]> | object[],
): Promise<object> {
  const page = await list.page(context, query)
  const shown = await entriesOf(page.rows, async (part) => {
    const views = await view(part)
    return context.rawQuery.has('fields') ? views.map((one) => pickFields(context, one)) : views
  })
  return list.body(context, page, shown)
}
