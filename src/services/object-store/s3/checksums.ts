// Checksums that clients send with their bytes, in a header or behind the last chunk: verified, kept, and given back.
import { createHash } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { crc32 } from 'node:zlib'
import { turn } from '../../../turns.ts'
import { header } from '../headers.ts'
import type { Headers } from '../tables.ts'
import { tag } from './answers.ts'
import { combiner, crc32c, crc64nvme, crc64Start } from './crc.ts'
import { fault } from './faults.ts'

export interface Checksum {
  /** In lower case: `crc32`. */
  algorithm: Algorithm
  /** In base64. */
  value: string
}

interface Running {
  update(data: Buffer): void
  /** In base64. */
  digest(): string
}

const word = (value: number) => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

function hashing(name: string): Running {
  const hash = createHash(name)
  return { update: (data) => void hash.update(data), digest: () => hash.digest('base64') }
}

function cyclic(step: (data: Buffer, previous: number) => number): Running {
  let value = 0
  return {
    update(data) {
      value = step(data, value)
    },
    digest: () => word(value).toString('base64'),
  }
}

const algorithms = {
  crc32: () => cyclic(crc32),
  crc32c: () => cyclic(crc32c),
  crc64nvme(): Running {
    let value = crc64Start
    return {
      update(data) {
        value = crc64nvme(data, value)
      },
      digest: () => Buffer.concat([word(value.high), word(value.low)]).toString('base64'),
    }
  },
  sha1: () => hashing('sha1'),
  sha256: () => hashing('sha256'),
} satisfies Record<string, () => Running>

export type Algorithm = keyof typeof algorithms
export const isAlgorithm = (name: string): name is Algorithm => Object.hasOwn(algorithms, name)

const prefix = 'x-amz-checksum-'

/** Names as XML has them: `ChecksumCRC32`. */
export const elementName = (algorithm: Algorithm) => `Checksum${algorithm.toUpperCase()}`

export const running = (algorithm: Algorithm): Running => algorithms[algorithm]()

/** The algorithm that `x-amz-checksum-algorithm` or its kin names. Throws InvalidRequest for one that is not known. */
export function namedAlgorithm(text: string | undefined): Algorithm | null {
  if (!text) return null
  const name = text.toLowerCase()
  if (!isAlgorithm(name)) throw fault('InvalidRequest', 'Checksum algorithm provided is unsupported.')
  return name
}

const lengths: Record<Algorithm, number> = { crc32: 4, crc32c: 4, crc64nvme: 8, sha1: 20, sha256: 32 }
const isValue = (algorithm: Algorithm, text: string) => {
  const bytes = Buffer.from(text, 'base64')
  return bytes.length === lengths[algorithm] && bytes.toString('base64') === text
}

/** What the headers promise: the value itself, or (null) that it comes behind the last chunk. Throws InvalidRequest unless it can be one (`strict`). */
export function promised(headers: IncomingHttpHeaders, strict = true): { algorithm: Algorithm; value: string | null } | null {
  const found: { algorithm: Algorithm; value: string | null }[] = []
  for (const name of Object.keys(headers)) {
    if (!name.startsWith(prefix)) continue
    const algorithm = name.slice(prefix.length)
    if (isAlgorithm(algorithm)) found.push({ algorithm, value: header(headers, name)!.trim() })
    else if (!['algorithm', 'mode', 'type'].includes(algorithm)) throw fault('InvalidRequest', `There is no checksum ${algorithm}.`)
  }
  const trailer = header(headers, 'x-amz-trailer')?.trim().toLowerCase()
  if (trailer?.startsWith(prefix)) {
    const algorithm = trailer.slice(prefix.length)
    if (!isAlgorithm(algorithm)) throw fault('InvalidRequest', 'The value specified in the x-amz-trailer header is not supported')
    found.push({ algorithm, value: null })
  }
  if (found.length > 1) throw fault('InvalidRequest', 'Expecting a single x-amz-checksum- header. Multiple checksum types are not allowed.')
  const [only] = found
  if (strict && only?.value !== null && only && !isValue(only.algorithm, only.value))
    throw fault('InvalidRequest', `Value for ${prefix}${only.algorithm} header is invalid.`)
  return only ?? null
}

const keptName = 'x-object-sysmeta-s3-checksum'

export type ChecksumType = 'COMPOSITE' | 'FULL_OBJECT'

/** The type for an upload in parts: as asked for, else the algorithm's usual one. Throws InvalidRequest for a pair that there is not. */
export function checksumType(algorithm: Algorithm, asked: string | undefined): ChecksumType {
  const type = asked?.toUpperCase() ?? (algorithm === 'crc64nvme' ? 'FULL_OBJECT' : 'COMPOSITE')
  if (type !== 'COMPOSITE' && type !== 'FULL_OBJECT') throw fault('InvalidRequest', 'Value for x-amz-checksum-type header is invalid.')
  const cyclic = algorithm.startsWith('crc')
  if ((type === 'FULL_OBJECT' && !cyclic) || (type === 'COMPOSITE' && algorithm === 'crc64nvme'))
    throw fault('InvalidRequest', `The ${type} checksum type cannot be used with the ${algorithm} checksum algorithm.`)
  return type
}

/** How a checksum is kept among the object's own metadata; a checksum of checksums says so. */
export const keptChecksum = (checksum: Checksum | null, composite = false): Headers =>
  checksum ? { [keptName]: `${checksum.algorithm} ${checksum.value}${composite ? ' COMPOSITE' : ''}` } : {}

export function checksumOf(metadata: Headers): (Checksum & { composite: boolean }) | null {
  const [algorithm, value, kind] = (metadata[keptName] ?? '').split(' ')
  return algorithm && value && isAlgorithm(algorithm) ? { algorithm, value, composite: kind === 'COMPOSITE' } : null
}

export const checksumHeaders = (checksum: (Checksum & { composite?: boolean }) | null): Record<string, string> =>
  checksum ? { [prefix + checksum.algorithm]: checksum.value, 'x-amz-checksum-type': checksum.composite ? 'COMPOSITE' : 'FULL_OBJECT' } : {}

/** The checksum as elements of an answer; '' for none. */
export const checksumElements = (checksum: (Checksum & { composite?: boolean }) | null): string =>
  checksum
    ? tag(elementName(checksum.algorithm), checksum.value) + tag('ChecksumType', checksum.composite ? 'COMPOSITE' : 'FULL_OBJECT')
    : ''

/** The checksum over the parts' checksums, with their number. */
export function compositeOf(algorithm: Algorithm, parts: Checksum[]): Checksum {
  const sum = running(algorithm)
  for (const part of parts) sum.update(Buffer.from(part.value, 'base64'))
  return { algorithm, value: `${sum.digest()}-${parts.length}` }
}

/** The checksum of the whole, from those of parts that follow each other. */
export async function combined(algorithm: Algorithm, parts: (Checksum & { size: number })[]): Promise<Checksum> {
  const width = algorithm === 'crc64nvme' ? 64 : 32
  const combine = combiner(algorithm as 'crc32' | 'crc32c' | 'crc64nvme')
  let whole = 0n
  for (const [index, { value, size }] of parts.entries()) {
    whole = combine(whole, BigInt(`0x${Buffer.from(value, 'base64').toString('hex')}`), size)
    // Ten thousand parts take a while: others have their turn between.
    if (index % 32 === 31) await turn()
  }
  return { algorithm, value: Buffer.from(whole.toString(16).padStart(width / 4, '0'), 'hex').toString('base64') }
}
