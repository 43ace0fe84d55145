import { notFound } from '../../../api/faults.ts'
import { operation, reply } from '../../../api/operation.ts'
import { rule } from '../../../auth/policy.ts'
import { seenByReader } from '../rules.ts'
import { images, missingImage } from './resource.ts'
import { Image } from './schema.ts'

export const showImage = operation({
  id: 'images.show',
  method: 'GET',
  path: '/images/{image_id}',
  summary: 'Show image details',
  catalog: ['image-v2.images.show-image-details'],
  answer: Image,
  policy: rule('get_image', seenByReader, 'Show an image.'),
  on: images,
  async handle({ db, image, cloud }) {
    const text = await cloud.image.texts.one(db, image)
    if (text === undefined) throw notFound(missingImage(image.id))
    return reply({ headers: { 'content-type': 'application/json' }, body: text })
  },
})
