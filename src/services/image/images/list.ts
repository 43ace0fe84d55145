// GET /v2/images (reference 11.2.2).
import { shortOrLongText } from '../../../api/long-list.ts'
import { operation, reply } from '../../../api/operation.ts'
import { rule } from '../../../auth/policy.ts'
import { ordered, sortKeysIn } from '../listing.ts'
import { anyReader } from '../rules.ts'
import { conditionsOf } from './filters.ts'
import { imageCollection, sortable, viewerOf } from './resource.ts'
import { Image } from './schema.ts'
import { isCrowded, type Image as Stored, visibleTo } from './store.ts'

type Row = Pick<Stored, (typeof sortable)[number] | 'revision'>

export const listImages = operation({
  id: 'images.list',
  method: 'GET',
  path: '/images',
  summary: 'List images',
  catalog: ['image-v2.images.list-images'],
  policy: rule('get_images', anyReader, 'List images.'),
  query: imageCollection.query,
  answer: imageCollection.answer(Image),
  async handle(given) {
    const context = ordered(given)
    const { db, rawQuery } = given
    const viewer = viewerOf(context)
    const crowded = await isCrowded(db, viewer)
    const conditions = await conditionsOf(db, rawQuery, viewer, crowded)
    const asked = new Set(['id', 'created_at', ...sortKeysIn(rawQuery)])
    const columns = sortable.filter((key) => asked.has(key))
    const seen = db.selectFrom('images').select(columns).select('revision').where(visibleTo(viewer, crowded))
    const page = await imageCollection.page<Row>(context, seen, (query) => conditions.reduce((q, condition) => q.where(condition), query))
    const beside = JSON.stringify(imageCollection.body(given, page, undefined)).slice(1)
    const body = await shortOrLongText('{"images":[', context.cloud.image.texts.inParts(db, page.rows), `],${beside}`)
    return reply({ headers: { 'content-type': 'application/json' }, body })
  },
})
