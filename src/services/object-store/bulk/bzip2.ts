// Decompresses bzip2, a block at a time: Node has no decoder of its own. Holds one block of input and output.

import { turn } from '../../../turns.ts'
import { Bits, fault, nextSymbol, readCodes } from './bzip2-codes.ts'

/** More than the longest possible code of the largest block. */
const enough = 2_400_000
const groupSize = 50
/** Bytes that are looked at before others may get their turn. */
const stepBytes = 64 * 1024
/** Of what may stand for 51 bytes each in new memory. */
const runsAtOnce = 4096

/** The decompressed bytes; several streams may follow each other. Throws 400 for what is no bzip2. */
export async function* bunzip2(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const chunks = source[Symbol.asyncIterator]()
  try {
    yield* blocksOf(chunks)
  } finally {
    await chunks.return?.()
  }
}

async function* blocksOf(chunks: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  const bits = new Bits()
  let ended = false
  async function fill(): Promise<void> {
    const parts = [bits.bytes.subarray(bits.at >> 3)]
    let size = parts[0]!.length
    while (!ended && size < enough) {
      const next = await chunks.next()
      if (next.done) ended = true
      else {
        parts.push(next.value)
        size += next.value.length
      }
    }
    bits.bytes = Buffer.concat(parts)
    bits.at &= 7
  }
  for (;;) {
    await fill()
    if (bits.bytes.length - ((bits.at + 7) >> 3) < 4) return
    if (bits.take(24) !== 0x425a68) throw fault()
    const level = bits.take(8) - 0x30
    if (level < 1 || level > 9) throw fault()
    for (;;) {
      await fill()
      const magic = bits.take(48)
      const sum = bits.take(32)
      if (magic === 0x177245385090) {
        bits.at = (bits.at + 7) & ~7
        break
      }
      if (magic !== 0x314159265359) throw fault()
      const block = await readBlock(bits, level * 100_000)
      if ((await checksum(block)) !== sum) throw fault()
      for (let at = 0; at < block.length; at += stepBytes) {
        await turn()
        yield block.subarray(at, at + stepBytes)
      }
    }
  }
}

async function readBlock(bits: Bits, size: number): Promise<Buffer> {
  if (bits.one()) throw fault() // randomised blocks have not been written since 1999
  const origin = bits.take(24)
  const rows = bits.take(16)
  const used: number[] = []
  for (let row = 0; row < 16; row++) {
    if (!(rows & (0x8000 >> row))) continue
    const columns = bits.take(16)
    for (let column = 0; column < 16; column++) if (columns & (0x8000 >> column)) used.push(row * 16 + column)
  }
  if (!used.length) throw fault()
  const { codes, selectors } = readCodes(bits, used)
  const end = used.length + 1
  const last = new Uint8Array(size)
  let length = 0
  let run = 0
  let step = 1
  for (let group = 0; ; group++) {
    if (group >= selectors.length) throw fault()
    const code = codes[selectors[group]!]!
    if (group % 32 === 0) await turn()
    let done = false
    for (let i = 0; i < groupSize; i++) {
      const symbol = nextSymbol(bits, code)
      if (symbol <= 1) {
        run += step << symbol
        step <<= 1
        if (run > size) throw fault()
        continue
      }
      if (run) {
        if (length + run > size) throw fault()
        last.fill(used[0]!, length, length + run)
        length += run
        run = 0
        step = 1
      }
      if (symbol === end) {
        done = true
        break
      }
      if (length >= size) throw fault()
      const [byte] = used.splice(symbol - 1, 1)
      used.unshift(byte!)
      last[length++] = byte!
    }
    if (done) break
  }
  if (origin >= length) throw fault()
  return unrun(await unsort(last.subarray(0, length), origin))
}

/** Takes the sorting of Burrows and Wheeler back. */
async function unsort(last: Uint8Array, origin: number): Promise<Uint8Array> {
  const starts = new Int32Array(257)
  for (let i = 0; i < last.length; i++) {
    if (i % stepBytes === 0) await turn()
    starts[last[i]! + 1]!++
  }
  for (let i = 1; i < 257; i++) starts[i]! += starts[i - 1]!
  const next = new Int32Array(last.length)
  for (let i = 0; i < last.length; i++) {
    if (i % stepBytes === 0) await turn()
    next[starts[last[i]!]!++] = i
  }
  const out = new Uint8Array(last.length)
  let at = next[origin]!
  for (let i = 0; i < last.length; i++) {
    if (i % stepBytes === 0) await turn()
    out[i] = last[at]!
    at = next[at]!
  }
  return out
}

/** After four equal bytes comes how many more of them there are. */
async function unrun(bytes: Uint8Array): Promise<Buffer> {
  /** Tells of each byte how often it stands there. */
  const each = async (say: (byte: number, count: number) => void) => {
    let equal = 0
    let toCome = 0
    for (let i = 0; i < bytes.length; i++) {
      if (--toCome < 0) {
        await turn()
        toCome = runsAtOnce
      }
      equal = equal > 0 && bytes[i] === bytes[i - 1] ? equal + 1 : 1
      say(bytes[i]!, 1)
      if (equal === 4 && i + 1 < bytes.length) {
        say(bytes[i]!, bytes[++i]!)
        equal = 0
      }
    }
  }
  let size = 0
  await each((_, count) => {
    size += count
  })
  const out = Buffer.allocUnsafe(size)
  let at = 0
  await each((byte, count) => {
    out.fill(byte, at, at + count)
    at += count
  })
  return out
}

const table = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index << 24
  for (let bit = 0; bit < 8; bit++) value = value & 0x80000000 ? (value << 1) ^ 0x04c11db7 : value << 1
  return value
})

async function checksum(bytes: Uint8Array): Promise<number> {
  let sum = 0xffffffff
  for (let i = 0; i < bytes.length; i++) {
    if (i % stepBytes === 0) await turn()
    sum = (sum << 8) ^ table[((sum >>> 24) ^ bytes[i]!) & 0xff]!
  }
  return ~sum >>> 0
}
