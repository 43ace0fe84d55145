// The cyclic checksums of new S3 clients that Node does not have: CRC-32C and CRC-64/NVME, both reflected.

/** Eight tables, so that eight bytes are taken at once. */
function tables32(polynomial: number): Uint32Array[] {
  const tables = Array.from({ length: 8 }, () => new Uint32Array(256))
  for (let i = 0; i < 256; i++) {
    let crc = i
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1
    tables[0]![i] = crc
  }
  for (let i = 0; i < 256; i++)
    for (let k = 1; k < 8; k++) {
      const before = tables[k - 1]![i]!
      tables[k]![i] = (before >>> 8) ^ tables[0]![before & 255]!
    }
  return tables
}

let castagnoli: Uint32Array[] | null = null

/** CRC-32C of `data`, going on from the value of what came before (0 at the start). */
export function crc32c(data: Uint8Array, previous = 0): number {
  castagnoli ??= tables32(0x82f63b78)
  const [t0, t1, t2, t3, t4, t5, t6, t7] = castagnoli as [
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
  ]
  let crc = ~previous
  let at = 0
  for (const end = data.length - 7; at < end; at += 8) {
    crc ^= data[at]! | (data[at + 1]! << 8) | (data[at + 2]! << 16) | (data[at + 3]! << 24)
    crc =
      t7[crc & 255]! ^
      t6[(crc >>> 8) & 255]! ^
      t5[(crc >>> 16) & 255]! ^
      t4[crc >>> 24]! ^
      t3[data[at + 4]!]! ^
      t2[data[at + 5]!]! ^
      t1[data[at + 6]!]! ^
      t0[data[at + 7]!]!
  }
  for (; at < data.length; at++) crc = (crc >>> 8) ^ t0[(crc ^ data[at]!) & 255]!
  return ~crc >>> 0
}

/** Of 64 bits, as upper and lower halves: 32-bit numbers are fast, BigInts are not. */
let nvme: { high: Uint32Array; low: Uint32Array } | null = null

function tables64(): { high: Uint32Array; low: Uint32Array } {
  const [high, low] = [new Uint32Array(256), new Uint32Array(256)]
  for (let i = 0; i < 256; i++) {
    let crc = BigInt(i)
    for (let bit = 0; bit < 8; bit++) crc = crc & 1n ? (crc >> 1n) ^ 0x9a6c9329ac4bc9b5n : crc >> 1n
    high[i] = Number(crc >> 32n)
    low[i] = Number(crc & 0xffffffffn)
  }
  return { high, low }
}

export interface Crc64 {
  high: number
  low: number
}
export const crc64Start: Crc64 = { high: 0, low: 0 }

/** CRC-64/NVME of `data`, going on from the value of what came before. */
export function crc64nvme(data: Uint8Array, previous: Crc64 = crc64Start): Crc64 {
  nvme ??= tables64()
  const { high: tableHigh, low: tableLow } = nvme
  let high = ~previous.high
  let low = ~previous.low
  for (let at = 0; at < data.length; at++) {
    const index = (low ^ data[at]!) & 255
    low = ((low >>> 8) | (high << 24)) ^ tableLow[index]!
    high = (high >>> 8) ^ tableHigh[index]!
  }
  return { high: ~high >>> 0, low: ~low >>> 0 }
}

/** Polynomials as they are reflected, with their width. */
const polynomials = {
  crc32: [0xedb88320n, 32],
  crc32c: [0x82f63b78n, 32],
  crc64nvme: [0x9a6c9329ac4bc9b5n, 64],
} as const

/**
 * A function that gives the sum of two texts that follow each other from their sums and the second's length: the first is multiplied
 * by x to the power of the bits that follow it. Powers are remembered, since parts are mostly of one length.
 */
export function combiner(name: keyof typeof polynomials): (first: bigint, second: bigint, length: number) => bigint {
  const [polynomial, width] = polynomials[name]
  const one = 1n << BigInt(width - 1)
  const multiply = (a: bigint, b: bigint): bigint => {
    let product = 0n
    let left = a
    for (let bit = one; bit; bit >>= 1n) {
      if (b & bit) product ^= left
      left = left & 1n ? (left >> 1n) ^ polynomial : left >> 1n
    }
    return product
  }
  const powers = new Map<number, bigint>()
  const power = (length: number): bigint => {
    const known = powers.get(length)
    if (known !== undefined) return known
    let result = one
    // x to the power of 8, squared for each bit of the length.
    let square = one >> 8n
    for (let left = length; left; left = Math.floor(left / 2)) {
      if (left % 2) result = multiply(result, square)
      square = multiply(square, square)
    }
    if (powers.size < 100) powers.set(length, result)
    return result
  }
  return (first, second, length) => multiply(first, power(length)) ^ second
}
