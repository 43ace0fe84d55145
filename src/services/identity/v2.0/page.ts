// Pages of v2.0: `limit`, and `marker`, the id of the last one seen; `..._links` tells the next page, where there is one.
import { type Static, Type } from 'typebox'
import { badRequest } from '../../../api/faults.ts'
import { nextQuery } from '../../../api/list.ts'
import { LinkSchema, type ListStyle } from '../../../api/listing.ts'
import type { BaseContext } from '../../../api/operation.ts'

const nextLinks = (context: BaseContext, path: string, next: string | null) =>
  next === null ? [] : [{ rel: 'next', href: `${context.href(path)}?${nextQuery(context.rawQuery, next)}` }]

/** Of lists that the database makes. */
export const v2Style: ListStyle = {
  unknown: 'ignored',
  repeated: 'any',
  direction: 'asc',
  links: (context, { many, path }, { rows, hasMore }) => ({
    [`${many}_links`]: nextLinks(context, path, hasMore ? (rows.at(-1) as { id: string }).id : null),
  }),
  linksSchema: ({ many }) => ({ [`${many}_links`]: Type.Array(LinkSchema) }),
}

/** Query of a list that is made at once. */
export const PageQuery = Type.Object({
  limit: Type.Optional(Type.Integer({ minimum: 0, maximum: 999_999_999 })),
  marker: Type.Optional(Type.String()),
})

/** Of a list that is made at once, the rows of the page that was asked for, and the links of v2.0: the next page, where there is one. Throws 400 for an unknown marker. */
export function page<Row extends { id: string }>(context: BaseContext & { query: Static<typeof PageQuery> }, path: string, all: Row[]) {
  const { limit = all.length, marker } = context.query
  const at = marker === undefined ? 0 : all.findIndex((row) => row.id === marker) + 1
  if (marker !== undefined && at === 0) throw badRequest(`marker [${marker.slice(0, 80)}] not found`)
  const rows = all.slice(at, at + limit)
  const isLast = !rows.length || at + limit >= all.length
  return { rows, links: nextLinks(context, path, isLast ? null : rows.at(-1)!.id) }
}
