// Bodies of S3 requests: checked against the digest that was signed, or taken out of signed chunks.
import { createHash, createHmac } from 'node:crypto'
import type { BaseContext } from '../../../api/operation.ts'
import { header } from '../headers.ts'
import { patient } from '../storage/data.ts'
import { type Algorithm, type Checksum, promised, running } from './checksums.ts'
import { fault } from './faults.ts'
import { type Signed, same, sha256 } from './signature.ts'

const maxChunk = 16 * 1024 * 1024
const maxTrailers = 4096

export interface Body {
  /** The bytes of the object; ends with a fault when they are not what was signed, or what a checksum says. */
  bytes: AsyncGenerator<Buffer>
  /** What the client said of them, verified; null before the bytes were read, and where it said nothing. */
  checksum: Checksum | null
}

/** The digest that Content-MD5 names. Throws InvalidDigest for what is none. */
function wantedDigest(context: BaseContext): string | null {
  const text = header(context.headers, 'content-md5')
  if (text === undefined) return null
  if (Buffer.from(text.trim(), 'base64').toString('base64') !== text.trim() || Buffer.from(text, 'base64').length !== 16)
    throw fault('InvalidDigest')
  return text.trim()
}

interface Wishes {
  /** The checksum is made of the bytes also where the client sends none. */
  algorithm?: Algorithm | null
  /** Checksums in headers are about the object that the request makes, not about its body. */
  ofObject?: boolean
}

/** The body of a request. Throws InvalidDigest and InvalidRequest for sums that cannot be read. */
export function bodyOf(context: BaseContext, signed: Signed, wishes: Wishes = {}): Body {
  const { request, headers } = context
  const wantedMd5 = wantedDigest(context)
  const md5 = wantedMd5 === null ? null : createHash('md5')
  const wanted = wishes.ofObject ? null : promised(headers)
  if (wanted && wishes.algorithm && wanted.algorithm !== wishes.algorithm)
    throw fault(
      'InvalidRequest',
      `Checksum Type mismatch occurred, expected checksum Type: ${wishes.algorithm}, actual checksum Type: ${wanted.algorithm}`,
    )
  const algorithm = wanted?.algorithm ?? wishes.algorithm ?? null
  const sum = algorithm && running(algorithm)
  const trailers = new Map<string, string>()
  const chunked = signed.payload.startsWith('STREAMING-')
  const body = patient(request)
  const source = chunked ? unchunked(body, signed, header(headers, 'x-amz-trailer'), trailers) : checked(body, signed.payload)
  const length = chunked ? decodedLength(context) : null
  async function* bytes(): AsyncGenerator<Buffer> {
    let size = 0
    for await (const piece of source) {
      size += piece.length
      if (length !== null && size > length) throw fault('InvalidRequest', 'The body is longer than x-amz-decoded-content-length says.')
      md5?.update(piece)
      sum?.update(piece)
      yield piece
    }
    if (length !== null && size !== length) throw fault('IncompleteBody')
    if (md5 && md5.digest('base64') !== wantedMd5) throw fault('BadDigest')
    if (!algorithm || !sum) return
    const made = sum.digest()
    if (wanted) checkSum(wanted.value ?? trailers.get(`x-amz-checksum-${algorithm}`), algorithm, made)
    result.checksum = { algorithm, value: made }
  }
  const result: Body = { bytes: bytes(), checksum: null }
  return result
}

function checkSum(value: string | undefined, algorithm: Algorithm, made: string): void {
  if (value === undefined) throw fault('MalformedTrailerError')
  if (value !== made) throw fault('BadDigest', `The ${algorithm.toUpperCase()} you specified did not match the calculated checksum.`)
}

/** The length without what chunks add; null where it is not said. Throws InvalidArgument for what is no number. */
function decodedLength({ headers }: BaseContext): number | null {
  const text = header(headers, 'x-amz-decoded-content-length')
  if (text === undefined) return null
  if (!/^\d{1,15}$/.test(text)) throw fault('InvalidArgument', 'x-amz-decoded-content-length must be a number.')
  return Number(text)
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
async function* unchunked(
  source: AsyncIterable<Buffer>,
  signed: Signed,
  trailer: string | undefined,
  trailers: Map<string, string>,
): AsyncGenerator<Buffer> {
  const kind = /^STREAMING-(AWS4-HMAC-SHA256-PAYLOAD|UNSIGNED-PAYLOAD)(-TRAILER)?$/.exec(signed.payload)
  if (!kind || (kind[1] === 'UNSIGNED-PAYLOAD' && !kind[2])) throw fault('NotImplemented')
  const signs = kind[1] !== 'UNSIGNED-PAYLOAD'
  // Chunks that say they are signed need a chain that only a signature in the header begins.
  if (signs && !signed.chain) throw fault('AccessDenied')
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
      if (buffer.length < size) buffer = await gather(buffer, size, chunks)
      previous = checkChunk(signed, previous, buffer.subarray(0, size), match[2]!)
    }
    if (size === 0) {
      for (let next = await chunks.next(); !next.done; next = await chunks.next()) {
        buffer = Buffer.concat([buffer, next.value])
        if (buffer.length > maxTrailers) throw fault('MalformedTrailerError')
      }
      readTrailers(buffer, signed, signs, previous, kind[2] ? trailer : undefined, trailers)
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

/** At least `size` bytes, put together once. */
async function gather(first: Buffer, size: number, chunks: AsyncIterator<Buffer>): Promise<Buffer> {
  const pieces = [first]
  let length = first.length
  while (length < size) {
    const next = await chunks.next()
    if (next.done) throw fault('IncompleteBody')
    pieces.push(next.value)
    length += next.value.length
  }
  return Buffer.concat(pieces, length)
}

function checkChunk(signed: Signed, previous: string, chunk: Buffer, signature: string): string {
  const { key, date, scope } = signed.chain!
  const text = `AWS4-HMAC-SHA256-PAYLOAD\n${date}\n${scope}\n${previous}\n${sha256('')}\n${sha256(chunk)}`
  const right = createHmac('sha256', key).update(text).digest('hex')
  if (!same(right, signature)) throw fault('SignatureDoesNotMatch')
  return right
}

/** The lines behind the last chunk: those that were announced, and their signature where chunks are signed. */
function readTrailers(
  bytes: Buffer,
  signed: Signed,
  signs: boolean,
  previous: string,
  announced: string | undefined,
  trailers: Map<string, string>,
): void {
  let signature: string | null = null
  let text = ''
  for (const line of bytes.toString('latin1').split('\n')) {
    const clean = line.replace(/\r$/, '')
    if (!clean) continue
    const colon = clean.indexOf(':')
    const name = clean.slice(0, colon).trim().toLowerCase()
    const value = clean.slice(colon + 1).trim()
    if (colon <= 0) throw fault('MalformedTrailerError')
    if (name === 'x-amz-trailer-signature') signature = value
    else if (name !== announced?.trim().toLowerCase()) throw fault('MalformedTrailerError')
    else {
      trailers.set(name, value)
      text += `${name}:${value}\n`
    }
  }
  if (!signs || announced === undefined) return
  const { key, date, scope } = signed.chain!
  const toSign = `AWS4-HMAC-SHA256-TRAILER\n${date}\n${scope}\n${previous}\n${sha256(text)}`
  if (signature === null || !same(createHmac('sha256', key).update(toSign).digest('hex'), signature)) throw fault('SignatureDoesNotMatch')
}

/** A whole small body, checked. */
export async function smallBody(context: BaseContext, signed: Signed, limit: number, wishes: Wishes = {}): Promise<string> {
  // What says its length is refused before it comes.
  if (Number(header(context.headers, 'content-length') ?? 0) > limit * 2) throw fault('MalformedXML')
  const pieces: Buffer[] = []
  let size = 0
  for await (const piece of bodyOf(context, signed, wishes).bytes) {
    size += piece.length
    if (size > limit) throw fault('MalformedXML')
    pieces.push(piece)
  }
  return Buffer.concat(pieces).toString('utf8')
}
