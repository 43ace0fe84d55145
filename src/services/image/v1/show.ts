// GET and HEAD /v1/images/{id} (reference 12.2.4): headers, and the data as body.
import { notFound } from '../../../api/faults.ts'
import { operation, reply } from '../../../api/operation.ts'
import { downloadImage, mustBeDownloadable, openData } from '../data/download.ts'
import { images } from '../images/resource.ts'
import { showImage } from '../images/show.ts'
import { completeOne } from '../images/store.ts'
import { writeHeaders } from './headers.ts'

const path = '/images/{image_id}'

export const headImage = operation({
  id: 'v1.images.head',
  method: 'HEAD',
  path,
  summary: 'Show image details as headers',
  catalog: [],
  policy: showImage.policy,
  on: images,
  handle: async ({ image, db }) => reply({ headers: { ...writeHeaders(await completeOne(db, image)), 'content-length': '0' } }),
})

export const getImage = operation({
  id: 'v1.images.get',
  method: 'GET',
  path,
  summary: 'Show image details as headers, and the data',
  catalog: ['image-v1.images.show-image-details-and-image-binary'],
  answer: 'bytes',
  policy: downloadImage.policy,
  on: images,
  async handle(context) {
    const { image, db, cloud } = context
    mustBeDownloadable(image, context)
    const data = await openData(cloud, image)
    if (!data) throw notFound(`Image ${image.id} is not active`)
    return reply({ headers: { ...writeHeaders(await completeOne(db, image)), ...data.headers }, body: data.body as Buffer })
  },
})
