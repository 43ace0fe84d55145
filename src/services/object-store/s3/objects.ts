import { type BaseContext, Reply, reply } from '../../../api/operation.ts'
import { header } from '../headers.ts'
import type { Segment } from '../large-objects/manifest.ts'
import { limits } from '../limits.ts'
import { listVersions } from '../listing/versions.ts'
import { condition } from '../objects/conditions.ts'
import { contentOf } from '../objects/content.ts'
import { readReply } from '../objects/get.ts'
import { contentType, objectMetadata } from '../objects/metadata.ts'
import { objectScope, type Scope } from '../objects/scope.ts'
import { liveObject, type StoredObject } from '../objects/store.ts'
import { findVersion, versionName } from '../objects/versions.ts'
import { writeObject } from '../objects/write.ts'
import { duplicate, type Received, receive } from '../storage/data.ts'
import type { Headers } from '../tables.ts'
import { checkObjectAcl } from './acl.ts'
import { bodyOf } from './body.ts'
import { accountOf, bucketOf, s3Time, tag, xmlReply } from './buckets.ts'
import { type Checksum, checksumHeaders, checksumOf, keptChecksum } from './checksums.ts'
import { dropParts, manifestOf } from './delete.ts'
import { fault } from './faults.ts'
import type { Signed } from './signature.ts'
import { tagHeaders, tagsFromHeader, tagsOf } from './tags.ts'

/** The headers of a request with S3's names of metadata turned into Swift's. */
function swiftHeaders(context: BaseContext): BaseContext['headers'] {
  const headers: BaseContext['headers'] = {}
  for (const [name, value] of Object.entries(context.headers)) {
    headers[name.startsWith('x-amz-meta-') ? `x-object-meta-${name.slice(11)}` : name] = value
  }
  return headers
}

export async function scopeOf(context: BaseContext, signed: Signed, bucket: string, key: string, need: 'read' | 'write'): Promise<Scope> {
  if (Buffer.byteLength(key) > limits.max_object_name_length) throw fault('KeyTooLongError')
  const params = { account: accountOf(signed), container: bucket, object: key }
  if (!(await bucketOf(context, signed, bucket))) throw fault('NoSuchBucket')
  return objectScope({ ...context, params }, need)
}

export const isVersionId = (text: string) => /^(null|\d{1,10}\.\d{5})$/.test(text)

/** True where versions are kept or once were: then answers name them. */
const hasVersions = (scope: Scope) => scope.container.metadata['x-versions-enabled'] !== undefined

/** The object, or that version of it. Throws NoSuchKey and its like, telling of marks of removal. */
export async function existing(context: BaseContext, scope: Scope, version: string | null): Promise<StoredObject> {
  const { cloud } = context
  const { read } = cloud.database
  const { object } = scope.place
  const marked = (id: string) => ({ 'x-amz-delete-marker': 'true', 'x-amz-version-id': versionName(id) })
  if (version !== null) {
    if (!isVersionId(version)) throw fault('InvalidArgument', 'Invalid version id specified')
    const row = await findVersion(read, scope.container.id, object, version)
    if (!row) throw fault('NoSuchVersion')
    if (row.kind === 'marker') throw fault('MethodNotAllowed', undefined, { ...marked(row.version_id), allow: 'DELETE' })
    return row
  }
  const row = await liveObject(cloud, read, scope.container.id, object)
  if (row) return row
  const [newest] = hasVersions(scope)
    ? await listVersions(read, scope.container.id, { ...anyVersion, prefix: object, endMarker: `${object}\u0001` })
    : []
  throw fault('NoSuchKey', undefined, newest && 'kind' in newest && newest.kind === 'marker' ? marked(newest.version_id) : {})
}

const anyVersion = { delimiter: '', marker: '', versionMarker: null, limit: 1 }

export async function getObject(context: BaseContext, signed: Signed, bucket: string, key: string): Promise<Reply> {
  const scope = await scopeOf(context, signed, bucket, key, 'read')
  const row = await existing(context, scope, context.rawQuery.get('versionId'))
  const etag = `"${row.etag}"`
  // Conditions name the ETag as S3 shows it.
  const status = condition(context.headers, etag.slice(1, -1), row.changed_at)
  if (status === 412) throw fault('PreconditionFailed')
  const query = new URLSearchParams()
  const part = context.rawQuery.get('partNumber')
  if (part !== null) query.set('part-number', part)
  const { range } = context.headers
  const made =
    status === 304 ? reply({ status }) : await readReply({ ...context, headers: range ? { range } : {}, rawQuery: query }, scope, row)
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(made.headers)) {
    if (name.startsWith('x-object-meta-')) headers[`x-amz-meta-${name.slice(14)}`] = value
    else if (!name.startsWith('x-')) headers[name] = value
  }
  headers.etag = etag
  if (hasVersions(scope)) headers['x-amz-version-id'] = versionName(row.version_id)
  const tags = tagsOf(row.metadata).length
  if (tags) headers['x-amz-tagging-count'] = String(tags)
  if (header(context.headers, 'x-amz-checksum-mode')?.toUpperCase() === 'ENABLED' && made.status === 200)
    Object.assign(headers, checksumHeaders(checksumOf(row.metadata)))
  if (part !== null && made.headers['x-parts-count']) headers['x-amz-mp-parts-count'] = made.headers['x-parts-count']
  for (const [name, value] of context.rawQuery) {
    const match = /^response-(content-type|content-language|expires|cache-control|content-disposition|content-encoding)$/.exec(name)
    if (match && /^[\x20-\x7e]*$/.test(value)) headers[match[1]!] = value
  }
  return new Reply({ status: made.status, headers, body: made.body })
}

async function source(context: BaseContext, signed: Signed): Promise<{ scope: Scope; row: StoredObject }> {
  const text = decodeURIComponent(header(context.headers, 'x-amz-copy-source')!)
  const [path = '', version] = text.split('?versionId=')
  const match = /^\/?([^/]+)\/(.+)$/s.exec(path)
  if (!match) throw fault('InvalidArgument')
  const scope = await scopeOf(context, signed, match[1]!, match[2]!, 'read')
  const row = await existing(context, scope, version ?? null)
  const conditions = Object.fromEntries(
    Object.entries(context.headers)
      .filter(([name]) => name.startsWith('x-amz-copy-source-if-'))
      .map(([name, value]) => [name.slice('x-amz-copy-source-'.length), value]),
  )
  if (condition(conditions, row.etag, row.changed_at) !== 200) throw fault('PreconditionFailed')
  return { scope, row }
}

/** The bytes that a PUT brings: its body, or (a part of) another object. */
export async function incoming(
  context: BaseContext,
  signed: Signed,
): Promise<{ received: Received; copied: StoredObject | null; checksum: Checksum | null }> {
  const { cloud, headers } = context
  if (headers['x-amz-copy-source'] === undefined) {
    if (headers['content-length'] === undefined && headers['transfer-encoding'] === undefined) throw fault('MissingContentLength')
    const body = bodyOf(context, signed)
    const received = await receive(cloud, body.bytes, limits.max_file_size)
    return { received, copied: null, checksum: body.checksum }
  }
  const { scope, row } = await source(context, signed)
  const range = header(headers, 'x-amz-copy-source-range')
  if (row.kind === '' && range === undefined)
    return { received: await duplicate(cloud, { ...row, size: row.stored }), copied: row, checksum: checksumOf(row.metadata) }
  const content = await contentOf(context, scope, row)
  const match = range === undefined ? ['', '0', String(content.size - 1)] : /^bytes=(\d{1,15})-(\d{1,15})$/.exec(range)
  if (!match || Number(match[2]) >= content.size || Number(match[1]) > Number(match[2]) + 1) throw fault('InvalidArgument')
  if (Number(match[2]) - Number(match[1]) >= limits.max_file_size) throw fault('EntityTooLarge')
  const body = await content.read(Number(match[1]), Number(match[2]))
  const pieces = Buffer.isBuffer(body)
    ? (async function* () {
        yield body
      })()
    : (body as AsyncIterable<Buffer>)
  return { received: await receive(cloud, pieces, limits.max_file_size), copied: row, checksum: null }
}

/** If-Match and If-None-Match of a PUT, decided where the object is replaced. */
export function onlyIf({ headers }: BaseContext): (old: StoredObject | undefined) => void {
  const match = header(headers, 'if-match')
  const noneMatch = header(headers, 'if-none-match')
  if (noneMatch !== undefined && noneMatch.trim() !== '*') throw fault('NotImplemented', 'If-None-Match takes only *.')
  return (old) => {
    if (noneMatch !== undefined && old) throw fault('PreconditionFailed')
    if (match === undefined) return
    if (!old) throw fault('NoSuchKey')
    if (condition({ 'if-match': match }, old.etag, old.changed_at) === 412) throw fault('PreconditionFailed')
  }
}

export async function putObjectS3(context: BaseContext, signed: Signed, bucket: string, key: string): Promise<Reply> {
  const scope = await scopeOf(context, signed, bucket, key, 'write')
  checkObjectAcl(context, scope.container)
  const headers = swiftHeaders(context)
  const metadata = objectMetadata(headers)
  delete metadata['x-object-manifest']
  const condition = onlyIf(context)
  const newTags = tagsFromHeader(context)
  const { received, copied, checksum } = await incoming(context, signed)
  const replaces = header(headers, 'x-amz-metadata-directive')?.toUpperCase() === 'REPLACE'
  const replacesTags = header(headers, 'x-amz-tagging-directive')?.toUpperCase() === 'REPLACE'
  const { cloud } = context
  let replaced: Segment[] = []
  const made = await writeObject(cloud, scope.container, {
    name: key,
    content_type: copied && !replaces ? copied.content_type : contentType(headers, key),
    metadata: {
      ...(copied && !replaces ? usersOwn(copied.metadata) : metadata),
      ...(copied && !replacesTags ? tagHeaders(copied.metadata) : newTags),
      ...keptChecksum(checksum),
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
  await dropParts(context, signed, bucket, replaced)
  const version: Record<string, string> = hasVersions(scope) ? { 'x-amz-version-id': versionName(made.version_id) } : {}
  if (!copied) return reply({ status: 200, headers: { etag: `"${made.etag}"`, ...version, ...checksumHeaders(checksum) } })
  const result = xmlReply('CopyObjectResult', `${tag('LastModified', s3Time(made.changed_at))}${tag('ETag', `"${made.etag}"`)}`)
  return new Reply({ status: 200, headers: { ...result.headers, ...version }, body: result.body })
}

/** What the user set, without what is ours and without a manifest's place. */
const usersOwn = (metadata: Headers): Headers =>
  Object.fromEntries(Object.entries(metadata).filter(([name]) => name !== 'x-object-manifest' && !name.startsWith('x-object-sysmeta-')))
