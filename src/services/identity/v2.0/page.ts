// Pages of v2.0: `limit`, and `marker`, the id of the last one seen; `..._links` tells the next page, where there is one.
import { badRequest } from '../../../api/faults.ts'
import { listRequest, nextQuery } from '../../../api/list.ts'
import type { BaseContext } from '../../../api/operation.ts'

/** Links of a list behind whose page there is more from that marker on; none on the last. */
export const nextLinks = (context: BaseContext, path: string, next: string | null) =>
  next === null ? [] : [{ rel: 'next', href: `${context.href(path)}?${nextQuery(context.rawQuery, next)}` }]

/** Of a list that is made at once, the rows of the page that was asked for, and the links of v2.0: the next page, where there is one. Throws 400 for an unknown marker. */
export function page<Row extends { id: string }>(context: BaseContext, path: string, all: Row[]) {
  const { limit = all.length, marker } = listRequest(context.rawQuery)
  const at = marker === undefined ? 0 : all.findIndex((row) => row.id === marker) + 1
  if (marker !== undefined && at === 0) throw badRequest(`marker [${marker.slice(0, 80)}] not found`)
  const rows = all.slice(at, at + limit)
  const isLast = !rows.length || at + limit >= all.length
  return { rows, links: nextLinks(context, path, isLast ? null : rows.at(-1)!.id) }
}
