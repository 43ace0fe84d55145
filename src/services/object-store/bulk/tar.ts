// Reads tar archives as they come: ustar, with the long names of pax and GNU.
import { turn } from '../../../turns.ts'
import { plain } from '../limits.ts'

export interface Entry {
  path: string
  type: 'file' | 'folder' | 'other'
  size: number
  /** Extended attributes of pax, as `SCHILY.xattr.user.mime_type`. */
  attributes: Record<string, string>
  /** Must be read before the next entry; what is not read is passed over. */
  body: AsyncIterable<Buffer>
}

const block = 512
const zeros = Buffer.alloc(block)
const maxLongName = 8192
/** Folders and all else that makes no object cost time too: so many there may be, and so many more for each file. */
const mostOthers = { inAll: 10_000, aFile: 4 }

/** The entries one after the other; the source is closed when they end, or nobody wants more. Throws 400 for what is no archive. */
export async function* tarEntries(source: AsyncIterable<Buffer>): AsyncGenerator<Entry> {
  const chunks = source[Symbol.asyncIterator]()
  try {
    yield* entriesOf(chunks)
  } finally {
    await chunks.return?.()
  }
}

async function* entriesOf(chunks: AsyncIterator<Buffer>): AsyncGenerator<Entry> {
  let buffer: Buffer = Buffer.alloc(0)
  async function fill(): Promise<boolean> {
    const next = await chunks.next()
    if (next.done) return false
    buffer = buffer.length ? Buffer.concat([buffer, next.value]) : next.value
    return true
  }
  async function exactly(count: number): Promise<Buffer> {
    while (buffer.length < count) if (!(await fill())) throw plain(400, 'Invalid Tar File: unexpected end of data')
    return take(count)
  }
  function take(count: number): Buffer {
    const taken = buffer.subarray(0, count)
    buffer = buffer.subarray(count)
    return taken
  }
  async function* content(size: number): AsyncGenerator<Buffer> {
    let left = size
    while (left > 0) {
      if (!buffer.length && !(await fill())) throw plain(400, 'Invalid Tar File: unexpected end of data')
      const piece = buffer.subarray(0, left)
      buffer = buffer.subarray(piece.length)
      left -= piece.length
      yield piece
    }
    await exactly((block - (size % block)) % block)
  }
  async function text(size: number): Promise<Buffer> {
    if (size > maxLongName) throw plain(400, 'Invalid Tar File: a name is too long')
    const bytes = await exactly(size)
    await exactly((block - (size % block)) % block)
    return bytes
  }
  let attributes: Record<string, string> = {}
  let longName: string | null = null
  let others = 0
  for (;;) {
    const wait = turn()
    if (wait) await wait
    if (!buffer.length && !(await fill())) return
    const head = buffer.length < block ? await exactly(block) : take(block)
    if (head.equals(zeros)) {
      // After the end only padding comes, which is read so that the connection can go on.
      buffer = Buffer.alloc(0)
      for (; await fill(); await turn()) buffer = Buffer.alloc(0)
      return
    }
    if (!validSum(head)) throw plain(400, 'Invalid Tar File: bad checksum')
    const size = number(head.subarray(124, 136))
    const flag = String.fromCharCode(head[156]!)
    others = isFile(flag) ? others - mostOthers.aFile : others + 1
    if (others > mostOthers.inAll) throw plain(400, 'Invalid Tar File: too many entries that are no files')
    if (flag === 'x' || flag === 'g') {
      const records = paxRecords(await text(size))
      if (flag === 'x') attributes = records
      continue
    }
    if (flag === 'L') {
      longName = string(await text(size))
      continue
    }
    if (flag === 'K') {
      await text(size)
      continue
    }
    const prefix = head.subarray(257, 262).toString('latin1') === 'ustar' && head[263] === 0x30 ? string(head.subarray(345, 500)) : ''
    const short = string(head.subarray(0, 100))
    const path = attributes.path ?? longName ?? (prefix ? `${prefix}/${short}` : short)
    const real = attributes.size && /^\d{1,15}$/.test(attributes.size) ? Number(attributes.size) : size
    const body = content(real)
    const type = isFile(flag) ? 'file' : flag === '5' ? 'folder' : 'other'
    yield { path, type, size: real, attributes, body }
    if (real)
      for await (const _rest of body) {
        // passed over
      }
    attributes = {}
    longName = null
  }
}

const isFile = (flag: string) => flag === '0' || flag === '\0' || flag === '7'

function string(bytes: Buffer): string {
  const end = bytes.indexOf(0)
  return bytes.subarray(0, end < 0 ? bytes.length : end).toString('utf8')
}

/** Octal digits, or base 256 where the first bit is set. */
function number(bytes: Buffer): number {
  let value = 0
  if (bytes[0]! & 0x80) for (const byte of bytes.subarray(4)) value = value * 256 + byte
  else value = Number.parseInt(string(bytes).trim() || '0', 8)
  if (!Number.isSafeInteger(value) || value < 0) throw plain(400, 'Invalid Tar File: bad size')
  return value
}

function validSum(head: Buffer): boolean {
  let sum = 8 * 32
  for (let i = 0; i < block; i++) if (i < 148 || i >= 156) sum += head[i]!
  return sum === number(head.subarray(148, 156))
}

function paxRecords(bytes: Buffer): Record<string, string> {
  const records: Record<string, string> = Object.create(null)
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(0x20, at)
    const length = Number.parseInt(bytes.subarray(at, space).toString('latin1'), 10)
    if (space < 0 || !(length > 0) || at + length > bytes.length) throw plain(400, 'Invalid Tar File: bad extended header')
    const record = bytes.subarray(space + 1, at + length - 1).toString('utf8')
    const equals = record.indexOf('=')
    if (equals > 0) records[record.slice(0, equals)] = record.slice(equals + 1)
    at += length
  }
  return records
}
