// Bytes of objects in a bucket of an S3 service. Rows are made only when the bytes are there, and what no row knows is removed again:
// a note in a folder says which keys are on their way, so that a process that died in between leaves nothing behind.
import { createHash } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { Fault } from '../../../api/faults.ts'
import type { Cloud } from '../../../cloud.ts'
import { createS3Client, type S3Client, S3Fault } from '../../../s3-client/client.ts'
import { uploadStream } from '../../../s3-client/upload.ts'
import { serviceState } from '../../../service-state.ts'
import { tooLarge } from '../limits.ts'
import { objectStoreSettings } from '../settings.ts'

/** The least that S3 takes as a part; each upload holds two of them in memory. */
const partBytes = 5 * 1024 * 1024
/** Copies inside of S3 go up to here. */
const mostCopied = 5 * 1024 ** 3
const day = 86_400_000

export interface Remote {
  /** Throws where the bucket cannot be listed: the service is away, or the settings are wrong. */
  check(): Promise<void>
  /** Puts bytes of unknown length; durable when it resolves. Throws 413 past `limit` bytes; then nothing is left behind. */
  receive(id: string, source: AsyncIterable<Buffer>, limit: number): Promise<{ size: number; etag: string }>
  read(id: string, start: number, end: number): Promise<Readable>
  copy(from: string, to: string, size: number): Promise<void>
  /** A row has it now: the note goes. */
  settled(id: string): Promise<void>
  /** Never fails: what cannot be removed now is tried again later. */
  remove(id: string): Promise<void>
  /** Removes what notes tell of and no row has. `known` gives those of the ids that rows have. */
  settle(known: (ids: string[]) => Promise<Set<string>>): Promise<number>
  /** Looks through the whole bucket for what is older than `age` (milliseconds) and no row has; gives how many were removed. */
  sweep(known: (ids: string[]) => Promise<Set<string>>, age?: number): Promise<number>
}

/** The back end that the operator's file names; null where bytes are kept on the own disk. */
export const remoteOf = serviceState((cloud) => create(cloud))

/** The back end that keeps these bytes. Throws 503 where the operator has taken it away. */
export function remoteFor(cloud: Cloud): Remote {
  const remote = remoteOf(cloud)
  if (!remote) throw new Fault(503, 'The service that keeps this object is not configured.')
  return remote
}

/** What clients hear of the service behind: missing bytes as of a missing file, all else as 503. */
function told(cloud: Cloud, error: unknown): unknown {
  if (!(error instanceof S3Fault)) return error
  if (error.isAbsent) return Object.assign(new Error(error.message), { code: 'ENOENT' })
  cloud.log.error({ status: error.status, code: error.code, error: error.message }, 'the S3 service behind the object store')
  return new Fault(503, 'The service that keeps the objects cannot be reached. Try again later.', { headers: { 'retry-after': '10' } })
}

function create(cloud: Cloud): Remote | null {
  const { backend } = objectStoreSettings(cloud.config)
  if (!backend) return null
  const prefix = backend.prefix ?? ''
  const client: S3Client = createS3Client(
    {
      endpoint: backend.endpoint,
      bucket: backend.bucket,
      region: backend.region ?? 'us-east-1',
      accessKey: backend['access-key'],
      secretKey: backend['secret-key'],
      pathStyle: backend['path-style'] ?? true,
    },
    cloud.environment,
  )
  const notes = join(cloud.config.dataDir, 'object-store', 'unsettled')
  mkdirSync(notes, { recursive: true, mode: 0o700 })
  const keyOf = (id: string) => `${prefix}${id.slice(0, 2)}/${id}`
  const idOf = (key: string) => /^[0-9a-f]{2}\/([0-9a-f]{32})$/.exec(key.slice(prefix.length))?.[1]
  /** Of this process, between their note and their row. */
  const underway = new Set<string>()

  const note = (id: string) => writeFile(join(notes, id), '', { mode: 0o600 })
  const unnote = (id: string) => rm(join(notes, id), { force: true })

  /** Uploads that were begun and not ended; none where the service cannot list them. */
  async function* begun(under: string) {
    try {
      yield* client.uploads(under)
    } catch (error) {
      if (!(error instanceof S3Fault) || error.status !== 501) throw error
    }
  }

  /** Everything under that key, also parts that were never put together. */
  async function take(id: string): Promise<void> {
    const key = keyOf(id)
    for await (const { entries } of begun(key)) for (const upload of entries) await client.abortUpload(upload.key, upload.id)
    await client.delete(key)
  }

  async function removeNoted(id: string): Promise<void> {
    await take(id)
    await unnote(id)
  }

  const remote: Remote = {
    async check() {
      for await (const _ of client.list(`${prefix}\uffff`)) break
    },
    async receive(id, source, limit) {
      const md5 = createHash('md5')
      async function* counted() {
        let size = 0
        for await (const piece of source) {
          size += piece.length
          if (size > limit) throw tooLarge()
          md5.update(piece)
          yield piece
        }
      }
      underway.add(id)
      await note(id)
      try {
        const { size } = await uploadStream(client, keyOf(id), counted(), partBytes)
        return { size, etag: md5.digest('hex') }
      } catch (error) {
        await remote.remove(id)
        throw told(cloud, error)
      }
    },
    async read(id, start, end) {
      try {
        const { body, size } = await client.get(keyOf(id), { start, end })
        if (size === end - start + 1) return body
        body.destroy()
        throw new S3Fault(206, 'WrongLength', `The S3 service gave ${size} bytes of ${id} where ${end - start + 1} were asked for.`)
      } catch (error) {
        throw told(cloud, error)
      }
    },
    async copy(from, to, size) {
      underway.add(to)
      await note(to)
      try {
        if (size <= mostCopied) await client.copy(keyOf(from), keyOf(to))
        else await uploadStream(client, keyOf(to), (await client.get(keyOf(from))).body, partBytes * 2)
      } catch (error) {
        await remote.remove(to)
        throw told(cloud, error)
      }
    },
    async settled(id) {
      // A note that stays is looked at later, and goes then.
      await unnote(id).catch((error) => cloud.log.warn({ data: id, error: error.message }, 'a note cannot be removed'))
      underway.delete(id)
    },
    async remove(id) {
      try {
        await note(id)
        await client.delete(keyOf(id))
        await unnote(id)
      } catch (error) {
        cloud.log.warn({ data: id, error: (error as Error).message }, 'bytes cannot be removed from the S3 service now')
      } finally {
        underway.delete(id)
      }
    },
    async settle(known) {
      const ids = (await readdir(notes)).filter((id) => !underway.has(id))
      const kept = await known(ids)
      let removed = 0
      for (const id of ids) {
        if (kept.has(id)) await unnote(id)
        else {
          await removeNoted(id)
          removed++
        }
      }
      return removed
    },
    async sweep(known, age = day) {
      let removed = 0
      for await (const { entries, now } of client.list(prefix)) {
        const old = entries.flatMap(({ key, changedAt }) => (changedAt <= now - age ? (idOf(key) ?? []) : []))
        const ids = old.filter((id) => !underway.has(id))
        const kept = await known(ids)
        for (const id of ids) {
          if (kept.has(id)) continue
          await client.delete(keyOf(id))
          removed++
        }
      }
      for await (const { entries, now } of begun(prefix)) {
        for (const { key, id: upload, startedAt } of entries) {
          const id = idOf(key)
          if (id === undefined || underway.has(id) || startedAt > now - age) continue
          await client.abortUpload(key, upload)
          removed++
        }
      }
      return removed
    },
  }
  return remote
}
