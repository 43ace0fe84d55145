// GET /v1/images and /v1/images/detail (reference 12.2.1, 12.2.3).
import { badRequest } from '../../../api/faults.ts'
import { type AnyQuery, listing } from '../../../api/listing.ts'
import { LongList } from '../../../api/long-list.ts'
import { type BaseContext, operation } from '../../../api/operation.ts'
import type { Db } from '../../../db/database.ts'
import { type Condition, conditionsOf } from '../images/filters.ts'
import { listImages } from '../images/list.ts'
import { inOrder, viewerOf } from '../images/resource.ts'
import { complete, type Image, isCrowded, visibleTo } from '../images/store.ts'
import { imagesAtOnce } from '../images/view.ts'
import { ordered, styleOfV1 } from '../listing.ts'
import { BriefImage, briefView, DetailedImage, detailView } from './view.ts'

const collection = listing({
  ...inOrder,
  style: styleOfV1,
  many: 'images',
  path: '/images',
  filters: {
    name: {},
    container_format: {},
    disk_format: {},
    status: {},
    size_min: { kind: 'integer' },
    size_max: { kind: 'integer' },
    min_ram: { kind: 'integer' },
    min_disk: { kind: 'integer' },
    protected: { kind: 'boolean' },
    'changes-since': {},
    is_public: { description: 'true, false, or for administrators none: both, and those of all projects.' },
  },
})
/** Those that version 2 has too. Properties are asked for by `property-NAME`. */
const filters = new Set(['name', 'container_format', 'disk_format', 'size_min', 'size_max', 'min_ram', 'min_disk', 'protected'])

/** The filters of version 1 as those of version 2. Those it does not know are ignored. */
async function conditions(query: URLSearchParams, context: BaseContext, crowded: boolean): Promise<Condition[]> {
  const viewer = viewerOf(context)
  const translated = new URLSearchParams()
  const more: Condition[] = []
  for (const [name, value] of query) {
    if (filters.has(name)) translated.append(name, value)
    else if (name.startsWith('property-')) translated.append(name.slice('property-'.length), value)
    else if (name === 'changes-since') translated.append('updated_at', `gte:${value}`)
    else if (name === 'status') {
      const known = value.toLowerCase() === 'saving' ? ['saving', 'importing'] : [value.toLowerCase()]
      more.push((eb) => eb('status', 'in', known as never))
    }
  }
  const isPublic = (query.get('is_public') ?? 'default').toLowerCase()
  if (!['default', 'none', 'true', 'false', '1', '0'].includes(isPublic)) throw badRequest('is_public must be None, True, or False')
  if (isPublic === 'false' || isPublic === '0') more.push((eb) => eb('visibility', '!=', 'public'))
  if (isPublic === 'true' || isPublic === '1') translated.set('visibility', 'public')
  // Only administrators see what is neither public, their own, nor shared with them, and only when they ask for it.
  else if (!viewer.isAdmin || isPublic === 'default') translated.set('member_status', 'all')
  return [...(await conditionsOf(context.db, translated, viewer, crowded)), ...more]
}

async function page(context: BaseContext): Promise<Image[]> {
  const { db, rawQuery } = context
  const crowded = await isCrowded(db, viewerOf(context))
  const wanted = await conditions(rawQuery, context, crowded)
  const seen = db
    .selectFrom('images')
    .selectAll()
    .where(visibleTo(viewerOf(context), crowded))
  const narrowed = (query: AnyQuery<Image>) => wanted.reduce((q, condition) => q.where(condition as never), query)
  return (await collection.page<Image>(ordered(context), seen, narrowed)).rows
}

export const listBrief = operation({
  id: 'v1.images.list',
  method: 'GET',
  path: '/images',
  summary: 'List images',
  catalog: ['image-v1.images.list-images'],
  query: collection.query,
  answer: collection.answer(BriefImage),
  policy: listImages.policy,
  handle: async (context) => ({ images: (await page(context)).map(briefView) }),
})

/** A page of usual length at once; more is sent while it is made, since properties may be long. */
async function details(db: Db, rows: Image[]): Promise<object[] | LongList> {
  const part = async (at: number) => (await complete(db, rows.slice(at, at + imagesAtOnce))).map(detailView)
  if (rows.length <= imagesAtOnce) return part(0)
  return new LongList(
    (async function* () {
      for (let at = 0; at < rows.length; at += imagesAtOnce) yield await part(at)
    })(),
  )
}

const detailed = (path: '/images/detail' | '/images/details', catalog: string) =>
  operation({
    id: `v1.images.${path.slice(8)}`,
    method: 'GET',
    path,
    summary: 'List images with details',
    catalog: [catalog],
    query: collection.query,
    answer: collection.answer(DetailedImage),
    policy: listImages.policy,
    handle: async (context) => ({ images: await details(context.db, await page(context)) }),
  })

export const listDetail = detailed('/images/detail', 'image-v1.images.list-image-details')
/** As the quick start spells it. */
export const listDetails = detailed('/images/details', 'quickstart-image-v1.images.list-image-details')
