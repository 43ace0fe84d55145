// PUT of an object: its bytes come with it, or from another object.
import { type BaseContext, type Reply, reply } from '../../../api/operation.ts'
import { header } from '../headers.ts'
import type { Segment } from '../large-objects/manifest.ts'
import { limits } from '../limits.ts'
import { condition } from '../objects/conditions.ts'
import { contentOf } from '../objects/content.ts'
import { destinationOf, type Scope } from '../objects/scope.ts'
import type { NewObject } from '../objects/store.ts'
import { versionName } from '../objects/versions.ts'
import { type Destination, receiveFor, writeObject } from '../objects/write.ts'
import { duplicate, type Received } from '../storage/data.ts'
import { listOfNew } from './acl.ts'
import { s3Time, tag, xmlReply } from './answers.ts'
import { bodyOf } from './body.ts'
import { type Algorithm, type Checksum, checksumElements, checksumHeaders, checksumOf, keptChecksum, running } from './checksums.ts'
import { onlyIf } from './conditions.ts'
import { fault } from './faults.ts'
import { metadataOf, typeOf, usersOwn } from './metadata.ts'
import { dropParts, manifestOf } from './parts.ts'
import { type Found, hasVersions, objectOf, scopeOf } from './scope.ts'
import type { Signed } from './signature.ts'
import { tagHeaders, tagsFromHeader, tagsOf } from './tags.ts'

/** What `x-amz-copy-source` names: `/bucket/key?versionId=...`, percent-encoded. Throws InvalidArgument for what names nothing. */
function sourcePlace(text: string): { bucket: string; key: string; version: string | null } {
  const mark = text.indexOf('?')
  const query = new URLSearchParams(mark < 0 ? '' : text.slice(mark + 1))
  const version = query.get('versionId')
  if (query.size > (version === null ? 0 : 1)) throw fault('InvalidArgument', 'Unsupported copy source parameter.')
  let path = ''
  try {
    path = decodeURIComponent(Buffer.from(mark < 0 ? text : text.slice(0, mark), 'latin1').toString('utf8'))
  } catch {
    throw fault('InvalidArgument', 'x-amz-copy-source cannot be decoded.')
  }
  const match = /^\/?([^/]+)\/(.+)$/s.exec(path)
  if (!match || path.includes('\0')) throw fault('InvalidArgument', 'x-amz-copy-source must be of the form /bucket/key.')
  return { bucket: match[1]!, key: match[2]!, version }
}

/** The object to copy from, for those who may read it, with its conditions. */
async function source(context: BaseContext, signed: Signed): Promise<Found> {
  const { bucket, key, version } = sourcePlace(header(context.headers, 'x-amz-copy-source')!)
  const { 'x-amz-expected-bucket-owner': _, 'x-amz-source-expected-bucket-owner': expected, ...others } = context.headers
  const headers = expected === undefined ? others : { ...others, 'x-amz-expected-bucket-owner': expected }
  const found = await objectOf({ ...context, headers }, signed, bucket, key, 'READ', version)
  const { row } = found
  // A part has no tags.
  const keepsTags = !context.rawQuery.has('uploadId') && directive(context, 'x-amz-tagging-directive') === 'COPY'
  if (keepsTags && !found.tags && tagsOf(row.metadata).length) throw fault('AccessDenied')
  const conditions = Object.fromEntries(
    Object.entries(context.headers)
      .filter(([name]) => name.startsWith('x-amz-copy-source-if-'))
      .map(([name, value]) => [name.slice('x-amz-copy-source-'.length), value]),
  )
  if (condition(conditions, row.etag, row.changed_at) !== 200) throw fault('PreconditionFailed')
  return found
}

export interface Incoming {
  received: Received
  copied: Found | null
  checksum: Checksum | null
}

/** The bytes that a PUT brings: its body, or (a part of) another object. With `algorithm` that checksum is made of them. */
export async function incoming(
  context: BaseContext,
  signed: Signed,
  to: Destination,
  algorithm: Algorithm | null = null,
): Promise<Incoming> {
  const { cloud, headers } = context
  if (headers['x-amz-copy-source'] !== undefined) return copied(context, await source(context, signed), to, algorithm)
  if (headers['content-length'] === undefined && headers['transfer-encoding'] === undefined) throw fault('MissingContentLength')
  const body = bodyOf(context, signed, { algorithm })
  const received = await receiveFor(cloud, to, body.bytes)
  return { received, copied: null, checksum: body.checksum }
}

/** First and last byte that `x-amz-copy-source-range` names. Throws InvalidArgument, and InvalidRange for what lies outside of the source. */
function copyRange(text: string | undefined, size: number): [number, number] {
  if (text === undefined) return [0, size - 1]
  const match = /^bytes=(\d{1,15})-(\d{1,15})$/.exec(text)
  if (!match || Number(match[1]) > Number(match[2]))
    throw fault('InvalidArgument', 'The x-amz-copy-source-range value must be of the form bytes=first-last.')
  if (Number(match[2]) >= size) throw fault('InvalidRange', `Range specified is not valid for source object of size: ${size}`)
  return [Number(match[1]), Number(match[2])]
}

async function copied(context: BaseContext, from: Found, to: Destination, algorithm: Algorithm | null): Promise<Incoming> {
  const { cloud } = context
  const { scope, row } = from
  const range = header(context.headers, 'x-amz-copy-source-range')
  const known = checksumOf(row.metadata)
  if (row.kind === '' && range === undefined && (algorithm === null || known?.algorithm === algorithm))
    return { received: await duplicate(cloud, { ...row, size: row.stored }), copied: from, checksum: known }
  const content = await contentOf(context, scope, row)
  const [first, last] = copyRange(range, content.size)
  if (last - first >= limits.max_file_size) throw fault('EntityTooLarge')
  const body = await content.read(first, last)
  // A copy keeps a sum of the kind that its source has; one of sums of parts is not true of it.
  const kind = algorithm ?? (range === undefined ? known?.algorithm : undefined)
  const sum = kind ? running(kind) : null
  async function* bytes(): AsyncGenerator<Buffer> {
    for await (const piece of Buffer.isBuffer(body) ? [body] : (body as AsyncIterable<Buffer>)) {
      sum?.update(piece)
      yield piece
    }
  }
  const received = await receiveFor(cloud, to, bytes())
  return { received, copied: from, checksum: kind && sum ? { algorithm: kind, value: sum.digest() } : null }
}

const directive = ({ headers }: BaseContext, name: string): 'COPY' | 'REPLACE' => {
  const value = header(headers, name)?.toUpperCase() ?? 'COPY'
  if (value !== 'COPY' && value !== 'REPLACE') throw fault('InvalidArgument', `Unknown ${name}.`)
  return value
}

/** Throws InvalidRequest for a copy of an object onto itself that would change nothing. */
function checkCopy(context: BaseContext, target: Scope): void {
  const { headers } = context
  if (headers['x-amz-copy-source'] === undefined) return
  const { bucket, key, version } = sourcePlace(header(headers, 'x-amz-copy-source')!)
  if (headers['x-amz-copy-source-range'] !== undefined) throw fault('InvalidArgument', 'Illegal copy header')
  if (headers.range !== undefined) throw fault('InvalidArgument', 'RANGE is not supported in Copy!')
  const changes = [
    directive(context, 'x-amz-metadata-directive') === 'REPLACE',
    directive(context, 'x-amz-tagging-directive') === 'REPLACE',
    ...['x-amz-storage-class', 'x-amz-checksum-algorithm'].map((name) => headers[name] !== undefined),
  ]
  if (bucket === target.place.container && key === target.place.object && version === null && !changes.some(Boolean))
    throw fault(
      'InvalidRequest',
      "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.",
    )
}

/** The version that was made, where one was. */
export const madeVersion = ({ version_id }: NewObject): Record<string, string> => (version_id ? { 'x-amz-version-id': version_id } : {})

export async function putObject(context: BaseContext, signed: Signed, bucket: string, key: string): Promise<Reply> {
  const scope = await scopeOf(context, signed, bucket, key)
  const list = await listOfNew(context, scope)
  checkCopy(context, scope)
  const { cloud, headers } = context
  const metadata = metadataOf(headers)
  const condition = onlyIf(context, scope.container)
  const newTags = tagsFromHeader(context)
  const { received, copied, checksum } = await incoming(context, signed, destinationOf(scope))
  const keeps = copied && directive(context, 'x-amz-metadata-directive') === 'COPY'
  const keepsTags = copied && directive(context, 'x-amz-tagging-directive') === 'COPY'
  let replaced: Segment[] = []
  const made = await writeObject(cloud, scope.container, {
    name: key,
    content_type: keeps ? copied.row.content_type : typeOf(headers),
    metadata: {
      ...(keeps ? usersOwn(copied.row.metadata) : metadata),
      ...(keepsTags ? tagHeaders(copied.row.metadata) : newTags),
      ...keptChecksum(checksum),
      ...list,
    },
    delete_at: null,
    kind: '',
    received,
    onlyIf: condition,
    async replacing(old, db) {
      replaced = await manifestOf(cloud, db, old)
    },
    reseller: scope.access.reseller,
  })
  await dropParts(context, scope.container, replaced)
  if (!copied) return reply({ headers: { etag: `"${made.etag}"`, ...madeVersion(made), ...checksumHeaders(checksum) } })
  return copyReply('CopyObjectResult', made, copied, checksum)
}

/** The answer to a copy: what was made, and the version that it was made of. */
export function copyReply(root: string, made: NewObject, from: Found, checksum: Checksum | null): Reply {
  const of: Record<string, string> = hasVersions(from.scope) ? { 'x-amz-copy-source-version-id': versionName(from.row.version_id) } : {}
  const inner = `${tag('LastModified', s3Time(made.changed_at))}${tag('ETag', `"${made.etag}"`)}${checksumElements(checksum)}`
  return xmlReply(root, inner, { ...madeVersion(made), ...of })
}
