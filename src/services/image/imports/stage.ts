// PUT /v2/images/{id}/stage: data that waits for its import, also over a restart: queued -> uploading.
import { operation } from '../../../api/operation.ts'
import { abandon } from '../data/unfinished.ts'
import { mustBeOctets, readingAll, receiveBody } from '../data/upload.ts'
import { claim, staged } from '../data/uploads.ts'
import { images } from '../images/resource.ts'
import { updateImage } from '../images/update.ts'

export const stageImage = operation({
  id: 'images.stage',
  method: 'PUT',
  path: '/images/{image_id}/stage',
  summary: 'Upload image data that waits for its import',
  catalog: [],
  input: 'stream',
  transaction: 'none',
  status: 204,
  policy: updateImage.policy,
  on: images,
  async handle({ image, request, headers, cloud }) {
    const { store } = cloud.image
    await readingAll(request, async () => {
      mustBeOctets(headers)
      const uploadId = cloud.environment.uuid()
      await store.begin(uploadId)
      try {
        await claim(cloud, image.id, uploadId, null)
        const { size } = await receiveBody(cloud, image, request, uploadId)
        await staged(cloud, image.id, uploadId, size)
      } catch (error) {
        await abandon(cloud, image.id, uploadId, error)
        throw error
      } finally {
        cloud.image.arrivals.end(uploadId)
      }
    })
  },
})
