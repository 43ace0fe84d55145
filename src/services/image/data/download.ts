// GET /v2/images/{id}/file (reference 11.3.2), whole or a range of it.
import { Fault, forbidden, notFound } from '../../../api/faults.ts'
import { type BaseContext, operation, reply } from '../../../api/operation.ts'
import { rule } from '../../../auth/policy.ts'
import type { Cloud } from '../../../cloud.ts'
import { activeLocations } from '../images/locations.ts'
import { images, isAdmin } from '../images/resource.ts'
import type { Image } from '../images/store.ts'
import { seenByMember } from '../rules.ts'
import { NoData } from '../stores/read.ts'

export const downloadImage = operation({
  id: 'images.download',
  method: 'GET',
  path: '/images/{image_id}/file',
  summary: 'Download binary image data',
  catalog: ['image-v2.image-data.download-binary-image-data'],
  // Of an image without data nothing, of a range of it a part.
  otherStatuses: [204, 206],
  answer: 'bytes',
  policy: rule('download_image', seenByMember, 'Download the data of an image.'),
  on: images,
  async handle(context) {
    const { image, headers, cloud } = context
    mustBeDownloadable(image, context)
    const range = headers.range ?? (headers['content-range'] as string | undefined)
    return (await openData(cloud, image, range)) ?? reply({ status: 204 })
  },
})

/** Throws 403 when the image is deactivated, but for administrators. */
export function mustBeDownloadable(image: Image, asker: Pick<BaseContext, 'cloud' | 'who'>): void {
  if (image.status === 'deactivated' && !isAdmin(asker)) {
    throw forbidden('The requested image has been deactivated. Image data download is forbidden.')
  }
}

/** Answer with the data or a part of it, null while the image has none. Throws 404 when all stores have lost it, 503 when none can be reached, 416 for the range. */
export async function openData(cloud: Cloud, image: Image, range?: string) {
  if (image.size === null || (image.status !== 'active' && image.status !== 'deactivated')) return null
  const { size, checksum } = image
  const part = rangeOf(range, size)
  const start = part?.start ?? 0
  const end = part?.end ?? size - 1
  const body =
    size === 0
      ? Buffer.alloc(0)
      : await cloud.image.cache
          .read({ id: image.id, size }, await activeLocations(cloud.database.read, image.id), start, end)
          .catch((error) => {
            if (!(error instanceof NoData)) throw error
            throw error.missing
              ? notFound(`No data found for image ${image.id}`)
              : new Fault(503, 'The data of the image cannot be reached now.')
          })
  const common = { 'content-type': 'application/octet-stream', 'content-length': String(end - start + 1), 'accept-ranges': 'bytes' }
  if (part) return reply({ status: 206, headers: { ...common, 'content-range': `bytes ${start}-${end}/${size}` }, body })
  return reply({ headers: { ...common, ...(checksum === null ? {} : { 'content-md5': checksum }) }, body })
}

/** `bytes=0-99`, `bytes=100-`, `bytes=-50`, and the reference's `bytes 0-99/*`; null without one. Throws 416 for one that cannot be met. */
export function rangeOf(header: string | undefined, size: number): { start: number; end: number } | null {
  if (header === undefined) return null
  const match = /^bytes[= ](?:(\d{1,15})-(\d{0,15})|-(\d{1,15}))(?:\/(?:\*|\d{1,15}))?$/.exec(header.trim())
  const refuse = () =>
    new Fault(416, `The range '${header.slice(0, 80)}' cannot be met.`, { headers: { 'content-range': `bytes */${size}` } })
  if (!match) throw refuse()
  const [, first, last, suffix] = match
  const start = suffix === undefined ? Number(first) : Math.max(0, size - Number(suffix))
  const end = suffix === undefined && last ? Math.min(Number(last), size - 1) : size - 1
  if (start > end || suffix === '0') throw refuse()
  return { start, end }
}
