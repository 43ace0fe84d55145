// The bytes of objects: small ones are rows, others files that are written aside, flushed, and then moved to their place.

import { createHash } from 'node:crypto'
import { createReadStream, mkdirSync } from 'node:fs'
import { type FileHandle, link, mkdir, open, rename, rm } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { Fault } from '../../../api/faults.ts'
import type { Cloud } from '../../../cloud.ts'
import type { Db, Tx } from '../../../db/database.ts'
import { type Remote, remoteFor, remoteOf } from '../engines/remote.ts'
import type { Place } from '../tables.ts'
import { prepared } from './prepared.ts'

/** Up to here bytes are kept in the database: one flush serves many objects, and no inode is used. */
export const inlineBytes = 16 * 1024
const KiB = 1024

/** Transfers of files that are under way. What they hold in memory, in pieces of at most a megabyte, is shared among them. */
let transfers = 0
const transferBytes = 8 * KiB * KiB
const pieceBytes = () => Math.max(64 * KiB, Math.min(KiB * KiB, Math.floor(transferBytes / (2 * transfers))))

/** So much is left to the kernel before it is flushed, while more comes in: the last flush is then short. */
const flushBytes = 8 * KiB * KiB

export interface Kept {
  place: Place
  data_id: string | null
}

/** Bytes that have come in and are durable, or (row) will be with the transaction. Belongs to nobody until `keep`. */
export interface Received extends Kept {
  size: number
  etag: string
  bytes: Buffer | null
}

export const dataFolder = (cloud: Cloud) => join(cloud.config.dataDir, 'object-store')
export const incomingFolder = (cloud: Cloud) => join(dataFolder(cloud), 'incoming')
export const shardFolder = (cloud: Cloud, shard: string) => join(dataFolder(cloud), 'data', shard)
export const fileOf = (cloud: Cloud, id: string) => join(shardFolder(cloud, id.slice(0, 2)), id)

export function prepareFolders(cloud: Cloud): void {
  for (const folder of [incomingFolder(cloud), join(dataFolder(cloud), 'data')]) mkdirSync(folder, { recursive: true, mode: 0o700 })
}

const shards = new WeakMap<Cloud, Map<string, Promise<void>>>()

/** Makes the folder of a file, durably: it is asked once in a process, since one that is there may not have been flushed. */
function shardReady(cloud: Cloud, folder: string): Promise<void> {
  const known = shards.get(cloud) ?? new Map<string, Promise<void>>()
  shards.set(cloud, known)
  const making = known.get(folder) ?? mkdir(folder, { recursive: true, mode: 0o700 }).then(() => syncFolder(join(folder, '..')))
  known.set(folder, making)
  making.catch(() => known.delete(folder))
  return making
}

/** `move` puts a file under the name that it gets; durable when this resolves. */
async function intoShard(cloud: Cloud, id: string, move: (to: string) => Promise<void>): Promise<void> {
  const to = fileOf(cloud, id)
  const folder = join(to, '..')
  await shardReady(cloud, folder)
  await move(to)
  await syncFolder(folder)
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

async function writeAll(file: FileHandle, chunks: Buffer[]): Promise<void> {
  let rest = chunks
  while (rest.length) {
    let { bytesWritten } = await file.writev(rest)
    while (rest.length && bytesWritten >= rest[0]!.length) {
      bytesWritten -= rest[0]!.length
      rest = rest.slice(1)
    }
    if (bytesWritten) rest = [rest[0]!.subarray(bytesWritten), ...rest.slice(1)]
  }
}

/** Ids of rows go up with time: those of one moment are neighbours in the index, so that a flush writes few of its pages. */
const rowId = ({ environment }: Cloud) =>
  environment.clock.now().toString(16).padStart(12, '0') + environment.random.bytes(10).toString('hex')

/** A client that sends nothing for so long is given up; what it sent is removed. */
const patienceMs = 60_000

/** The body of a request; ends with an error when the client stops sending. */
export async function* patient(request: IncomingMessage): AsyncGenerator<Buffer> {
  const timer = setTimeout(() => request.destroy(new Fault(408, 'Request Timeout')), patienceMs)
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      timer.refresh()
      yield chunk
      timer.refresh()
    }
  } finally {
    clearTimeout(timer)
  }
}

/** Reads all of `source` with at most two pieces in memory. Throws 413 past `limit` bytes; then nothing is left behind. */
export async function receive(cloud: Cloud, source: AsyncIterable<Buffer>, limit: number): Promise<Received> {
  const remote = remoteOf(cloud)
  if (remote) return receiveRemote(cloud, remote, source, limit)
  const md5 = createHash('md5')
  const id = cloud.environment.hexId()
  const path = join(incomingFolder(cloud), id)
  let file: FileHandle | null = null
  let pending: Buffer[] = []
  let pendingBytes = 0
  let size = 0
  let writing: Promise<void> = Promise.resolve()
  let flushing: Promise<void> | null = null
  let flushed = 0
  let failure: unknown = null
  transfers++
  try {
    for await (const chunk of source) {
      size += chunk.length
      if (size > limit) throw new Fault(413, 'Your request is too large.')
      md5.update(chunk)
      pending.push(chunk)
      pendingBytes += chunk.length
      if (pendingBytes < (file ? pieceBytes() : inlineBytes + 1)) continue
      await writing
      file ??= await open(path, 'wx', 0o600)
      writing = writeAll(file, pending)
      writing.catch(() => {}) // it is thrown where it is awaited
      if (size - flushed > flushBytes && !flushing) {
        flushed = size
        flushing = file.datasync().finally(() => {
          flushing = null
        })
        flushing.catch((error) => {
          failure = error // the kernel tells it once only: the upload must fail with it
        })
      }
      pending = []
      pendingBytes = 0
      if (transfers > 16) await writing // the disk is busy anyway: one piece each is enough
    }
    const etag = md5.digest('hex')
    if (!file) {
      const bytes = pending.length === 1 ? pending[0]! : Buffer.concat(pending)
      return size ? { place: 'row', data_id: rowId(cloud), size, etag, bytes } : { place: 'none', data_id: null, size, etag, bytes: null }
    }
    await writing
    if (pending.length) await writeAll(file, pending)
    await flushing
    await file.datasync()
    if (failure) throw failure
    await file.close()
    file = null
    await intoShard(cloud, id, (to) => rename(path, to))
    return { place: 'file', data_id: id, size, etag, bytes: null }
  } catch (error) {
    await writing.catch(() => {})
    await flushing?.catch(() => {})
    await file?.close().catch(() => {})
    await rm(path, { force: true })
    // The client left: nobody is to blame and nobody hears the answer.
    if ((error as NodeJS.ErrnoException).code === 'ECONNRESET') throw new Fault(499, 'Client Disconnect')
    throw error
  } finally {
    transfers--
  }
}

/** The same into an S3 service; what is small is a row there too. */
async function receiveRemote(cloud: Cloud, remote: Remote, source: AsyncIterable<Buffer>, limit: number): Promise<Received> {
  const first: Buffer[] = []
  let size = 0
  const pieces = source[Symbol.asyncIterator]()
  try {
    for (let next = await pieces.next(); ; next = await pieces.next()) {
      if (next.done) return receivedBytes(cloud, Buffer.concat(first))
      first.push(next.value)
      size += next.value.length
      if (size > limit) throw new Fault(413, 'Your request is too large.')
      if (size > inlineBytes) break
    }
    const rest = { [Symbol.asyncIterator]: () => pieces }
    async function* all() {
      yield* first.splice(0)
      yield* rest
    }
    const id = cloud.environment.hexId()
    return { place: 'remote', data_id: id, bytes: null, ...(await remote.receive(id, all(), limit)) }
  } catch (error) {
    await pieces.return?.()
    if ((error as NodeJS.ErrnoException).code === 'ECONNRESET') throw new Fault(499, 'Client Disconnect')
    throw error
  }
}

/** Bytes made here (manifests) as if they had been received. */
export function receivedBytes(cloud: Cloud, bytes: Buffer): Received {
  if (!bytes.length) return { place: 'none', data_id: null, size: 0, etag: createHash('md5').digest('hex'), bytes: null }
  return {
    place: 'row',
    data_id: rowId(cloud),
    size: bytes.length,
    etag: createHash('md5').update(bytes).digest('hex'),
    bytes,
  }
}

/** A second name for the same bytes, for a copy. Files are linked, not copied. */
export async function duplicate(cloud: Cloud, from: Kept & { size: number; etag: string }): Promise<Received> {
  const { size, etag, place } = from
  if (place === 'none') return { place, data_id: null, size, etag, bytes: null }
  if (place === 'row') return { place, data_id: rowId(cloud), size, etag, bytes: await rowBytes(cloud.database.read, from.data_id!) }
  const id = cloud.environment.hexId()
  if (place === 'remote') {
    await remoteFor(cloud).copy(from.data_id!, id, size)
    return { place, data_id: id, size, etag, bytes: null }
  }
  await intoShard(cloud, id, (to) => link(fileOf(cloud, from.data_id!), to))
  return { place, data_id: id, size, etag, bytes: null }
}

export async function rowBytes(db: Db, id: string): Promise<Buffer> {
  const row = await db.selectFrom('object_store_blobs').select('data').where('id', '=', id).executeTakeFirst()
  if (!row) throw Object.assign(new Error(`the bytes ${id} are gone`), { code: 'ENOENT' })
  return row.data
}

const insertBytes = prepared((db) => db.insertInto('object_store_blobs').values({ id: '', data: Buffer.alloc(0) }))

/** Writes what is kept as a row; in the transaction that makes its object. */
export async function keep(tx: Tx, cloud: Cloud, received: Received): Promise<void> {
  if (received.place === 'row') await insertBytes(tx.db, [received.data_id, received.bytes])
  if (received.place === 'remote') tx.afterCommit(() => void remoteOf(cloud)?.settled(received.data_id!))
}

/** Takes the bytes away: a row with the transaction, a file after it. */
export async function drop(tx: Tx, cloud: Cloud, kept: Kept): Promise<void> {
  if (kept.place === 'row') await tx.db.deleteFrom('object_store_blobs').where('id', '=', kept.data_id).execute()
  if (kept.place === 'file' || kept.place === 'remote') tx.afterCommit(() => void discard(cloud, kept))
}

/** Removes the file of bytes that became nobody's. What stays behind is swept at the next start. */
export async function discard(cloud: Cloud, kept: Kept): Promise<void> {
  if (kept.place === 'remote') return remoteOf(cloud)?.remove(kept.data_id!)
  if (kept.place !== 'file') return
  await rm(fileOf(cloud, kept.data_id!), { force: true }).catch((error) =>
    cloud.log.error({ error: error.stack, data: kept.data_id }, 'an object file cannot be removed'),
  )
}

/** The bytes from `start` to `end` (inclusive). The file is open when this returns, so a removal does not hurt any more. */
export async function read(cloud: Cloud, kept: Kept, start: number, end: number, bytes?: Buffer | null): Promise<Buffer | Readable> {
  if (kept.place === 'none' || end < start) return Buffer.alloc(0)
  if (kept.place === 'row') return (bytes ?? (await rowBytes(cloud.database.read, kept.data_id!))).subarray(start, end + 1)
  if (kept.place === 'remote') return remoteFor(cloud).read(kept.data_id!, start, end)
  const file = await open(fileOf(cloud, kept.data_id!), 'r')
  transfers++
  const stream = createReadStream('', { fd: file, start, end, highWaterMark: Math.min(pieceBytes(), end - start + 1, 512 * KiB) })
  stream.once('close', () => transfers--)
  return stream
}
