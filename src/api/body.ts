// Bodies are read with limits on bytes and depth before anything looks at them.
import { isUtf8 } from 'node:buffer'
import type { IncomingMessage } from 'node:http'
import { badRequest, Fault, tooLarge } from './faults.ts'

const maxDepth = 32

/** Seconds in which a body that is read as a whole has to come: dripped bytes hold a connection no longer. */
const patienceSeconds = 60

/**
 * All of a body, in memory that is no larger than it, however small the pieces are that it comes in. Throws 413 when it is longer than
 * `limit` bytes, 408 when it is not there after `seconds`; then the connection ends.
 */
export async function readBody(request: IncomingMessage, limit: number, seconds = patienceSeconds): Promise<Buffer> {
  const declared = Number(request.headers['content-length'] ?? 0)
  if (declared > limit) throw tooLarge()
  let kept = Buffer.allocUnsafe(Math.min(declared || 4096, limit))
  let size = 0
  const room = (needed: number) => {
    if (needed <= kept.length) return
    const larger = Buffer.allocUnsafe(Math.min(limit, Math.max(2 * kept.length, needed)))
    kept.copy(larger, 0, 0, size)
    kept = larger
  }
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => end(new Fault(408, 'Request Timeout', { headers: { connection: 'close' } })), seconds * 1000)
    const take = (chunk: Buffer) => {
      if (size + chunk.length > limit) return end(tooLarge())
      room(size + chunk.length)
      size += chunk.copy(kept, size)
    }
    // The answer has yet to go over the connection: what still comes after a fault is dropped and does not end it.
    const end = (fault?: Error) => {
      clearTimeout(timer)
      request.off('data', take).off('close', left)
      if (fault) reject(fault)
      else resolve()
    }
    const left = () => end(Object.assign(new Error('the client has gone'), { code: 'ECONNRESET' }))
    request
      .on('data', take)
      .once('end', () => end())
      .once('error', end)
      .on('close', left)
    if (request.destroyed && !request.readableEnded) left() // before anybody listened
  })
  return kept.subarray(0, size)
}

/**
 * Lets go by what is still to come of a body that is answered already: behind it comes the next request of the connection. Node does so by
 * itself only where nobody began to read.
 */
export function passOver(request: IncomingMessage): void {
  const begun = request.readableDidRead || request.listenerCount('readable') > 0
  if (request.complete || !begun) return
  // No stream flows while somebody listens for `readable`, as an iterator does for as long as it waits; when that ends later, a stream
  // without a listener for `data` stands still.
  request
    .removeAllListeners('readable')
    .removeAllListeners('data')
    .on('data', () => {})
    .resume()
}

function depthOf(text: string): number {
  let depth = 0
  let deepest = 0
  let quoted = false
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (quoted) {
      if (code === 92) i++
      else if (code === 34) quoted = false
    } else if (code === 34) quoted = true
    else if (code === 123 || code === 91) deepest = Math.max(deepest, ++depth)
    else if (code === 125 || code === 93) depth--
  }
  return deepest
}

/** True when one of the texts in the value, names of fields among them, is such a one. */
function holds(value: unknown, isSuch: (text: string) => boolean): boolean {
  if (typeof value === 'string') return isSuch(value)
  if (value === null || typeof value !== 'object') return false
  return Object.entries(value).some(([key, part]) => isSuch(key) || holds(part, isSuch))
}

/** The JSON value of a body; undefined for an empty one. Throws 400 or 415. */
export function parseJson(buffer: Buffer, contentType: string | undefined, mediaTypes: readonly string[] = []): unknown {
  if (!buffer.length) return undefined
  const type = contentType?.split(';')[0]?.trim().toLowerCase()
  if (type !== undefined && type !== 'application/json' && !mediaTypes.includes(type))
    throw new Fault(415, `Unsupported Content-Type: ${type.slice(0, 80)}`)
  // Else two texts that differ would become one.
  if (!isUtf8(buffer)) throw badRequest('Malformed request body: it is not UTF-8.')
  const text = buffer.toString('utf8')
  if (depthOf(text) > maxDepth) throw badRequest('The body is nested too deeply.')
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw badRequest('Malformed request body: it is not valid JSON.')
  }
  if (text.includes('\\u0000') && holds(value, (part) => part.includes('\0'))) throw badRequest('Text must not hold a NUL character.')
  // Halves of characters have no UTF-8: written down, two texts that differ would become one here too.
  if (/\\u[dD][89a-fA-F]/.test(text) && holds(value, (part) => !part.isWellFormed()))
    throw badRequest('Malformed request body: a text in it holds half of a character.')
  if (text.includes('__proto__') && Object.hasOwn((value ?? {}) as object, '__proto__')) throw badRequest('Invalid field name.')
  return value
}
