// Lists as a resource declares them: what one can filter and sort by, and how the service writes pages. From that come the schema of
// the query, the rows of a page and the links beside it.
import type { Expression, OperationNode, SelectQueryBuilder, SqlBool } from 'kysely'
import { type TSchema, Type } from 'typebox'
import { columnKind } from '../db/columns.ts'
import type { Tables } from '../db/tables.ts'
import { badRequest, type Fault } from './faults.ts'
import { type Direction, type ListRequest, listRows, nextQuery } from './list.ts'
import type { BaseContext } from './operation.ts'
import { isTrue } from './types.ts'
import { since as fieldSince } from './versions.ts'

/** `time`: shown in whole seconds, so each finds what happened within that second. */
export type FilterKind = 'text' | 'integer' | 'boolean' | 'time'

export interface Filter {
  /** Column that it is compared with. Left out: the list's own handler does it. */
  column?: string
  /** What its value is; text unless given. */
  kind?: FilterKind
  /** False: it cannot be asked for by its value, only by a comparison. */
  equality?: false
  /** First version that has it; earlier ones know no such filter. */
  since?: string
  /** From those whom this rule does not allow it is ignored. */
  rule?: string
  description?: string
}

/** A condition on a column by a value that came with `name__contains` or `gt:`. */
export type Comparison = (column: string, value: string) => Expression<SqlBool>

/** How a service's lists are asked for and answered. */
export interface ListStyle {
  /** What becomes of a parameter that the list does not know. */
  unknown: 'ignored' | ((name: string) => Fault)
  /** Parameters that all of its lists know besides those of pages and order. */
  common?: readonly string[]
  /** A filter that is given several times: any of the values, or the first or last one counts. */
  repeated: 'any' | 'first' | 'last'
  /** Order of a sort key without one. */
  direction: Direction
  /** Behind the name of a text filter: `name__contains`. */
  suffixes?: Readonly<Record<string, Comparison>>
  /** Pages go backwards with `page_reverse`. */
  reverse?: true
  /** True or false as text. Throws for neither; the loose forms that OpenStack knows unless given. */
  boolean?(text: string, name: string): boolean
  /** A limit of 0 and an empty marker mean none. */
  emptyIsNone?: true
  /** What stands beside the rows in the answer. */
  links(context: BaseContext, list: ListDeclaration, page: Page<unknown>): Record<string, unknown>
  /** The schema of that. */
  linksSchema(list: ListDeclaration): Record<string, TSchema>
}

export interface ListDeclaration {
  style: ListStyle
  /** Key of the rows in the answer: `servers`. */
  many: string
  /** Path below the version, for links. */
  path: string
  /** Parameter to what it means; a text alone is the column of a text. */
  filters: Readonly<Record<string, string | Filter>>
  /** Wire name to column. */
  sortKeys: Readonly<Record<string, string>>
  /** Used when none is asked for, and after what was asked for. */
  defaultSort: readonly (readonly [column: string, direction: Direction])[]
  /** Columns among the sort keys that may be null. */
  nullable?: readonly string[]
  /** Column of what the marker names; unique. */
  id: string
  /** Greatest page; also the page when no limit was given, unless `defaultLimit` says otherwise. */
  maxLimit: number
  defaultLimit?: number
}

export interface Page<Row> {
  rows: Row[]
  /** The page was asked for backwards. */
  isReverse: boolean
  limit: number | undefined
  marker: string | undefined
  /** Whether there is more behind the last row, in the direction that was asked for. */
  hasMore: boolean
}

export interface Listing extends ListDeclaration {
  /** For the operation's `query`. */
  query: TSchema
  /** For the operation's `answer`: rows of that schema, and the links. */
  answer(row: TSchema): TSchema
  /**
   * One page of `query`, which holds what the asker may see and nothing else. `more` adds conditions that the marker need not meet.
   * Throws 400 for a parameter, sort key, limit or marker that cannot be.
   */
  page<Row>(context: BaseContext, query: AnyQuery<Row>, more?: (query: AnyQuery<Row>) => AnyQuery<Row>): Promise<Page<Row>>
  /** The answer: the rows as they are shown (or what makes them while they are sent), and the links. */
  body(context: BaseContext, page: Page<unknown>, shown: unknown): Record<string, unknown>
}

// biome-ignore lint/suspicious/noExplicitAny: one function for the rows of every table
export type AnyQuery<Row> = SelectQueryBuilder<Tables, any, Row>

const paging = ['limit', 'marker', 'sort_key', 'sort_dir', 'sort']
/** Parts of a text that one list compares: each is looked for in every row. */
const mostComparisons = 50

export function listing(declaration: ListDeclaration): Listing {
  const { style, many, filters } = declaration
  const known = new Map(Object.entries(filters).map(([name, filter]) => [name, typeof filter === 'string' ? { column: filter } : filter]))
  const always = new Set([...paging, ...(style.reverse ? ['page_reverse'] : []), ...(style.common ?? [])])
  let isChecked = false
  return {
    ...declaration,
    query: querySchema(declaration, known, always),
    answer: (row) => Type.Object({ [many]: Type.Array(row), ...style.linksSchema(declaration) }),
    body: (context, page, shown) => ({ [many]: shown, ...style.links(context, declaration, page) }),
    async page<Row>(context: BaseContext, query: AnyQuery<Row>, more?: (query: AnyQuery<Row>) => AnyQuery<Row>) {
      if (context.cloud.config.checkAnswers && !isChecked) {
        checkKinds(query, known)
        isChecked = true
      }
      const { conditions, values, times } = conditionsOf(context, declaration, known, always)
      const isReverse = style.reverse === true && isTrue(context.rawQuery.get('page_reverse'))
      const flip = (direction: Direction): Direction => ((direction === 'asc') === isReverse ? 'desc' : 'asc')
      const request = pageRequest(context.rawQuery, style)
      const shape = {
        ...declaration,
        filters: Object.fromEntries([...values.keys()].map((name) => [name, known.get(name)!.column!])),
        sortKeys: { ...declaration.sortKeys },
        defaultSort: declaration.defaultSort.map(([column, direction]): [string, Direction] => [column, flip(direction)]),
        nullable: [...(declaration.nullable ?? [])],
      }
      let narrowed = conditions.reduce((narrower, condition) => narrower.where(condition), query)
      for (const [column, seconds] of times)
        narrowed = narrowed.where((eb) => eb.or(seconds.map(({ from, to }) => eb.and([eb(column, '>=', from), eb(column, '<=', to)]))))
      const { rows, next } = await listRows<Row>(
        narrowed,
        shape,
        { ...request, filters: Object.fromEntries(values), sort: request.sort.map(([key, direction]) => [key, flip(direction)]) },
        more,
      )
      if (isReverse) rows.reverse()
      return { rows, isReverse, limit: request.limit, marker: request.marker, hasMore: next !== null }
    },
  }
}

/** Order and page as the query asks for them. Throws 400. */
function pageRequest(search: URLSearchParams, style: ListStyle): ListRequest {
  const directions = search.getAll('sort_dir')
  const short = search.get('sort')
  const sort = short
    ? short.split(',').map((part): [string, Direction] => {
        const [key = '', dir] = part.split(':')
        return [key.trim(), dir === undefined ? style.direction : direction(dir)]
      })
    : search
        .getAll('sort_key')
        .map((key, index): [string, Direction] => [key, direction(directions[index] ?? directions.at(-1) ?? style.direction)])
  const text = search.get('limit')
  if (text !== null && !/^\d{1,9}$/.test(text))
    throw badRequest(`Invalid input for query parameter limit: '${text.slice(0, 40)}' is not a whole number of at least 0.`)
  const limit = text === null || (style.emptyIsNone && Number(text) === 0) ? undefined : Number(text)
  return { filters: {}, sort, limit, marker: style.emptyIsNone ? search.get('marker') || undefined : (search.get('marker') ?? undefined) }
}

function direction(text: string): Direction {
  const lower = text.trim().toLowerCase()
  if (lower !== 'asc' && lower !== 'desc') throw badRequest(`Invalid sort direction '${text.slice(0, 40)}': it is asc or desc.`)
  return lower
}

/** What the filters of a request ask of the rows. Throws the style's fault for a parameter that is none. */
function conditionsOf(
  context: BaseContext,
  { style }: ListDeclaration,
  known: ReadonlyMap<string, Filter>,
  always: ReadonlySet<string>,
): { conditions: Expression<SqlBool>[]; values: Map<string, unknown>; times: Map<string, Second[]> } {
  const times = new Map<string, Second[]>()
  const values = new Map<string, unknown>()
  const conditions: Expression<SqlBool>[] = []
  const compared = new Set<string>()
  for (const name of new Set(context.rawQuery.keys())) {
    const filter = known.get(name)
    if (filter && !(filter.since && !context.at(filter.since))) {
      if (!filter.column || filter.equality === false || (filter.rule && !context.allows(filter.rule))) continue
      const all = context.rawQuery.getAll(name)
      const given = style.repeated === 'any' ? all : style.repeated === 'last' ? all.slice(-1) : all.slice(0, 1)
      if (filter.kind === 'time') {
        times.set(
          filter.column,
          given.map((text) => secondOf(text, name)),
        )
        continue
      }
      const convert = (text: string) => valueFrom(text, name, filter.kind ?? 'text', style)
      values.set(name, given.length > 1 ? given.map(convert) : convert(given[0]!))
      continue
    }
    if (always.has(name)) continue
    const comparison = comparisonOf(name, style, known)
    if (comparison) {
      for (const value of context.rawQuery.getAll(name)) {
        compared.add(`${name} ${value}`)
        if (compared.size > mostComparisons) throw badRequest(`There are more than ${mostComparisons} comparisons.`)
        if (value !== '') conditions.push(comparison(value))
      }
    } else if (style.unknown !== 'ignored') throw style.unknown(name)
  }
  return { conditions, values, times }
}

/** Throws an error when a filter is of another kind than the column that it is compared with. */
function checkKinds(query: { toOperationNode(): OperationNode }, known: ReadonlyMap<string, Filter>): void {
  for (const [name, { column, kind = 'text' }] of known) {
    const held = column && columnKind(query, column)
    const needed = held === 'bool' ? 'boolean' : held === 'int' || held === 'serial' ? 'integer' : 'text'
    if (held && needed !== (kind === 'time' ? 'text' : kind))
      throw new Error(`the filter ${name} is ${kind}, and its column ${column} is ${held}`)
  }
}

function comparisonOf(name: string, { suffixes }: ListStyle, known: ReadonlyMap<string, Filter>) {
  const at = suffixes ? name.indexOf('__') : -1
  if (at < 0) return null
  const filter = known.get(name.slice(0, at))
  const suffix = name.slice(at + 2)
  const compare = Object.hasOwn(suffixes!, suffix) ? suffixes![suffix] : undefined
  if (!filter?.column || (filter.kind ?? 'text') !== 'text' || !compare) return null
  return (value: string) => compare(filter.column!, value)
}

interface Second {
  from: string
  to: string
}

/** First and last moment of the second, as they are stored; without a zone it is UTC. Throws 400. */
function secondOf(text: string, name: string): Second {
  const isTime = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)?$/.test(text)
  const at = isTime ? Date.parse(/(Z|[+-]\d\d:\d\d)$/.test(text) ? text : `${text}Z`) : Number.NaN
  if (Number.isNaN(at)) throw badRequest(`Invalid input for query parameter ${name}: '${text.slice(0, 60)}' is not a time.`)
  const second = Math.floor(at / 1000) * 1000
  return { from: new Date(second).toISOString(), to: new Date(second + 999).toISOString() }
}

function valueFrom(text: string, name: string, kind: FilterKind, style: ListStyle): unknown {
  if (kind === 'boolean') return (style.boolean ?? looseBoolean)(text, name)
  if (kind === 'text') return text
  if (!/^-?\d{1,15}$/.test(text)) throw badRequest(`'${text.slice(0, 60)}' is not an integer`)
  return Number(text)
}

function looseBoolean(text: string, name: string): boolean {
  if (!/^(true|false|t|f|yes|no|y|n|on|off|0|1)$/i.test(text))
    throw badRequest(`Invalid input for query parameter ${name.slice(0, 60)}: '${text.slice(0, 60)}' cannot be converted to boolean`)
  return isTrue(text)
}

/** What clients may ask for. Values are looked at by `page`, whose faults are the service's. */
function querySchema({ style }: ListDeclaration, known: ReadonlyMap<string, Filter>, always: ReadonlySet<string>): TSchema {
  const schemaOf = ({ kind = 'text', description, since }: Filter) => {
    const schema = Type.Unsafe<string>({ type: 'string', ...(kind !== 'text' && { 'x-kind': kind }), ...(description && { description }) })
    return Type.Optional(since ? fieldSince(since, schema) : schema)
  }
  const named = [...known].filter(([, filter]) => filter.equality !== false)
  const compared = [...known].filter(([, { column, kind = 'text' }]) => style.suffixes && column && kind === 'text')
  return Type.Object(
    {
      ...Object.fromEntries([...always].map((name) => [name, Type.Optional(Type.String())])),
      ...Object.fromEntries(named.map(([name, filter]) => [name, schemaOf(filter)])),
    },
    {
      'x-unknown': style.unknown === 'ignored' ? 'ignored' : 'refused',
      // `name__contains` and the like, for each of these with each of those.
      ...(compared.length && { 'x-comparisons': { names: compared.map(([name]) => name), suffixes: Object.keys(style.suffixes!) } }),
    },
  )
}

/** `MANY_links` with the next page, as compute and older services have it. */
export const nextLinks = {
  links(context: BaseContext, { many, path }: ListDeclaration, { rows, hasMore }: Page<unknown>) {
    if (!hasMore) return {}
    const marker = String((rows.at(-1) as { id: unknown }).id)
    return { [`${many}_links`]: [{ rel: 'next', href: `${context.href(path)}?${nextQuery(context.rawQuery, marker)}` }] }
  },
  linksSchema: ({ many }: ListDeclaration) => ({ [`${many}_links`]: Type.Optional(Type.Array(LinkSchema)) }),
}

export const LinkSchema = Type.Object({ rel: Type.String(), href: Type.String() })
