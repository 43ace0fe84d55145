// Streams of unknown length: one put when they are short, else parts that are sent while the next one comes in.
import type { Part, S3Client } from './client.ts'

export interface Uploaded {
  size: number
}

/** Bytes of a part; memory holds two of them for each upload. */
export const partBytes = 8 * 1024 * 1024
const maxParts = 10_000

/**
 * Puts all bytes of `source` as `key`. Nothing is there until all of it is; when it fails, whatever was sent is taken back.
 * Parts grow so that 10,000 of them hold 5 TiB. Throws what the source throws, and S3Fault.
 */
export async function uploadStream(client: S3Client, key: string, source: AsyncIterable<Buffer>, first = partBytes): Promise<Uploaded> {
  let upload: string | null = null
  let sending: Promise<void> = Promise.resolve()
  const parts: Part[] = []
  const leaving = new AbortController()
  let pending: Buffer[] = []
  let pendingBytes = 0
  let size = 0
  let number = 0
  const partSize = () => first * 4 ** Math.min(3, Math.floor(number / (maxParts / 4)))
  const joined = () => (pending.length === 1 ? pending[0]! : Buffer.concat(pending, pendingBytes))
  const sendPart = async () => {
    const bytes = joined()
    pending = []
    pendingBytes = 0
    await sending
    const mine = ++number
    sending = client.putPart(key, upload!, mine, bytes, bytes.length, leaving.signal).then((part) => void parts.push(part))
    sending.catch(() => {}) // it is thrown where it is awaited
  }
  try {
    for await (const piece of source) {
      size += piece.length
      let rest = piece
      while (rest.length) {
        const taken = rest.subarray(0, partSize() - pendingBytes)
        pending.push(taken)
        pendingBytes += taken.length
        rest = rest.subarray(taken.length)
        if (pendingBytes < partSize()) continue
        upload ??= await client.createUpload(key)
        await sendPart()
      }
    }
    if (upload === null) {
      await client.put(key, joined(), pendingBytes)
      return { size }
    }
    if (pendingBytes) await sendPart()
    await sending
    await client.completeUpload(key, upload, parts)
    return { size }
  } catch (error) {
    leaving.abort()
    await sending.catch(() => {})
    if (upload !== null) await client.abortUpload(key, upload).catch(() => {})
    throw error
  }
}
