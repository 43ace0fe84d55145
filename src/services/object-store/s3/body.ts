// Bodies of S3 requests: checked against the digest that was signed, or taken out of signed chunks.
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { BaseContext } from '../../../api/operation.ts'
import { header } from '../headers.ts'
import { patient } from '../storage/data.ts'
import { fault } from './faults.ts'
import { type Signed, sha256 } from './signature.ts'

const maxChunk = 16 * 1024 * 1024

/** The bytes of the object; ends with a fault when they are not what was signed or what Content-MD5 says. */
export async function* objectBytes(context: BaseContext, signed: Signed): AsyncGenerator<Buffer> {
  const { request, headers } = context
  const wantedMd5 = header(headers, 'content-md5')
  const md5 = wantedMd5 === undefined ? null : createHash('md5')
  const body = patient(request)
  const source = signed.payload.startsWith('STREAMING-') ? unchunked(body, signed) : checked(body, signed.payload)
  for await (const piece of source) {
    md5?.update(piece)
    yield piece
  }
  if (md5 && md5.digest('base64') !== wantedMd5) throw fault('BadDigest')
}

async function* checked(source: AsyncIterable<Buffer>, digest: string): AsyncGenerator<Buffer> {
  if (!/^[0-9a-f]{64}$/.test(digest)) {
    if (digest !== 'UNSIGNED-PAYLOAD')
      throw fault('InvalidRequest', 'x-amz-content-sha256 must be UNSIGNED-PAYLOAD, a kind of STREAMING-, or a valid sha256 value.')
    yield* source
    return
  }
  const hash = createHash('sha256')
  for await (const piece of source) {
    hash.update(piece)
    yield piece
  }
  if (hash.digest('hex') !== digest) throw fault('XAmzContentSHA256Mismatch')
}

/** Content of aws-chunked: `SIZE;chunk-signature=...`, bytes, until a chunk of no bytes; then trailers. */
async function* unchunked(source: AsyncIterable<Buffer>, signed: Signed): AsyncGenerator<Buffer> {
  const signs = signed.payload.startsWith('STREAMING-AWS4-HMAC-SHA256-PAYLOAD')
  if (!signs && signed.payload !== 'STREAMING-UNSIGNED-PAYLOAD-TRAILER') throw fault('NotImplemented')
  const chunks = source[Symbol.asyncIterator]()
  let buffer: Buffer = Buffer.alloc(0)
  const fill = async () => {
    const next = await chunks.next()
    if (next.done) throw fault('IncompleteBody')
    buffer = buffer.length ? Buffer.concat([buffer, next.value]) : next.value
  }
  let previous = signed.chain?.seed ?? ''
  for (;;) {
    let end = buffer.indexOf('\r\n')
    while (end < 0) {
      if (buffer.length > 4096) throw fault('InvalidRequest')
      await fill()
      end = buffer.indexOf('\r\n')
    }
    const match = /^([0-9a-fA-F]{1,8})(?:;chunk-signature=([0-9a-f]{64}))?$/.exec(buffer.subarray(0, end).toString('latin1'))
    if (!match || (signs && !match[2])) throw fault('InvalidRequest')
    const size = Number.parseInt(match[1]!, 16)
    if (size > maxChunk) throw fault('InvalidRequest')
    buffer = buffer.subarray(end + 2)
    if (signs) {
      while (buffer.length < size) await fill()
      previous = checkChunk(signed, previous, buffer.subarray(0, size), match[2]!)
    }
    if (size === 0) {
      for (let next = await chunks.next(); !next.done; next = await chunks.next()) {
        // trailers tell what the digest of the chunks told already
      }
      return
    }
    for (let left = size; left > 0; ) {
      if (!buffer.length) await fill()
      const piece = buffer.subarray(0, left)
      buffer = buffer.subarray(piece.length)
      left -= piece.length
      yield piece
    }
    while (buffer.length < 2) await fill()
    if (buffer[0] !== 13 || buffer[1] !== 10) throw fault('InvalidRequest')
    buffer = buffer.subarray(2)
  }
}

function checkChunk(signed: Signed, previous: string, chunk: Buffer, signature: string): string {
  const { key, date, scope } = signed.chain!
  const text = `AWS4-HMAC-SHA256-PAYLOAD\n${date}\n${scope}\n${previous}\n${sha256('')}\n${sha256(chunk)}`
  const right = createHmac('sha256', key).update(text).digest('hex')
  if (!timingSafeEqual(Buffer.from(right), Buffer.from(signature))) throw fault('SignatureDoesNotMatch')
  return right
}

/** A whole small body, checked. */
export async function smallBody(context: BaseContext, signed: Signed, limit: number): Promise<string> {
  const pieces: Buffer[] = []
  let size = 0
  for await (const piece of objectBytes(context, signed)) {
    size += piece.length
    if (size > limit) throw fault('MalformedXML')
    pieces.push(piece)
  }
  return Buffer.concat(pieces).toString('utf8')
}
