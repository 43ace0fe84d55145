// Takes an upload from the network to a file: constant memory, and the disk and the hashes work while the network does.
import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { Fault } from '../../../api/faults.ts'
import { type Digests, type Hashing, hashNow, startHashing } from './hashing.ts'

export interface Received extends Digests {
  size: number
}

const batchBytes = 2 ** 20
/** The disk is set to work after so many bytes, and not only when all have come. */
const flushBytes = 64 * 2 ** 20
/** Batches of one upload that are filled, written or hashed at the same time. */
const maxBatches = 4

export const tooLargeImage = (limit: number) => new Fault(413, `The image exceeds the maximum allowed size of ${limit} bytes.`)

/**
 * Writes all of `source` to the file, durably; throws 413 beyond `limit` bytes, and what the file system throws (ENOSPC). The chunks of
 * a source whose `chunks` are 'ours' cannot be used any more afterwards.
 */
export async function receive(source: AsyncIterable<Buffer>, path: string, limit: number, chunks?: 'ours'): Promise<Received> {
  const file = await open(path, 'w', 0o600)
  let flushing: Promise<void> | null = null
  try {
    let written: Promise<void> = Promise.resolve()
    let unflushed = 0
    const received = await consume(chunks ? released(source) : source, limit, (bytes, position) => {
      // One after the other: writes to one file wait for each other in the kernel, at full speed on as many processors.
      written = written.then(async () => {
        // A full disk takes a part without an error; the next write tells it.
        for (let done = 0; done < bytes.length; ) {
          done += (await file.write(bytes, done, bytes.length - done, position + done)).bytesWritten
        }
        unflushed += bytes.length
        if (unflushed < flushBytes || flushing) return
        unflushed = 0
        // What fails here fails again, and is told, in the last flush.
        flushing = file.datasync().then(done, done)
      })
      return written
    })
    await flushing
    await file.sync()
    return received
  } finally {
    await flushing
    await file.close()
  }
  function done() {
    flushing = null
  }
}

/** What `receive` would have given for the bytes of a file. Throws 413 beyond `limit` bytes. */
export const hashFile = (path: string, limit: number): Promise<Received> =>
  hashStream(released(createReadStream(path, { highWaterMark: batchBytes })), limit)

/** The same for bytes from anywhere. */
export const hashStream = (source: AsyncIterable<Buffer>, limit: number): Promise<Received> => consume(source, limit, async () => {})

/**
 * The memory of each chunk is given back when the next one is asked for. Left to the collector, the chunks of a large body cost it
 * more processor time than hashing them.
 */
async function* released(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const chunk of source) {
    yield chunk
    const { buffer } = chunk
    if (buffer instanceof ArrayBuffer && buffer.byteLength === chunk.length) buffer.transfer(0)
  }
}

/** Hashes the source and gives it to `write` in batches, several at a time. Nothing is under way any more when it ends. */
async function consume(
  source: AsyncIterable<Buffer>,
  limit: number,
  write: (bytes: Uint8Array, position: number) => Promise<void>,
): Promise<Received> {
  const free: Uint8Array[] = []
  const busy = new Set<Promise<void>>()
  let hashing: Hashing | null = null
  let failure: unknown = null
  let batch = new Uint8Array(new SharedArrayBuffer(batchBytes))
  let batches = 1
  let filled = 0
  let size = 0

  function dispatch(): void {
    const own = batch
    const bytes = own.subarray(0, filled)
    hashing ??= startHashing()
    const work: Promise<void> = Promise.all([write(bytes, size - filled), hashing.update(bytes)]).then(
      () => {
        free.push(own)
        busy.delete(work)
      },
      (error: unknown) => {
        failure ??= error ?? new Error('a batch failed')
        busy.delete(work)
      },
    )
    busy.add(work)
    filled = 0
  }

  async function nextBatch(): Promise<void> {
    while (!free.length && batches >= maxBatches && failure === null) await Promise.race(busy)
    if (failure !== null) throw failure
    if (!free.length) batches++
    batch = (free.pop() ?? new Uint8Array(new SharedArrayBuffer(batchBytes))) as typeof batch
  }

  try {
    for await (const chunk of source) {
      if (size + chunk.length > limit) throw tooLargeImage(limit)
      for (let at = 0; at < chunk.length; ) {
        if (filled === batchBytes) {
          dispatch()
          await nextBatch()
        }
        const part = chunk.subarray(at, at + batchBytes - filled)
        batch.set(part, filled)
        filled += part.length
        size += part.length
        at += part.length
      }
    }
    if (!hashing) {
      const bytes = batch.subarray(0, filled)
      if (filled) await write(bytes, 0)
      return { size, ...hashNow(bytes) }
    }
    if (filled) dispatch()
    while (busy.size) await Promise.race(busy)
    if (failure !== null) throw failure
    const digests: Digests = await (hashing as Hashing).digest()
    hashing = null
    return { size, ...digests }
  } finally {
    while (busy.size)
      await Promise.race(busy)
      // After a failure the threads still hold what they were given.
    ;(hashing as Hashing | null)?.drop()
  }
}
