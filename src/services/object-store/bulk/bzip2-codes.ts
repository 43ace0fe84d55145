// The bits of bzip2, and the codes that symbols are written in (Huffman's): each block has up to six tables of them.
import { plain } from '../limits.ts'

/** What is said of anything that is no bzip2. */
export const fault = () => plain(400, 'Invalid Tar File: it cannot be decompressed')
/** Bits of the longest code. */
const maxCode = 20

/** What is read bit by bit, the highest of a byte first. Throws 400 where there is none left. */
export class Bits {
  bytes: Buffer = Buffer.alloc(0)
  /** Position in bits. */
  at = 0
  one(): number {
    const byte = this.bytes[this.at >> 3]
    if (byte === undefined) throw fault()
    const bit = (byte >> (7 - (this.at & 7))) & 1
    this.at++
    return bit
  }
  take(count: number): number {
    let value = 0
    for (let i = 0; i < count; i++) value = value * 2 + this.one()
    return value
  }
}

export interface Code {
  limit: Int32Array
  base: Int32Array
  symbols: Uint16Array
  shortest: number
}

/** Out of the length that each symbol's code has. */
function makeCode(lengths: Uint8Array): Code {
  const limit = new Int32Array(maxCode + 2)
  const base = new Int32Array(maxCode + 2)
  const counts = new Int32Array(maxCode + 2)
  for (const length of lengths) counts[length]!++
  const symbols: number[] = []
  for (let length = 1; length <= maxCode; length++) for (const [symbol, own] of lengths.entries()) if (own === length) symbols.push(symbol)
  let code = 0
  let index = 0
  let shortest = 0
  for (let length = 1; length <= maxCode; length++) {
    base[length] = index - code
    code += counts[length]!
    index += counts[length]!
    limit[length] = code
    if (!shortest && counts[length]) shortest = length
    code <<= 1
  }
  return { limit, base, symbols: Uint16Array.from(symbols), shortest }
}

/** Reads one symbol. Throws 400 for what is no code of one. */
export function nextSymbol(bits: Bits, { limit, base, symbols, shortest }: Code): number {
  let value = bits.take(shortest)
  for (let length = shortest; length <= maxCode; length++) {
    if (value < limit[length]!) {
      const symbol = symbols[value + base[length]!]
      if (symbol === undefined) throw fault()
      return symbol
    }
    value = value * 2 + bits.one()
  }
  throw fault()
}

/** The tables of a block whose bytes are those `used`, and which of them each group of symbols is written in. */
export function readCodes(bits: Bits, used: number[]): { codes: Code[]; selectors: Uint8Array } {
  const groups = bits.take(3)
  const count = bits.take(15)
  if (groups < 2 || groups > 6 || count < 1) throw fault()
  const order = Array.from({ length: groups }, (_, i) => i)
  const selectors = new Uint8Array(count)
  for (let i = 0; i < count; i++) {
    let place = 0
    while (bits.one()) if (++place >= groups) throw fault()
    const [chosen] = order.splice(place, 1)
    order.unshift(chosen!)
    selectors[i] = chosen!
  }
  const codes: Code[] = []
  for (let group = 0; group < groups; group++) {
    const lengths = new Uint8Array(used.length + 2)
    let length = bits.take(5)
    for (let i = 0; i < lengths.length; i++) {
      while (bits.one()) length += bits.one() ? -1 : 1
      if (length < 1 || length > maxCode) throw fault()
      lengths[i] = length
    }
    codes.push(makeCode(lengths))
  }
  return { codes, selectors }
}
