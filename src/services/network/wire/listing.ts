// Lists as networking has them: a filter for every attribute (given several times: any of the values), `fields`,
// sorting, and pages in both directions.
import type { SelectQueryBuilder } from 'kysely'
import { badRequest } from '../../../api/faults.ts'
import { type ListRequest, listRequest, listRows, nextQuery } from '../../../api/list.ts'
import { entriesOf } from '../../../api/long-list.ts'
import type { BaseContext } from '../../../api/operation.ts'
import { isTrue, type Link } from '../../../api/types.ts'
import { columnKind } from '../../../db/columns.ts'
import type { ColumnKind } from '../../../db/schema.ts'
import type { Tables } from '../../../db/tables.ts'
import { checkFilters } from './filters.ts'

export interface Collection {
  /** `networks`, as in path and answer. */
  many: string
  /** Path below the version, where it is not `/networks`. */
  path?: string
  /** Attribute to column: what can be filtered and sorted by. */
  columns: Record<string, string>
  /** Filters that the list's own handler takes. */
  filters?: string[]
}

const everything = 1_000_000

/** The values of a filter, as the column holds them. */
function valuesOf(kind: ColumnKind | undefined, given: unknown): unknown {
  const convert = (text: string): unknown => {
    if (kind === 'bool') {
      if (!/^(true|false|t|f|yes|no|y|n|on|off|0|1)$/i.test(text)) throw badRequest(`'${text.slice(0, 60)}' cannot be converted to boolean`)
      return isTrue(text)
    }
    if (kind !== 'int') return text
    if (!/^-?\d{1,15}$/.test(text)) throw badRequest(`'${text.slice(0, 60)}' is not an integer`)
    return Number(text)
  }
  return Array.isArray(given) ? given.map(convert) : convert(String(given))
}

/** The attributes asked for by `fields`, or all. */
export function pickFields(context: Pick<BaseContext, 'rawQuery'>, view: object): object {
  const fields = context.rawQuery.getAll('fields').filter(Boolean)
  if (!fields.length) return view
  return Object.fromEntries(Object.entries(view).filter(([name]) => fields.includes(name)))
}

/** The rows of one page of `query`, which holds only what the asker may see, and the links to the pages beside it. */
export async function pageOf<Row extends { id: string }>(
  context: BaseContext,
  collection: Collection,
  // biome-ignore lint/suspicious/noExplicitAny: one function for the rows of every table
  query: SelectQueryBuilder<Tables, any, Row>,
): Promise<{ rows: Row[]; links: Link[] }> {
  const { rawQuery } = context
  const { many, columns } = collection
  checkFilters(context, [...Object.keys(columns), ...(collection.filters ?? [])])
  const request: ListRequest = listRequest(rawQuery)
  const filters: Record<string, unknown> = {}
  for (const [name, column] of Object.entries(columns)) {
    const given = request.filters[name]
    if (given !== undefined) filters[name] = valuesOf(columnKind(query, column), given)
  }
  const reverse = isTrue(rawQuery.get('page_reverse'))
  const flip = (direction: 'asc' | 'desc') => ((direction === 'asc') === reverse ? 'desc' : 'asc')
  const { rows, next } = await listRows(
    query,
    { filters: columns, sortKeys: columns, defaultSort: [['id', flip('asc')]], id: 'id', maxLimit: everything },
    {
      filters,
      sort: request.sort.map(([key, direction]) => [key, flip(direction)]),
      limit: request.limit || undefined,
      marker: request.marker || undefined,
    },
  )
  if (reverse) rows.reverse()
  const links: Link[] = []
  if (request.limit && rows.length) {
    const path = collection.path ?? `/${many}`
    const link = (rel: string, marker: string, back: boolean) => {
      const search = new URLSearchParams(nextQuery(rawQuery, marker))
      search.delete('page_reverse')
      if (back) search.set('page_reverse', 'True')
      links.push({ rel, href: context.href(`${path}?${search}`) })
    }
    if (reverse ? request.marker : next) link('next', rows.at(-1)!.id, false)
    if (reverse ? next : request.marker) link('previous', rows[0]!.id, true)
  }
  return { rows, links }
}

/**
 * A page as it is answered. `view` turns rows of the page into their wire form, many at once so that it can look up what belongs to
 * them in one query.
 */
export async function listing<Row extends { id: string }>(
  context: BaseContext,
  collection: Collection,
  // biome-ignore lint/suspicious/noExplicitAny: one function for the rows of every table
  query: SelectQueryBuilder<Tables, any, Row>,
  view: (rows: Row[]) => Promise<object[]> | object[],
): Promise<object> {
  const { rows, links } = await pageOf(context, collection, query)
  const shown = await entriesOf(rows, async (part) => {
    const views = await view(part)
    return context.rawQuery.has('fields') ? views.map((one) => pickFields(context, one)) : views
  })
  return { [collection.many]: shown, ...(links.length ? { [`${collection.many}_links`]: links } : {}) }
}
