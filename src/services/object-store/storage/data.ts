// The bytes of objects: small ones are rows, others files that are written aside, flushed, and then moved to their place.

import { hash } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { link, mkdir, open, rename, rm } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { Fault } from '../../../api/faults.ts'
import type { Cloud } from '../../../cloud.ts'
import type { Db, Tx } from '../../../db/database.ts'
import { serviceState } from '../../../service-state.ts'
import { type Remote, remoteFor, remoteOf } from '../engines/remote.ts'
import { tooLarge } from '../limits.ts'
import type { Place } from '../tables.ts'
import { FileBody } from './file-body.ts'
import { beginTransfer, IncomingFile, pieceBytes } from './incoming.ts'
import { prepared } from './prepared.ts'

/** Up to here bytes are kept in the database: one flush serves many objects, and no inode is used. */
export const inlineBytes = 16 * 1024

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

const shards = serviceState(() => new Map<string, Promise<void>>())

/** Makes the folder of a file, durably: it is asked once in a process, since one that is there may not have been flushed. */
function shardReady(cloud: Cloud, folder: string): Promise<void> {
  const known = shards(cloud)
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

/** Ids of rows go up with time: those of one moment are neighbours in the index, so that a flush writes few of its pages. */
const rowId = ({ environment }: Cloud) =>
  environment.clock.now().toString(16).padStart(12, '0') + environment.random.bytes(10).toString('hex')

/** A client that sends nothing for so long is given up; what it sent is removed. */
const patienceMs = 60_000

/** The body of a request; ends with an error when the client stops sending. */
export async function* patient(request: IncomingMessage): AsyncGenerator<Buffer> {
  // A body that nobody reads to its end is given up by it too; that alone keeps no process. What was answered and flows by is the server's.
  const late = () => request.readableFlowing || request.destroy(new Fault(408, 'Request Timeout'))
  const timer = setTimeout(late, patienceMs).unref()
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

/** The client left: nobody is to blame and nobody hears the answer. */
const leftOr = (error: unknown) => ((error as NodeJS.ErrnoException).code === 'ECONNRESET' ? new Fault(499, 'Client Disconnect') : error)

/** All of a body that says it is no longer than a row may be, without what streams cost. */
export async function receiveSmall(cloud: Cloud, request: IncomingMessage): Promise<Received> {
  const chunks: Buffer[] = []
  const timer = setTimeout(() => request.destroy(new Fault(408, 'Request Timeout')), patienceMs)
  try {
    await new Promise<void>((resolve, reject) => {
      const left = () => reject(Object.assign(new Error('the client has gone'), { code: 'ECONNRESET' }))
      if (request.destroyed) left() // before anybody listened
      request.once('end', resolve).once('error', reject).once('close', left)
      request.on('data', (chunk: Buffer) => {
        chunks.push(chunk)
        timer.refresh()
      })
    })
  } catch (error) {
    throw leftOr(error)
  } finally {
    clearTimeout(timer)
  }
  return receivedBytes(cloud, chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks))
}

/**
 * Reads all of `source` with a few pieces in memory. `own`: its chunks belong to nobody else. Throws 413 past `limit` bytes; then nothing
 * is left behind.
 */
export async function receive(cloud: Cloud, source: AsyncIterable<Buffer>, limit: number, own = false): Promise<Received> {
  const remote = remoteOf(cloud)
  if (remote) return receiveRemote(cloud, remote, source, limit)
  const first: Buffer[] = []
  let size = 0
  let file: IncomingFile | null = null
  try {
    const id = cloud.environment.hexId()
    const path = join(incomingFolder(cloud), id)
    for await (const chunk of source) {
      size += chunk.length
      if (size > limit) throw tooLarge()
      if (!file) {
        first.push(chunk)
        if (size <= inlineBytes) continue
        file = new IncomingFile(path, own)
        for (const one of first.splice(0)) await file.add(one)
      } else await file.add(chunk)
    }
    if (!file) return receivedBytes(cloud, first.length === 1 ? first[0]! : Buffer.concat(first))
    const etag = await file.finish()
    await intoShard(cloud, id, (to) => rename(path, to))
    return { place: 'file', data_id: id, size, etag, bytes: null }
  } catch (error) {
    await file?.abort()
    throw leftOr(error)
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
      if (size > limit) throw tooLarge()
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
    throw leftOr(error)
  }
}

/** Bytes made here (manifests) as if they had been received. */
export function receivedBytes(cloud: Cloud, bytes: Buffer): Received {
  const etag = hash('md5', bytes, 'hex')
  if (!bytes.length) return { place: 'none', data_id: null, size: 0, etag, bytes: null }
  return { place: 'row', data_id: rowId(cloud), size: bytes.length, etag, bytes }
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
  if (received.place === 'remote') tx.afterCommit(() => remoteOf(cloud)?.settled(received.data_id!))
}

/** Takes the bytes away: a row with the transaction, a file after it. */
export async function drop(tx: Tx, cloud: Cloud, kept: Kept): Promise<void> {
  if (kept.place === 'row') await tx.db.deleteFrom('object_store_blobs').where('id', '=', kept.data_id).execute()
  if (kept.place === 'file' || kept.place === 'remote') tx.afterCommit(() => discard(cloud, kept))
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
  const body = new FileBody(await open(fileOf(cloud, kept.data_id!), 'r'), start, end, pieceBytes())
  body.once('close', beginTransfer())
  return body
}
