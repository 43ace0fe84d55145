// PUT /v2/images/{id}/file (reference 11.3.1): queued -> saving -> active, and back to queued when anything goes wrong.
import type { IncomingMessage } from 'node:http'
import { badRequest, Fault } from '../../../api/faults.ts'
import { operation } from '../../../api/operation.ts'
import { rule } from '../../../auth/policy.ts'
import type { Cloud } from '../../../cloud.ts'
import { images } from '../images/resource.ts'
import { bytes } from '../quotas.ts'
import { ownerMember } from '../rules.ts'
import { fill, StoreFault } from '../stores/place.ts'
import { room, withinRoom } from './arrivals.ts'
import { judge } from './judge.ts'
import { type Received, receive, tooLargeImage } from './receive.ts'
import { abandon } from './unfinished.ts'
import { claim, finish } from './uploads.ts'

/** A client that sends nothing for so long has gone. */
const idleMs = 120_000
/** What is read of a refused body, so that its client gets to see the answer. */
const drainBytes = 16 * 2 ** 20
const drainIdleMs = 500

export const uploadImage = operation({
  id: 'images.upload',
  method: 'PUT',
  path: '/images/{image_id}/file',
  summary: 'Upload binary image data',
  catalog: ['image-v2.image-data.upload-binary-image-data'],
  input: 'stream',
  transaction: 'none',
  status: 204,
  quota: { [bytes]: 'handler' },
  policy: rule('upload_image', ownerMember, 'Upload the data of an image.'),
  on: images,
  async handle({ image, request, headers, cloud }) {
    await readingAll(request, async () => {
      mustBeOctets(headers)
      await upload(cloud, image, request, { store: namedStore(cloud, headers['x-image-meta-store']) })
    })
  },
})

/** The store that a client asked for, or the default one. Throws 400 for one that is not there. */
export function namedStore(cloud: Cloud, name: string | string[] | undefined): string {
  const { stores } = cloud.image
  if (name === undefined) return stores.default.id
  if (!stores.get(String(name))) throw badRequest(`There is no store ${String(name).slice(0, 64)}.`)
  return String(name)
}

/** Throws 415 for a body that is not raw data. */
export function mustBeOctets(headers: IncomingMessage['headers']): void {
  if ((headers['content-type'] ?? '').split(';')[0]!.trim().toLowerCase() !== 'application/octet-stream') {
    throw new Fault(415, 'The data of an image is sent with Content-Type application/octet-stream.')
  }
}

/** Does work on the request's body; when it fails, reads on a little so that the client sees why. */
export async function readingAll<T>(request: IncomingMessage, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    await drain(request)
    if ((error as NodeJS.ErrnoException).code === 'ECONNRESET') throw new Fault(400, 'The upload was broken off by the client.')
    throw error
  }
}

/** Takes the body to the file of an upload, and counts it as coming until the caller ends that. Throws 413 when it is more than the owner may store. */
export async function receiveBody(cloud: Cloud, image: { id: string; owner_id: string }, request: IncomingMessage, uploadId: string) {
  cloud.image.arrivals.begin(uploadId, image.owner_id)
  const limit = await room(cloud, image)
  if (Number(request.headers['content-length'] ?? 0) > limit) throw tooLargeImage(limit)
  return whileNotIdle(
    request,
    idleMs,
    () => request.destroy(),
    () => {
      const body = withinRoom(cloud, image, uploadId, request.iterator({ destroyOnReturn: false }))
      return receive(body, cloud.image.store.incoming(uploadId), limit, 'ours')
    },
  )
}

/** Makes the body the data of the image. Throws 400, 409, 410, 413, 503 (the store is away) or 507; the image is queued again then. */
export async function upload(
  cloud: Cloud,
  image: { id: string; owner_id: string },
  request: IncomingMessage,
  options: { store?: string; check?: (received: Received) => void } = {},
): Promise<void> {
  const { store, stores } = cloud.image
  const imageId = image.id
  const uploadId = cloud.environment.uuid()
  // The file is there before the row says so: what a crash leaves is found by it at the next start.
  await store.begin(uploadId)
  let free = () => {}
  try {
    const { disk_format, container_format, location } = await claim(cloud, imageId, uploadId, options.store ?? stores.default.id)
    // When the image is deleted meanwhile, its place in the store is cleared after the last byte has come there.
    free = stores.hold(location!.store, location!.data_key)
    const received = await receiveBody(cloud, image, request, uploadId)
    options.check?.(received)
    const verdict = await judge(store.incoming(uploadId), disk_format, container_format, cloud.config.maxImageBytes * 16)
    await fill(cloud, location!, uploadId, received.size)
    await finish(cloud, imageId, location!, received, verdict)
    await store.discard(uploadId)
  } catch (error) {
    await abandon(cloud, imageId, uploadId, error)
    throw error instanceof StoreFault ? new Fault(503, error.message) : error
  } finally {
    cloud.image.arrivals.end(uploadId)
    free()
  }
}

/** Reads some of what is left of a refused body. */
async function drain(request: IncomingMessage): Promise<void> {
  if (request.readableEnded || request.destroyed) return
  let left = drainBytes
  const { promise, resolve } = Promise.withResolvers<void>()
  request.on('data', (chunk: Buffer) => {
    left -= chunk.length
    if (left < 0) resolve()
  })
  for (const event of ['end', 'close', 'error']) request.once(event, () => resolve())
  await whileNotIdle(request, drainIdleMs, resolve, () => promise)
  request.pause()
}

/** Does the work; calls `idle` when the client sends nothing for `ms` milliseconds meanwhile. The socket's own time limit is the server's. */
async function whileNotIdle<T>(request: IncomingMessage, ms: number, idle: () => void, work: () => Promise<T>): Promise<T> {
  const { socket } = request
  let seen = socket.bytesRead
  const timer = setInterval(() => {
    if (socket.bytesRead === seen) idle()
    seen = socket.bytesRead
  }, ms)
  try {
    return await work()
  } finally {
    clearInterval(timer)
  }
}
