// What a GET of an object gives: its own bytes, or those of the segments that its manifest names.
import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { Fault } from '../../../api/faults.ts'
import type { BaseContext } from '../../../api/operation.ts'
import { Poured } from '../../../api/poured.ts'
import { findContainer } from '../containers/store.ts'
import { extent, readManifest, type Segment, splitName, uploadName } from '../large-objects/manifest.ts'
import { unquoteHeader } from '../quoting.ts'
import { read } from '../storage/data.ts'
import { followLink } from './links.ts'
import { isGone, whereReplaced } from './replaced.ts'
import { deeper, heard, mayReadAll, mayReadOther, type Opened } from './scope.ts'
import { type PagedSegment, pagesOf, segmentsOn } from './segment-pages.ts'
import { liveObject, type StoredObject } from './store.ts'

export interface Content {
  size: number
  /** Without quotes. */
  etag: string
  /** Lengths of the parts that `part-number` counts; null for plain objects. */
  parts: number[] | null
  /** Bytes from `start` to `end`, inclusive. */
  read(start: number, end: number): Promise<Buffer | Readable>
}

const badSegment = (name: string) => new Fault(409, `The segment ${name} is missing or has changed.`)

/** Opens a segment, also one that is replaced by its like meanwhile. */
const unlessGone = <Made>(name: string, open: () => Promise<Made>): Promise<Made> =>
  whereReplaced(open).catch((error) => {
    throw isGone(error) ? badSegment(name) : error
  })

/** Content of the row; `bytes` when they have been read with it. */
export async function contentOf(context: BaseContext, scope: Opened, row: StoredObject, bytes?: Buffer | null): Promise<Content> {
  if (row.kind === 'slo') return staticContent(context, scope, row, await readManifest(context.cloud, row))
  if (row.kind === 'dlo') return dynamicContent(context, scope, row)
  return { size: row.size, etag: row.etag, parts: null, read: (start, end) => read(context.cloud, row, start, end, bytes) }
}

interface Piece {
  length: number
  open(start: number, end: number): Promise<Buffer | Readable>
}

type Pieces = Iterable<Piece> | AsyncIterable<Piece>

/** What the range needs of each piece, one after the other: the next is opened when it is asked for. */
async function* opened(pieces: Pieces, start: number, end: number): AsyncGenerator<Buffer | Readable> {
  let at = 0
  for await (const { length, open } of pieces) {
    const from = Math.max(start - at, 0)
    const to = Math.min(end - at, length - 1)
    at += length
    if (from > to) continue
    yield await open(from, to)
    if (at > end) return
  }
}

/** Pieces that follow each other, as one body; only the present one is open. */
class Joined extends Poured {
  readonly #first: Buffer | Readable
  readonly #parts: AsyncGenerator<Buffer | Readable>
  #chunks: AsyncGenerator<Buffer> | null = null
  /** What the answer's length has promised and has not come yet. */
  #left: number

  constructor(first: Buffer | Readable, others: AsyncGenerator<Buffer | Readable>, length: number) {
    super({ highWaterMark: 512 * 1024 })
    this.#first = first
    this.#left = length
    this.#parts = (async function* () {
      yield first
      yield* others
    })()
  }

  async *#all(): AsyncGenerator<Buffer> {
    for await (const part of this.#parts) {
      for await (const chunk of Buffer.isBuffer(part) ? [part] : (part as AsyncIterable<Buffer>)) {
        this.#left -= chunk.length
        yield chunk
      }
    }
    this.#whole()
  }

  /** A segment that gave less than it had when its manifest was made ends the connection: else the client would wait for the rest. */
  #whole(): void {
    if (this.#left > 0) throw new Fault(409, 'A segment has changed.')
  }

  async pour(write: (piece: Buffer) => Promise<void>): Promise<void> {
    const count = (piece: Buffer) => {
      this.#left -= piece.length
      return write(piece)
    }
    for await (const part of this.#parts) {
      try {
        if (Buffer.isBuffer(part)) await count(part)
        else if (part instanceof Poured) await part.pour(count)
        else for await (const chunk of part) await count(chunk as Buffer)
      } finally {
        if (part instanceof Readable) part.destroy()
      }
    }
    this.#whole()
  }

  override _read(): void {
    this.#chunks ??= this.#all()
    this.#chunks.next().then(
      ({ done, value }) => this.push(done ? null : value),
      (error) => this.destroy(error),
    )
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    const end = () => done(error)
    if (this.#first instanceof Readable) this.#first.destroy()
    ;(this.#chunks ?? this.#parts).return(undefined).then(end, end)
  }
}

/** The first piece is opened before the answer begins, so that a fault of it can still be told. */
async function openJoined(pieces: Pieces, start: number, end: number): Promise<Buffer | Readable> {
  if (end < start) return Buffer.alloc(0)
  const parts = opened(pieces, start, end)
  const first = await parts.next()
  return first.done ? Buffer.alloc(0) : new Joined(first.value, parts, end - start + 1)
}

/** The segment's object as the asker may read it; 403 or 401 where he may not, 409 where it is not what it was. */
async function openSegment(context: BaseContext, scope: Opened, segment: Segment, ofUpload: boolean): Promise<Content> {
  heard(context)
  const place = splitName(segment.name)
  const container = place && (await findContainer(context.cloud.database.read, scope.container.account, place.container))
  if (!place || !container) throw badSegment(segment.name)
  // Who may read the manifest hears that it does not work; a temporary URL leads to nothing else, whatever there is.
  if (!ofUpload && !mayReadOther(context, scope, container))
    throw scope.temp ? new Fault(401, 'Access was denied to a segment.') : badSegment(segment.name)
  const found = await liveObject(context.cloud, context.cloud.database.read, container.id, place.object)
  // What a link leads to names its own segments in its own account.
  const { row, where } = found?.kind === 'link' ? await followLink(context, { ...scope, container }, found) : { row: found, where: scope }
  if (!row || row.etag !== segment.hash || row.size !== segment.bytes) throw badSegment(segment.name)
  // The hash was made of the bytes of its own: what a dynamic manifest shows instead of them nobody has looked at.
  if (row.kind === 'dlo') throw badSegment(segment.name)
  return contentOf(context, row.kind === '' ? where : deeper(context, where, where.container), row)
}

function staticContent(context: BaseContext, scope: Opened, row: StoredObject, segments: Segment[]): Content {
  // Parts of an upload by S3 are the object's own: who may read it reads them.
  const ofUpload = row.metadata[uploadName] !== undefined
  const pieces = segments.map((segment): Piece => {
    const { start, length } = extent(segment)
    return {
      length,
      async open(from, to) {
        if (segment.data !== undefined) return Buffer.from(segment.data, 'base64').subarray(from, to + 1)
        return unlessGone(segment.name, async () => (await openSegment(context, scope, segment, ofUpload)).read(start + from, start + to))
      },
    }
  })
  return {
    size: row.size,
    etag: row.etag,
    parts: pieces.map(({ length }) => length),
    read: (start, end) => openJoined(pieces, start, end),
  }
}

/** Container and prefix of a dynamic manifest, decoded. */
export function dynamicTarget(manifest: string): { container: string; prefix: string } {
  const text = unquoteHeader(manifest) ?? ''
  const slash = text.indexOf('/')
  return { container: text.slice(0, slash), prefix: text.slice(slash + 1) }
}

async function dynamicContent(context: BaseContext, scope: Opened, row: StoredObject): Promise<Content> {
  const { read } = context.cloud.database
  const target = dynamicTarget(row.metadata['x-object-manifest']!)
  const container = await findContainer(read, scope.container.account, target.container)
  // Who may not read all of the account does not learn which containers there are.
  const readable = container ? mayReadOther(context, scope, container) : mayReadAll(context, scope)
  if (!readable) throw new Fault(context.who ? 403 : 401, 'Access was denied to a segment.')
  const named = { containerId: container?.id ?? 0, prefix: target.prefix, self: container?.id === row.container_id ? row.name : null }
  const { pages, size, etag } = container
    ? await pagesOf(read, named, () => heard(context))
    : { pages: [], size: 0, etag: createHash('md5').digest('hex') }
  async function* pieces(first: number): AsyncGenerator<Piece> {
    for (const page of pages.slice(first))
      for (const segment of await segmentsOn(read, named, page))
        yield {
          length: segment.size,
          open: (start, end) => unlessGone(segment.name, () => openNamed(context, scope, named.containerId, segment, start, end)),
        }
  }
  async function readBytes(start: number, end: number): Promise<Buffer | Readable> {
    let before = 0
    let first = 0
    // Pages before the first byte are not looked at again.
    for (; first < pages.length - 1 && before + pages[first]!.bytes <= start; first++) before += pages[first]!.bytes
    return openJoined(pieces(first), start - before, end - before)
  }
  return { size, etag, parts: null, read: readBytes }
}

/** Bytes of a segment that a dynamic manifest names. Throws 409 where it is not what it was. */
async function openNamed(context: BaseContext, scope: Opened, containerId: number, named: PagedSegment, start: number, end: number) {
  heard(context)
  const segment = await liveObject(context.cloud, context.cloud.database.read, containerId, named.name)
  if (!segment || segment.etag !== named.etag || segment.kind === 'dlo') throw badSegment(named.name)
  return (await contentOf(context, segment.kind === '' ? scope : deeper(context, scope, scope.container), segment)).read(start, end)
}
