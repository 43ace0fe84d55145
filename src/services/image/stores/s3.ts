// Images as objects of a bucket of any S3 service. Large ones are sent in parts, several at a time.
import { open } from 'node:fs/promises'
import type { Environment } from '../../../environment.ts'
import { type S3Client, S3Fault, type S3Settings } from '../../../s3-client/client.ts'
import { type ImageStore, MissingData } from './store.ts'

const MiB = 2 ** 20
const maxParts = 10_000
const smallestPart = 5 * MiB

export interface S3StoreSettings extends S3Settings {
  id: string
  description: string
  weight: number
  /** Before each key: several clouds may share a bucket. */
  prefix: string
  /** Bytes of a part. */
  partBytes: number
  /** Parts that are sent at the same time; so many are in memory. */
  threads: number
}

/** Bytes of a part, so that `size` bytes need no more parts than a service takes. */
export const partSize = (size: number, wanted: number): number => Math.max(wanted, smallestPart, Math.ceil(size / maxParts / MiB) * MiB)

export function s3Store(settings: S3StoreSettings, environment: Pick<Environment, 'clock'>): ImageStore {
  const { id, description, weight, bucket, prefix, endpoint, region } = settings
  let made: Promise<S3Client> | null = null
  const client = () => {
    made ??= import('../../../s3-client/client.ts').then(({ createS3Client }) => createS3Client(settings, environment))
    return made
  }
  const nameOf = (key: string) => prefix + key

  async function abortUploads(s3: S3Client, name: string): Promise<void> {
    for await (const { entries } of s3.uploads(name))
      for (const upload of entries) if (upload.key === name) await s3.abortUpload(name, upload.id)
  }

  /** Reads and sends the parts; at most `threads` of them are in memory. */
  async function sendParts(s3: S3Client, name: string, path: string, size: number, signal: AbortSignal | undefined): Promise<void> {
    const bytes = partSize(size, settings.partBytes)
    const count = Math.ceil(size / bytes)
    const upload = await s3.createUpload(name)
    const failed = new AbortController()
    const either = signal ? AbortSignal.any([signal, failed.signal]) : failed.signal
    const file = await open(path, 'r')
    try {
      const etags: { number: number; etag: string }[] = []
      let next = 0
      const lane = async () => {
        for (let index = next++; index < count; index = next++) {
          either.throwIfAborted()
          const buffer = Buffer.allocUnsafe(Math.min(bytes, size - index * bytes))
          for (let done = 0; done < buffer.length; ) {
            const { bytesRead } = await file.read(buffer, done, buffer.length - done, index * bytes + done)
            if (!bytesRead) throw new Error('the file became shorter while it was sent')
            done += bytesRead
          }
          etags[index] = await s3.putPart(name, upload, index + 1, buffer, buffer.length, either)
        }
      }
      const lanes = Array.from({ length: Math.min(settings.threads, count) }, () =>
        lane().catch((error) => {
          failed.abort(error)
          throw error
        }),
      )
      const ends = await Promise.allSettled(lanes)
      const bad = ends.find((end) => end.status === 'rejected')
      if (bad) throw failed.signal.reason ?? bad.reason
      signal?.throwIfAborted()
      await s3.completeUpload(name, upload, etags)
    } catch (error) {
      // What cannot be aborted now is with the removal that follows every failed put.
      await s3.abortUpload(name, upload).catch(() => {})
      throw error
    } finally {
      await file.close()
    }
  }

  return {
    id,
    type: 's3',
    description,
    weight,
    properties: {
      s3_store_host: endpoint,
      s3_store_bucket: bucket,
      region_name: region,
      s3_store_large_object_chunk_size: settings.partBytes / MiB,
    },
    keepsOpen: false,
    url: (key) => `s3://${new URL(endpoint).host}/${bucket}/${nameOf(key)}`,
    async prepare() {
      // The bucket is the operator's: it must be there. A service that is away at our start may be back later.
      for await (const _ of (await client()).list(`${prefix}\uffff`)) break
    },
    async put(key, path, size, signal) {
      const s3 = await client()
      const name = nameOf(key)
      if (size > settings.partBytes) await sendParts(s3, name, path, size, signal)
      else {
        const file = await open(path, 'r')
        try {
          await s3.put(name, await file.readFile(), size, signal)
        } finally {
          await file.close()
        }
      }
      const kept = await s3.head(name)
      if (kept?.size !== size) throw new Error(`the S3 service kept ${kept?.size ?? 'nothing'} of ${size} bytes`)
    },
    async read(key, start, end) {
      const s3 = await client()
      try {
        return (await s3.get(nameOf(key), { start, end })).body
      } catch (error) {
        throw error instanceof S3Fault && error.code === 'NoSuchKey' ? new MissingData(id, key) : error
      }
    },
    async remove(key) {
      const s3 = await client()
      await abortUploads(s3, nameOf(key)).catch((error) => {
        // Not every service lists them.
        if (!(error instanceof S3Fault && [400, 405, 501].includes(error.status))) throw error
      })
      await s3.delete(nameOf(key))
    },
    size: async (key) => (await (await client()).head(nameOf(key)))?.size ?? null,
    async *keys() {
      for await (const { entries } of (await client()).list(prefix))
        for (const { key, size } of entries) yield { key: key.slice(prefix.length), size }
    },
    close: () => void made?.then((s3) => s3.close()).catch(() => {}),
  }
}
