// Pages of metadata definitions: sorting defaults to the newest first, the marker is a name.
import { badRequest } from '../../../api/faults.ts'
import { type Direction, type ListRequest, type ListShape, listRequest } from '../../../api/list.ts'

export const shape: ListShape = {
  filters: {},
  sortKeys: { name: 'name', namespace: 'name', created_at: 'created_at', updated_at: 'updated_at' },
  defaultSort: [
    ['created_at', 'desc'],
    ['name', 'desc'],
  ],
  id: 'name',
  maxLimit: 1000,
}

/** Order and page of a request. Throws 400 for what cannot be. */
export function pageRequest(query: URLSearchParams): ListRequest {
  const request = listRequest(query)
  const direction = (query.get('sort_dir') ?? 'desc') as Direction
  if (direction !== 'asc' && direction !== 'desc') throw badRequest(`Invalid sort direction: ${direction}`)
  const key = query.get('sort_key') ?? 'created_at'
  return { ...request, filters: {}, sort: [[key, direction]] }
}

/** `first` and, where there is more, `next`. */
export function links(path: string, query: URLSearchParams, next: string | null) {
  const at = (marker: string | null) => {
    const copy = new URLSearchParams(query)
    copy.delete('marker')
    if (marker !== null) copy.set('marker', marker)
    const text = copy.toString()
    return text ? `${path}?${text}` : path
  }
  return { first: at(null), ...(next === null ? {} : { next: at(next) }) }
}
