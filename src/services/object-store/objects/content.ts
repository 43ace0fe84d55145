// What a GET of an object gives: its own bytes, or those of the segments that its manifest names.
import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { Fault } from '../../../api/faults.ts'
import type { BaseContext } from '../../../api/operation.ts'
import { findContainer } from '../containers/store.ts'
import { extent, limits, readManifest, type Segment, splitName } from '../large-objects/manifest.ts'
import { successor } from '../listing/query.ts'
import { objectsIn } from '../listing/store.ts'
import { read } from '../storage/data.ts'
import { mayReadOther, type Scope } from './scope.ts'
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

type Opened = Pick<Scope, 'temp' | 'container'>

const badSegment = (name: string) => new Fault(409, `The segment ${name} is missing or has changed.`)

/** Content of the row; `bytes` when they have been read with it. */
export async function contentOf(context: BaseContext, scope: Opened, row: StoredObject, bytes?: Buffer | null): Promise<Content> {
  if (row.kind === 'slo') return staticContent(context, scope, row, await readManifest(context.cloud, row), 0)
  if (row.kind === 'dlo') return dynamicContent(context, scope, row)
  return { size: row.size, etag: row.etag, parts: null, read: (start, end) => read(context.cloud, row, start, end, bytes) }
}

interface Piece {
  length: number
  open(start: number, end: number): Promise<Buffer | Readable>
}

/** One after the other; only the present one is open. */
async function* joined(pieces: Piece[], start: number, end: number): AsyncGenerator<Buffer> {
  let at = 0
  for (const { length, open } of pieces) {
    const from = Math.max(start - at, 0)
    const to = Math.min(end - at, length - 1)
    at += length
    if (from > to) continue
    const part = await open(from, to)
    if (Buffer.isBuffer(part)) yield part
    else for await (const chunk of part) yield chunk as Buffer
    if (at > end) return
  }
}

/** The first piece is opened before the answer begins, so that a fault of it can still be told. */
async function openJoined(pieces: Piece[], start: number, end: number): Promise<Buffer | Readable> {
  if (end < start) return Buffer.alloc(0)
  const generator = joined(pieces, start, end)
  const first = await generator.next()
  if (first.done) return Buffer.alloc(0)
  return Readable.from(
    (async function* () {
      yield first.value
      yield* generator
    })(),
    { objectMode: false, highWaterMark: 512 * 1024 },
  )
}

/** The segment's object as the asker may read it; 403 or 401 where he may not, 409 where it is not what it was. */
async function openSegment(context: BaseContext, scope: Opened, segment: Segment, depth: number): Promise<Content> {
  const place = splitName(segment.name)
  const container = place && (await findContainer(context.cloud.database.read, scope.container.account, place.container))
  if (!place || !container) throw badSegment(segment.name)
  if (!mayReadOther(context, scope, container)) throw new Fault(context.who ? 403 : 401, 'Access was denied to a segment.')
  const row = await liveObject(context.cloud, context.cloud.database.read, container.id, place.object)
  if (!row || row.etag !== segment.hash || row.size !== segment.bytes) throw badSegment(segment.name)
  if (row.kind !== 'slo') return contentOf(context, scope, row)
  if (depth >= limits.depth) throw new Fault(409, 'Max recursion depth exceeded')
  return staticContent(context, scope, row, await readManifest(context.cloud, row), depth + 1)
}

function staticContent(context: BaseContext, scope: Opened, row: StoredObject, segments: Segment[], depth: number): Content {
  const pieces = segments.map((segment): Piece => {
    const { start, length } = extent(segment)
    return {
      length,
      async open(from, to) {
        if (segment.data !== undefined) return Buffer.from(segment.data, 'base64').subarray(from, to + 1)
        return (await openSegment(context, scope, segment, depth)).read(start + from, start + to)
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
  const text = decodeURIComponent(Buffer.from(manifest, 'latin1').toString('utf8'))
  const slash = text.indexOf('/')
  return { container: text.slice(0, slash), prefix: text.slice(slash + 1) }
}

async function dynamicContent(context: BaseContext, scope: Opened, row: StoredObject): Promise<Content> {
  const { cloud } = context
  const target = dynamicTarget(row.metadata['x-object-manifest']!)
  const container = await findContainer(cloud.database.read, scope.container.account, target.container)
  const md5 = createHash('md5')
  const pieces: Piece[] = []
  let size = 0
  if (container && !mayReadOther(context, scope, container)) throw new Fault(context.who ? 403 : 401, 'Access was denied to a segment.')
  let from = target.prefix
  for (let page = 10_000; container && page; ) {
    const range = { from, after: from !== target.prefix, to: successor(target.prefix), limit: page, reverse: false }
    const listed = await objectsIn(cloud.database.read, container.id, range)
    for (const { name, etag, size: length } of listed) {
      if (container.id === row.container_id && name === row.name) continue
      md5.update(etag)
      size += length
      pieces.push({
        length,
        async open(start, end) {
          const segment = await liveObject(cloud, cloud.database.read, container.id, name)
          if (!segment || segment.etag !== etag || segment.kind === 'dlo') throw badSegment(name)
          return (await contentOf(context, scope, segment)).read(start, end)
        },
      })
    }
    if (listed.length < page) page = 0
    else from = listed.at(-1)!.name
  }
  return { size, etag: md5.digest('hex'), parts: null, read: (start, end) => openJoined(pieces, start, end) }
}
