// Lists as the image service has them: the newest first, addresses of the first and the next page, and filters that its handlers take.
import { Type } from 'typebox'
import { badRequest } from '../../api/faults.ts'
import type { ListDeclaration, ListStyle } from '../../api/listing.ts'
import type { BaseContext } from '../../api/operation.ts'

export const style: ListStyle = {
  unknown: 'ignored',
  repeated: 'any',
  direction: 'desc',
  links(context, list, { rows, hasMore }) {
    const at = (marker: unknown) => {
      const search = new URLSearchParams(context.rawQuery)
      search.delete('marker')
      if (marker !== undefined) search.set('marker', String(marker))
      return search.size ? `${pathOf(context, list)}?${search}` : pathOf(context, list)
    }
    const last = rows.at(-1) as Record<string, unknown> | undefined
    return {
      first: at(undefined),
      ...(hasMore && { next: at(last![list.id]) }),
      schema: `/v2/schemas/${list.path.startsWith('/metadefs') ? 'metadefs/' : ''}${list.many}`,
    }
  },
  linksSchema: () => ({
    first: Type.String(),
    /** Not of the last page. */
    next: Type.Optional(Type.String()),
    schema: Type.String(),
  }),
}

/** Of version 1, whose clients name the marker themselves. */
export const styleOfV1: ListStyle = { ...style, links: () => ({}), linksSchema: () => ({}) }

function pathOf(context: BaseContext, { path }: ListDeclaration): string {
  const { params } = context as BaseContext & { params: Record<string, string> }
  return `/v2${path.replace(/\{(\w+)\}/g, (_, name: string) => params[name]!)}`
}

/** The order that is asked for: keys with the directions that were named. */
const shortOrder = (query: URLSearchParams) =>
  (query.get('sort') ?? '').split(',').map((part) => part.split(':').map((text) => text.trim()))

/** Keys that the query names to order by. */
export const sortKeysIn = (query: URLSearchParams): string[] => [...query.getAll('sort_key'), ...shortOrder(query).map(([key = '']) => key)]

/**
 * The context with its order in words that every list knows: a direction alone means the time of creation. Throws 400 for an order that
 * contradicts itself.
 */
export function ordered<C extends BaseContext>(context: C): C {
  const { rawQuery } = context
  const keys = rawQuery.getAll('sort_key')
  const directions = rawQuery.getAll('sort_dir')
  if (rawQuery.has('sort') && (keys.length || directions.length)) throw badRequest('Old and new sorting syntax cannot be combined')
  const odd = [...directions, ...shortOrder(rawQuery).flatMap(([, direction]) => direction ?? [])].find(
    (direction) => direction !== 'asc' && direction !== 'desc',
  )
  if (odd !== undefined) throw badRequest(`Invalid sort direction: ${odd.slice(0, 40)}`)
  if (directions.length > 1 && directions.length !== keys.length)
    throw badRequest('Number of sort dirs does not match the number of sort keys')
  if (keys.length || !directions.length) return context
  const search = new URLSearchParams(rawQuery)
  search.set('sort_key', 'created_at')
  return { ...context, rawQuery: search }
}
