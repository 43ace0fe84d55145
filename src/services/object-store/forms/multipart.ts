// Reads multipart/form-data as it comes: a part's body is a stream, never held as a whole.
import { plain } from '../limits.ts'

export interface Part {
  name: string
  filename: string | null
  contentType: string | null
  contentEncoding: string | null
  /** Must be read to its end before the next part. */
  body: AsyncIterable<Buffer>
}

const maxHeaderBytes = 8192
const lineEnd = Buffer.from('\r\n')

/** The boundary that a content type names; null where it is no form. */
export function boundaryOf(contentType: string | undefined): string | null {
  const match = /^multipart\/form-data\s*;.*?boundary=(?:"([^"]{1,200})"|([^;\s]{1,200}))/i.exec(contentType ?? '')
  return match ? (match[1] ?? match[2]!) : null
}

/** The parts one after the other; the source is closed when they end, or nobody wants more. Throws 400 for what is no form. */
export async function* formParts(source: AsyncIterable<Buffer>, boundary: string): AsyncGenerator<Part> {
  const chunks = source[Symbol.asyncIterator]()
  try {
    yield* partsOf(chunks, boundary)
  } finally {
    await chunks.return?.()
  }
}

async function* partsOf(chunks: AsyncIterator<Buffer>, boundary: string): AsyncGenerator<Part> {
  // The first boundary may stand without a line end before it.
  let buffer: Buffer = Buffer.from('\r\n')
  let ended = false
  const delimiter = Buffer.from(`\r\n--${boundary}`)
  async function more(): Promise<boolean> {
    const next = await chunks.next()
    if (next.done) {
      ended = true
      return false
    }
    buffer = buffer.length ? Buffer.concat([buffer, next.value]) : next.value
    return true
  }
  async function need(count: number): Promise<void> {
    while (buffer.length < count) if (!(await more())) throw plain(400, 'FormPost: the form ends too early')
  }
  /** Everything up to the next delimiter, which is taken too. */
  async function* upToDelimiter(): AsyncGenerator<Buffer> {
    for (;;) {
      const at = buffer.indexOf(delimiter)
      if (at >= 0) {
        const piece = buffer.subarray(0, at)
        buffer = buffer.subarray(at + delimiter.length)
        if (piece.length) yield piece
        return
      }
      const safe = buffer.length - delimiter.length
      if (safe > 0) {
        const piece = buffer.subarray(0, safe)
        buffer = buffer.subarray(safe)
        yield piece
      }
      if (ended || !(await more())) throw plain(400, 'FormPost: the form ends too early')
    }
  }
  for await (const _preamble of upToDelimiter()) {
    // what stands before the first part means nothing
  }
  for (;;) {
    await need(2)
    if (buffer.subarray(0, 2).equals(Buffer.from('--'))) return
    if (!buffer.subarray(0, 2).equals(lineEnd)) throw plain(400, 'FormPost: malformed form')
    let end = buffer.indexOf('\r\n\r\n')
    while (end < 0) {
      if (buffer.length > maxHeaderBytes || !(await more())) throw plain(400, 'FormPost: malformed part headers')
      end = buffer.indexOf('\r\n\r\n')
    }
    const headers = new Map<string, string>()
    for (const line of buffer.subarray(2, end).toString('utf8').split('\r\n')) {
      const colon = line.indexOf(':')
      if (colon > 0) headers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim())
    }
    buffer = buffer.subarray(end + 4)
    // An empty body has its delimiter right here, with the line end that the headers' end has taken.
    if (buffer.length < delimiter.length) await more()
    buffer = Buffer.concat([lineEnd, buffer])
    const disposition = headers.get('content-disposition') ?? ''
    const parameter = (name: string) =>
      new RegExp(`;\\s*${name}="((?:[^"\\\\]|\\\\.)*)"`, 'i').exec(disposition)?.[1]?.replace(/\\(.)/g, '$1')
    const body = withoutLineEnd(upToDelimiter())
    yield {
      name: parameter('name') ?? '',
      filename: parameter('filename') ?? null,
      contentType: headers.get('content-type') ?? null,
      contentEncoding: headers.get('content-encoding') ?? null,
      body,
    }
    for await (const _rest of body) {
      // a body that nobody read ends here
    }
  }
}

/** The stream without its first two bytes, which only stand there so that every delimiter has a line end before it. */
async function* withoutLineEnd(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let skip = 2
  for await (const piece of source) {
    const rest = piece.subarray(skip)
    skip = Math.max(0, skip - piece.length)
    if (rest.length) yield rest
  }
}
