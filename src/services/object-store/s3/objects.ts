import { Fault } from '../../../api/faults.ts'
import { type BaseContext, Reply, reply } from '../../../api/operation.ts'
import { removeNames } from '../bulk/delete.ts'
import { header } from '../headers.ts'
import { readManifest } from '../large-objects/manifest.ts'
import { limits } from '../limits.ts'
import { dropObject } from '../objects/change.ts'
import { condition } from '../objects/conditions.ts'
import { contentOf } from '../objects/content.ts'
import { readReply } from '../objects/get.ts'
import { contentType, objectMetadata } from '../objects/metadata.ts'
import { objectScope, type Scope } from '../objects/scope.ts'
import { liveObjectWithBytes, type StoredObject } from '../objects/store.ts'
import { findVersion } from '../objects/versions.ts'
import { writeObject } from '../objects/write.ts'
import { duplicate, type Received, receive } from '../storage/data.ts'
import type { Headers } from '../tables.ts'
import { objectBytes } from './body.ts'
import { accountOf, bucketOf, s3Time, segmentsSuffix, tag, xmlReply } from './buckets.ts'
import { fault } from './faults.ts'
import type { Signed } from './signature.ts'

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

async function existing(context: BaseContext, scope: Scope, version: string | null): Promise<StoredObject & { data?: Buffer | null }> {
  const row =
    version === null
      ? await liveObjectWithBytes(context.cloud, scope.container.id, scope.place.object)
      : await findVersion(context.cloud.database.read, scope.container.id, scope.place.object, version)
  if (!row || row.kind === 'marker') throw fault('NoSuchKey')
  return row
}

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
  if (row.version_id) headers['x-amz-version-id'] = row.version_id
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
export async function incoming(context: BaseContext, signed: Signed): Promise<{ received: Received; copied: StoredObject | null }> {
  const { cloud, headers } = context
  if (headers['x-amz-copy-source'] === undefined) {
    if (headers['content-length'] === undefined && headers['transfer-encoding'] === undefined) throw fault('MissingContentLength')
    return { received: await receive(cloud, objectBytes(context, signed), limits.max_file_size), copied: null }
  }
  const { scope, row } = await source(context, signed)
  const range = header(headers, 'x-amz-copy-source-range')
  if (row.kind === '' && range === undefined) return { received: await duplicate(cloud, { ...row, size: row.stored }), copied: row }
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
  return { received: await receive(cloud, pieces, limits.max_file_size), copied: row }
}

export async function putObjectS3(context: BaseContext, signed: Signed, bucket: string, key: string): Promise<Reply> {
  const scope = await scopeOf(context, signed, bucket, key, 'write')
  const headers = swiftHeaders(context)
  const metadata = objectMetadata(headers)
  delete metadata['x-object-manifest']
  const onlyNew = header(headers, 'if-none-match') === '*'
  const { received, copied } = await incoming(context, signed)
  const replaces = header(headers, 'x-amz-metadata-directive')?.toUpperCase() === 'REPLACE'
  const kept: Headers = copied && !replaces ? withoutManifest(copied.metadata) : metadata
  const made = await writeObject(context.cloud, scope.container, {
    name: key,
    content_type: copied && !replaces ? copied.content_type : contentType(headers, key),
    metadata: kept,
    delete_at: null,
    kind: '',
    received,
    onlyNew,
    reseller: scope.access.reseller,
  })
  const version: Record<string, string> = made.version_id ? { 'x-amz-version-id': made.version_id } : {}
  if (!copied) return reply({ status: 200, headers: { etag: `"${made.etag}"`, ...version } })
  const result = xmlReply('CopyObjectResult', `${tag('LastModified', s3Time(made.changed_at))}${tag('ETag', `"${made.etag}"`)}`)
  return new Reply({ status: 200, headers: { ...result.headers, ...version }, body: result.body })
}

function withoutManifest(metadata: Headers): Headers {
  const { 'x-object-manifest': _, ...rest } = metadata
  return rest
}

/** Removes the object, and the parts of which it was made. What is not there is as good as removed. */
export async function deleteObjectS3(context: BaseContext, signed: Signed, bucket: string, key: string): Promise<Reply> {
  const scope = await scopeOf(context, signed, bucket, key, 'write')
  const version = context.rawQuery.get('versionId')
  const row = version === null ? await liveObjectWithBytes(context.cloud, scope.container.id, key) : undefined
  const prefix = `/${bucket}${segmentsSuffix}/`
  const parts =
    row?.kind === 'slo' && !row.version_id ? (await readManifest(context.cloud, row)).filter(({ name }) => name.startsWith(prefix)) : []
  try {
    const query = version === null ? new URLSearchParams() : new URLSearchParams({ 'version-id': version })
    const made = await dropObject({ ...context, rawQuery: query }, scope)
    await removeNames(
      context,
      accountOf(signed),
      parts.map(({ name }) => name.split('/').map(encodeURIComponent).join('/')),
    )
    const marker = made['x-object-version-id']
    return reply({
      status: 204,
      headers: marker ? { 'x-amz-version-id': marker, ...(version === null && { 'x-amz-delete-marker': 'true' }) } : {},
    })
  } catch (error) {
    if (!(error instanceof Fault) || error.status !== 404) throw error
    return reply({ status: 204 })
  }
}
