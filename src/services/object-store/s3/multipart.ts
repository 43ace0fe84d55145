// Multipart uploads: parts are objects in BUCKET+segments, and the whole is a static large object of them.
import { type BaseContext, Reply, reply } from '../../../api/operation.ts'
import { isUniqueViolation } from '../../../db/database.ts'
import { removeNames } from '../bulk/delete.ts'
import { putContainer } from '../containers/change.ts'
import { findContainer } from '../containers/store.ts'
import { header } from '../headers.ts'
import { successor } from '../listing/query.ts'
import { type ListedObject, objectsIn } from '../listing/store.ts'
import { contentType, objectMetadata } from '../objects/metadata.ts'
import { liveObject, type StoredObject } from '../objects/store.ts'
import { writeObject } from '../objects/write.ts'
import { receivedBytes } from '../storage/data.ts'
import type { Container } from '../tables.ts'
import { checkObjectAcl } from './acl.ts'
import { accountOf, owner, s3Time, segmentsSuffix, tag, xmlReply } from './buckets.ts'
import { checksumHeaders, keptChecksum, namedAlgorithm } from './checksums.ts'
import { fault } from './faults.ts'
import { incoming, scopeOf } from './objects.ts'
import type { Signed } from './signature.ts'
import { tagsFromHeader } from './tags.ts'

export const maxParts = 10_000
/** Where an upload keeps which checksum its parts bring. */
export const wantedName = 'x-object-sysmeta-s3-wants'

export interface Upload {
  id: string
  segments: Container
  /** Names of parts begin so. */
  prefix: string
  row: StoredObject
}

/** The upload that the query names. Throws NoSuchUpload. */
export async function uploadOf(context: BaseContext, signed: Signed, bucket: string, key: string): Promise<Upload> {
  const id = context.rawQuery.get('uploadId') ?? ''
  const { read } = context.cloud.database
  const segments = await findContainer(read, accountOf(signed), bucket + segmentsSuffix)
  const row = segments && /^[0-9a-f]{32}$/.test(id) ? await liveObject(context.cloud, read, segments.id, `${key}/${id}`) : undefined
  if (!segments || !row) throw fault('NoSuchUpload')
  return { id, segments, prefix: `${key}/${id}/`, row }
}

export const partName = (prefix: string, number: number) => prefix + String(number).padStart(5, '0')

export async function initiate(context: BaseContext, signed: Signed, bucket: string, key: string): Promise<Reply> {
  const scope = await scopeOf(context, signed, bucket, key, 'write')
  checkObjectAcl(context, scope.container)
  const { cloud } = context
  const account = accountOf(signed)
  const name = bucket + segmentsSuffix
  if (!(await findContainer(cloud.database.read, account, name))) {
    await cloud.database
      .write((tx) => putContainer({ ...context, headers: {}, tx, db: tx.db }, account, name))
      .catch((error) => {
        if (!isUniqueViolation(error)) throw error
      })
  }
  const segments = (await findContainer(cloud.database.read, account, name))!
  const id = cloud.environment.hexId()
  const algorithm = namedAlgorithm(header(context.headers, 'x-amz-checksum-algorithm'))
  if (
    algorithm &&
    (header(context.headers, 'x-amz-checksum-type') ?? (algorithm === 'crc64nvme' ? 'FULL_OBJECT' : 'COMPOSITE')) !== 'COMPOSITE'
  )
    throw fault('NotImplemented', 'Checksums of whole objects are not built for uploads in parts, only those of type COMPOSITE.')
  const headers: BaseContext['headers'] = {}
  for (const [header, value] of Object.entries(context.headers)) headers[header.replace(/^x-amz-meta-/, 'x-object-meta-')] = value
  await writeObject(cloud, segments, {
    name: `${key}/${id}`,
    content_type: contentType(headers, key),
    metadata: { ...objectMetadata(headers), ...tagsFromHeader(context), ...(algorithm && { [wantedName]: algorithm }) },
    delete_at: null,
    kind: '',
    received: receivedBytes(cloud, Buffer.alloc(0)),
  })
  const made = xmlReply('InitiateMultipartUploadResult', `${tag('Bucket', bucket)}${tag('Key', key)}${tag('UploadId', id)}`)
  const told: Record<string, string> = algorithm
    ? { 'x-amz-checksum-algorithm': algorithm.toUpperCase(), 'x-amz-checksum-type': 'COMPOSITE' }
    : {}
  return new Reply({ status: 200, headers: { ...made.headers, ...told }, body: made.body })
}

export async function putPart(context: BaseContext, signed: Signed, bucket: string, key: string): Promise<Reply> {
  await scopeOf(context, signed, bucket, key, 'write')
  const upload = await uploadOf(context, signed, bucket, key)
  const number = context.rawQuery.get('partNumber') ?? ''
  if (!/^\d{1,5}$/.test(number) || Number(number) < 1 || Number(number) > maxParts) throw fault('InvalidArgument')
  const { received, copied, checksum } = await incoming(context, signed)
  const made = await writeObject(context.cloud, upload.segments, {
    name: partName(upload.prefix, Number(number)),
    content_type: 'application/octet-stream',
    metadata: keptChecksum(checksum),
    delete_at: null,
    kind: '',
    received,
  })
  if (!copied) return reply({ status: 200, headers: { etag: `"${made.etag}"`, ...checksumHeaders(checksum) } })
  return xmlReply('CopyPartResult', `${tag('LastModified', s3Time(made.changed_at))}${tag('ETag', `"${made.etag}"`)}`)
}

export async function partsOf(context: BaseContext, { segments, prefix }: Upload): Promise<ListedObject[]> {
  const range = { from: prefix, after: true, to: successor(prefix), limit: maxParts, reverse: false }
  return objectsIn(context.cloud.database.read, segments.id, range)
}

export async function listParts(context: BaseContext, signed: Signed, bucket: string, key: string): Promise<Reply> {
  await scopeOf(context, signed, bucket, key, 'read')
  const upload = await uploadOf(context, signed, bucket, key)
  const after = Number(context.rawQuery.get('part-number-marker') ?? 0)
  const numberOf = (part: ListedObject) => Number(part.name.slice(upload.prefix.length))
  const all = (await partsOf(context, upload)).filter((part) => numberOf(part) > after)
  const shown = all.slice(0, 1000)
  const parts = shown.map(
    (part) =>
      `<Part>${tag('PartNumber', numberOf(part))}${tag('LastModified', s3Time(part.made_at))}${tag('ETag', `"${part.etag}"`)}${tag('Size', part.size)}</Part>`,
  )
  const more = all.length > shown.length
  const next = more ? tag('NextPartNumberMarker', numberOf(shown.at(-1)!)) : ''
  return xmlReply(
    'ListPartsResult',
    `${tag('Bucket', bucket)}${tag('Key', key)}${tag('UploadId', upload.id)}${owner(signed, 'Initiator')}${owner(signed)}${tag('StorageClass', 'STANDARD')}${tag('PartNumberMarker', after)}${next}${tag('MaxParts', 1000)}${tag('IsTruncated', String(more))}${parts.join('')}`,
  )
}

export async function listUploads(context: BaseContext, signed: Signed, bucket: string): Promise<Reply> {
  const { read } = context.cloud.database
  const segments = await findContainer(read, accountOf(signed), bucket + segmentsSuffix)
  const asked = context.rawQuery.get('prefix') ?? ''
  const range = { from: asked || null, after: false, to: asked ? successor(asked) : null, limit: maxParts, reverse: false }
  const rows = segments ? await objectsIn(read, segments.id, range) : []
  const uploads = rows.flatMap((row) => {
    const match = /^(.+)\/([0-9a-f]{32})$/s.exec(row.name)
    return match
      ? [
          `<Upload>${tag('Key', match[1]!)}${tag('UploadId', match[2]!)}${owner(signed, 'Initiator')}${owner(signed)}${tag('StorageClass', 'STANDARD')}${tag('Initiated', s3Time(row.made_at))}</Upload>`,
        ]
      : []
  })
  return xmlReply(
    'ListMultipartUploadsResult',
    `${tag('Bucket', bucket)}${tag('KeyMarker', '')}${tag('UploadIdMarker', '')}${tag('MaxUploads', 1000)}${tag('IsTruncated', 'false')}${uploads.join('')}`,
  )
}

export const removeParts = (context: BaseContext, signed: Signed, bucket: string, names: string[]) =>
  removeNames(
    context,
    accountOf(signed),
    names.map((name) => [bucket + segmentsSuffix, ...name.split('/')].map(encodeURIComponent).join('/')),
  )

export async function abort(context: BaseContext, signed: Signed, bucket: string, key: string): Promise<Reply> {
  await scopeOf(context, signed, bucket, key, 'write')
  const upload = await uploadOf(context, signed, bucket, key)
  const parts = await partsOf(context, upload)
  await removeParts(context, signed, bucket, [...parts.map(({ name }) => name), `${key}/${upload.id}`])
  return reply({ status: 204 })
}
