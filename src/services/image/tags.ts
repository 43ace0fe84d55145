// PUT and DELETE /v2/images/{id}/tags/{tag} (reference 11.4).
import { badRequest, Fault, notFound } from '../../api/faults.ts'
import { operation } from '../../api/operation.ts'
import { images } from './images/resource.ts'
import { checkValue } from './images/schema.ts'
import { change } from './images/store.ts'
import { updateImage } from './images/update.ts'
import { maxTags } from './quotas.ts'

const policy = updateImage.policy
const path = '/images/{image_id}/tags/{tag}'

export const addTag = operation({
  id: 'tags.add',
  method: 'PUT',
  path,
  summary: 'Add an image tag',
  catalog: ['image-v2.image-tags.add-image-tag'],
  status: 204,
  policy,
  on: images,
  async handle({ image, params: { tag }, tx: { db }, now }) {
    if (!tag) throw badRequest('A tag must not be empty.')
    checkValue('tags', [tag])
    await change(db, image.id, now)
    await db
      .insertInto('image_tags')
      .values({ image_id: image.id, tag })
      .onConflict((c) => c.doNothing())
      .execute()
    const tags = await db.selectFrom('image_tags').select('tag').where('image_id', '=', image.id).execute()
    if (tags.length > maxTags)
      throw new Fault(
        413,
        `The limit has been exceeded on the number of allowed image tags. Attempted: ${tags.length}, Maximum: ${maxTags}`,
      )
  },
})

export const deleteTag = operation({
  id: 'tags.delete',
  method: 'DELETE',
  path,
  summary: 'Delete an image tag',
  catalog: ['image-v2.image-tags.delete-image-tag'],
  status: 204,
  policy,
  on: images,
  async handle({ image, params: { tag }, tx: { db }, now }) {
    const { numDeletedRows } = await db.deleteFrom('image_tags').where('image_id', '=', image.id).where('tag', '=', tag).executeTakeFirst()
    if (numDeletedRows === 0n) throw notFound('Tag not found.')
    await change(db, image.id, now)
  },
})
