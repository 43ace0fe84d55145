// What we ask of S3 services: objects in one bucket, put, read in ranges, listed and removed.
import type { IncomingMessage } from 'node:http'
import type { Environment } from '../environment.ts'
import { encoded } from './sign.ts'
import { createTransport, faultFrom, S3Fault, type S3Settings } from './transport.ts'
import { childrenOf, childText, parseXml } from './xml.ts'

export { S3Fault, type S3Settings } from './transport.ts'

export interface Listed {
  key: string
  size: number
  /** Milliseconds since the epoch, by the service's clock. */
  changedAt: number
}

export interface ListPage<Entry> {
  entries: Entry[]
  /** The service's own time, to which `changedAt` compares. Milliseconds. */
  now: number
}

export interface PendingUpload {
  key: string
  id: string
  startedAt: number
}

export interface Part {
  number: number
  etag: string
}

export interface Opened {
  body: IncomingMessage
  /** Bytes of this answer. */
  size: number
  etag: string
}

/** Every call throws S3Fault: what the service answered, or status 0 where it cannot be reached. */
export interface S3Client {
  /** Makes or replaces an object of `size` bytes. A Buffer is sent with its digest, and again where the service was busy. */
  put(key: string, body: Buffer | AsyncIterable<Buffer>, size: number, signal?: AbortSignal): Promise<{ etag: string }>
  /** The object, or the bytes from `start` to `end` (inclusive) of it. Its body must be read or destroyed. */
  get(key: string, range?: { start: number; end: number }, signal?: AbortSignal): Promise<Opened>
  /** Null where there is none. */
  head(key: string): Promise<{ size: number; etag: string } | null>
  /** What is not there counts as removed. */
  delete(key: string): Promise<void>
  /** A second object with the same bytes, made by the service; at most 5 GiB. */
  copy(from: string, to: string): Promise<void>
  /** Pages of what begins with the prefix, in order. */
  list(prefix: string): AsyncGenerator<ListPage<Listed>>
  createUpload(key: string): Promise<string>
  /** Part 1 to 10,000; each but the last one of at least 5 MiB. */
  putPart(
    key: string,
    upload: string,
    number: number,
    body: Buffer | AsyncIterable<Buffer>,
    size: number,
    signal?: AbortSignal,
  ): Promise<Part>
  completeUpload(key: string, upload: string, parts: Part[]): Promise<void>
  abortUpload(key: string, upload: string): Promise<void>
  /** Uploads that were begun and neither completed nor aborted. */
  uploads(prefix: string): AsyncGenerator<ListPage<PendingUpload>>
  close(): void
}

const unquoted = (text: string | undefined) => (text ?? '').replace(/^"|"$/g, '')

export function createS3Client(settings: S3Settings, environment: Pick<Environment, 'clock'>): S3Client {
  const transport = createTransport(settings, environment)
  const serviceTime = (date: string | undefined) => (date ? Date.parse(date) : environment.clock.now())

  async function absentIs<T>(value: T, work: Promise<T>): Promise<T> {
    try {
      return await work
    } catch (error) {
      if (error instanceof S3Fault && error.isAbsent) return value
      throw error
    }
  }

  return {
    async put(key, body, size, signal) {
      const { headers } = await transport.text({ method: 'PUT', key, body, size, signal })
      return { etag: unquoted(headers.etag) }
    },
    async get(key, range, signal) {
      const headers: Record<string, string> = range ? { range: `bytes=${range.start}-${range.end}` } : {}
      const answer = await transport.open({ method: 'GET', key, headers, signal })
      if (range && answer.statusCode !== 206) {
        answer.destroy()
        throw new S3Fault(answer.statusCode!, 'NoRange', 'The S3 service does not give parts of objects.')
      }
      return { body: answer, size: Number(answer.headers['content-length']), etag: unquoted(answer.headers.etag) }
    },
    head(key) {
      const ask = async () => {
        const { headers } = await transport.text({ method: 'HEAD', key })
        return { size: Number(headers['content-length']), etag: unquoted(headers.etag) }
      }
      return absentIs<{ size: number; etag: string } | null>(null, ask())
    },
    async delete(key) {
      await absentIs(null, transport.text({ method: 'DELETE', key }))
    },
    async copy(from, to) {
      const source = `/${encoded(settings.bucket)}/${from.split('/').map(encoded).join('/')}`
      const { text } = await transport.text({ method: 'PUT', key: to, headers: { 'x-amz-copy-source': source } })
      // A copy that fails late is a fault inside of a 200.
      if (parseXml(text).name === 'Error') throw faultFrom(500, text, settings.endpoint)
    },
    async *list(prefix) {
      let token: string | null = ''
      while (token !== null) {
        const query: Record<string, string> = { 'list-type': '2', 'encoding-type': 'url', prefix }
        if (token) query['continuation-token'] = token
        const { headers, text } = await transport.text({ method: 'GET', key: '', query })
        const root = parseXml(text)
        const name = nameReader(childText(root, 'EncodingType'))
        yield {
          now: serviceTime(headers.date),
          entries: childrenOf(root, 'Contents').map((entry) => ({
            key: name(entry.children.find((child) => child.name === 'Key')?.text ?? ''),
            size: Number(childText(entry, 'Size')),
            changedAt: Date.parse(childText(entry, 'LastModified') ?? ''),
          })),
        }
        token = childText(root, 'IsTruncated') === 'true' ? (childText(root, 'NextContinuationToken') ?? null) : null
      }
    },
    async createUpload(key) {
      const { text } = await transport.text({ method: 'POST', key, query: { uploads: '' } })
      const id = childText(parseXml(text), 'UploadId')
      if (!id) throw new S3Fault(200, 'NoUploadId', 'The S3 service named no upload.')
      return id
    },
    async putPart(key, upload, number, body, size, signal) {
      const query = { partNumber: String(number), uploadId: upload }
      const { headers } = await transport.text({ method: 'PUT', key, query, body, size, signal })
      return { number, etag: unquoted(headers.etag) }
    },
    async completeUpload(key, upload, parts) {
      const listed = parts.map(
        ({ number, etag }) => `<Part><PartNumber>${number}</PartNumber><ETag>"${etag.replace(/[&<>]/g, '')}"</ETag></Part>`,
      )
      const xml = `<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${listed.join('')}</CompleteMultipartUpload>`
      const headers = { 'content-type': 'application/xml' }
      const call = { method: 'POST', key, query: { uploadId: upload }, headers, body: Buffer.from(xml) } as const
      const answer = await transport.text(call).catch(async (error) => {
        // An answer that was lost on the way had done its work: the second try finds no upload, but the object.
        if (error instanceof S3Fault && error.code === 'NoSuchUpload' && (await this.head(key))) return null
        throw error
      })
      if (!answer) return
      const { text } = answer
      // Whoever joins for long sends 200 and blanks first, and a fault as the body.
      const root = parseXml(text.trimStart())
      if (root.name === 'Error') throw faultFrom(500, text.trimStart(), settings.endpoint)
    },
    async abortUpload(key, upload) {
      await absentIs(null, transport.text({ method: 'DELETE', key, query: { uploadId: upload } }))
    },
    async *uploads(prefix) {
      let more: Record<string, string> | null = {}
      while (more !== null) {
        const query: Record<string, string> = { uploads: '', prefix, 'encoding-type': 'url', ...more }
        const { headers, text } = await transport.text({ method: 'GET', key: '', query })
        const root = parseXml(text)
        const name = nameReader(childText(root, 'EncodingType'))
        yield {
          now: serviceTime(headers.date),
          entries: childrenOf(root, 'Upload').map((entry) => ({
            key: name(entry.children.find((child) => child.name === 'Key')?.text ?? ''),
            id: childText(entry, 'UploadId') ?? '',
            startedAt: Date.parse(childText(entry, 'Initiated') ?? ''),
          })),
        }
        more =
          childText(root, 'IsTruncated') === 'true'
            ? {
                'key-marker': name(childText(root, 'NextKeyMarker') ?? ''),
                'upload-id-marker': childText(root, 'NextUploadIdMarker') ?? '',
              }
            : null
      }
    },
    close: transport.close,
  }
}

/** Keys of a listing as they are: services that do not know `encoding-type` do not say so either. */
const nameReader = (encoding: string | undefined) =>
  encoding === 'url' ? (text: string) => decodeURIComponent(text.replaceAll('+', ' ')) : (text: string) => text
