// GET /v2/images (reference 11.2.2).
import { badRequest } from '../../../api/faults.ts'
import { type Direction, type ListRequest, type ListShape, listRows } from '../../../api/list.ts'
import { shortOrLongText } from '../../../api/long-list.ts'
import { operation, reply } from '../../../api/operation.ts'
import { rule } from '../../../auth/policy.ts'
import { anyReader } from '../rules.ts'
import { conditionsOf } from './filters.ts'
import { viewerOf } from './resource.ts'
import { isCrowded, visibleTo } from './store.ts'

const sortable = ['name', 'status', 'container_format', 'disk_format', 'size', 'id', 'created_at', 'updated_at'] as const
type Sortable = (typeof sortable)[number]

const shape: ListShape = {
  filters: {},
  sortKeys: Object.fromEntries(sortable.map((key) => [key, key])),
  nullable: ['name', 'container_format', 'disk_format', 'size'],
  defaultSort: [
    ['created_at', 'desc'],
    ['id', 'desc'],
  ],
  id: 'id',
  maxLimit: 1000,
  defaultLimit: 25,
}

const direction = (text: string): Direction => {
  if (text !== 'asc' && text !== 'desc') throw badRequest(`Invalid sort direction: ${text.slice(0, 40)}`)
  return text
}

/** Order and page; directions default to descending here, unlike in other services. */
function requestOf(query: URLSearchParams): ListRequest {
  const keys = query.getAll('sort_key')
  const directions = query.getAll('sort_dir')
  const short = query.get('sort')
  if (short !== null && (keys.length || directions.length)) throw badRequest('Old and new sorting syntax cannot be combined')
  if (directions.length > 1 && directions.length !== keys.length)
    throw badRequest('Number of sort dirs does not match the number of sort keys')
  let sort: ListRequest['sort'] = keys.map((key, index) => [key, direction(directions[index] ?? directions[0] ?? 'desc')])
  if (!keys.length && directions.length) sort = [['created_at', direction(directions[0]!)]]
  if (short !== null) {
    sort = short.split(',').map((part) => {
      const [key = '', dir = 'desc'] = part.split(':')
      return [key.trim(), direction(dir.trim())]
    })
  }
  const limit = query.get('limit')
  if (limit !== null && !/^\d{1,9}$/.test(limit)) throw badRequest('limit param must be an integer of at least 0')
  return { filters: {}, sort, limit: limit === null ? undefined : Number(limit), marker: query.get('marker') ?? undefined }
}

function link(query: URLSearchParams, marker?: string): string {
  const copy = new URLSearchParams(query)
  copy.delete('marker')
  if (marker !== undefined) copy.set('marker', marker)
  const text = copy.toString()
  return text ? `/v2/images?${text}` : '/v2/images'
}

export const listImages = operation({
  id: 'images.list',
  method: 'GET',
  path: '/images',
  summary: 'List images',
  catalog: ['image-v2.images.list-images'],
  policy: rule('get_images', anyReader, 'List images.'),
  async handle(context) {
    const { db, rawQuery } = context
    const viewer = viewerOf(context)
    const request = requestOf(rawQuery)
    const crowded = await isCrowded(db, viewer)
    const conditions = await conditionsOf(db, rawQuery, viewer, crowded)
    const columns = [
      ...new Set<Sortable>(['id', 'created_at', ...request.sort.map(([key]) => key as Sortable).filter((key) => sortable.includes(key))]),
    ]
    const seen = db.selectFrom('images').select(columns).select('revision').where(visibleTo(viewer, crowded))
    const { rows, next } = await listRows(seen, shape, request, (query) => conditions.reduce((q, condition) => q.where(condition), query))
    const tail = `"first":${JSON.stringify(link(rawQuery))},${next === null ? '' : `"next":${JSON.stringify(link(rawQuery, next))},`}"schema":"/v2/schemas/images"`
    const body = await shortOrLongText('{"images":[', context.cloud.image.texts.inParts(db, rows), `],${tail}}`)
    return reply({ headers: { 'content-type': 'application/json' }, body })
  },
})
