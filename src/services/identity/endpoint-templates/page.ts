// A page of a list that is made at once: `limit`, and `marker`, the id of the last one seen.
import { badRequest } from '../../../api/faults.ts'
import { listRequest, nextQuery } from '../../../api/list.ts'
import type { BaseContext } from '../../../api/operation.ts'

/** The rows of the page that was asked for, and the links of v2.0: the next page, where there is one. Throws 400 for an unknown marker. */
export function page<Row extends { id: string }>(context: BaseContext, path: string, all: Row[]) {
  const { limit = all.length, marker } = listRequest(context.rawQuery)
  const at = marker === undefined ? 0 : all.findIndex((row) => row.id === marker) + 1
  if (marker !== undefined && at === 0) throw badRequest(`marker [${marker.slice(0, 80)}] not found`)
  const rows = all.slice(at, at + limit)
  const isLast = !rows.length || at + limit >= all.length
  return {
    rows,
    links: isLast ? [] : [{ rel: 'next', href: `${context.href(path)}?${nextQuery(context.rawQuery, rows.at(-1)!.id)}` }],
  }
}
