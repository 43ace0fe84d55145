// Multipart uploads: parts are objects in BUCKET+segments, and the whole is a static large object of them.
import { createHash } from 'node:crypto'
import { type BaseContext, type Reply, reply } from '../../../api/operation.ts'
import { isUniqueViolation } from '../../../db/database.ts'
import { removeNames } from '../bulk/delete.ts'
import { putContainer } from '../containers/change.ts'
import { findContainer } from '../containers/store.ts'
import type { Segment } from '../large-objects/manifest.ts'
import { successor } from '../listing/query.ts'
import { type ListedObject, objectsIn } from '../listing/store.ts'
import { contentType, objectMetadata } from '../objects/metadata.ts'
import { liveObject, type StoredObject } from '../objects/store.ts'
import { writeObject } from '../objects/write.ts'
import { receivedBytes } from '../storage/data.ts'
import type { Container } from '../tables.ts'
import { isoText } from '../timestamps.ts'
import { smallBody } from './body.ts'
import { accountOf, owner, s3Time, segmentsSuffix, tag, xmlReply } from './buckets.ts'
import { fault } from './faults.ts'
import { incoming, scopeOf } from './objects.ts'
import type { Signed } from './signature.ts'
import { childText, parseXml } from './xml.ts'

const maxParts = 10_000
const smallestPart = 5 * 1024 * 1024

interface Upload {
  id: string
  segments: Container
  /** Names of parts begin so. */
  prefix: string
  row: StoredObject
}

async function uploadOf(context: BaseContext, signed: Signed, bucket: string, key: string): Promise<Upload> {
  const id = context.rawQuery.get('uploadId') ?? ''
  const { read } = context.cloud.database
  const segments = await findContainer(read, accountOf(signed), bucket + segmentsSuffix)
  const row = segments && /^[0-9a-f]{32}$/.test(id) ? await liveObject(context.cloud, read, segments.id, `${key}/${id}`) : undefined
  if (!segments || !row) throw fault('NoSuchUpload')
  return { id, segments, prefix: `${key}/${id}/`, row }
}

const partName = (prefix: string, number: number) => prefix + String(number).padStart(5, '0')

export async function initiate(context: BaseContext, signed: Signed, bucket: string, key: string): Promise<Reply> {
  await scopeOf(context, signed, bucket, key, 'write')
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
  const headers: BaseContext['headers'] = {}
  for (const [header, value] of Object.entries(context.headers)) headers[header.replace(/^x-amz-meta-/, 'x-object-meta-')] = value
  await writeObject(cloud, segments, {
    name: `${key}/${id}`,
    content_type: contentType(headers, key),
    metadata: objectMetadata(headers),
    delete_at: null,
    kind: '',
    received: receivedBytes(cloud, Buffer.alloc(0)),
  })
  return xmlReply('InitiateMultipartUploadResult', `${tag('Bucket', bucket)}${tag('Key', key)}${tag('UploadId', id)}`)
}

export async function putPart(context: BaseContext, signed: Signed, bucket: string, key: string): Promise<Reply> {
  await scopeOf(context, signed, bucket, key, 'write')
  const upload = await uploadOf(context, signed, bucket, key)
  const number = context.rawQuery.get('partNumber') ?? ''
  if (!/^\d{1,5}$/.test(number) || Number(number) < 1 || Number(number) > maxParts) throw fault('InvalidArgument')
  const { received, copied } = await incoming(context, signed)
  const made = await writeObject(context.cloud, upload.segments, {
    name: partName(upload.prefix, Number(number)),
    content_type: 'application/octet-stream',
    metadata: {},
    delete_at: null,
    kind: '',
    received,
  })
  if (!copied) return reply({ status: 200, headers: { etag: `"${made.etag}"` } })
  return xmlReply('CopyPartResult', `${tag('LastModified', s3Time(made.changed_at))}${tag('ETag', `"${made.etag}"`)}`)
}

async function partsOf(context: BaseContext, { segments, prefix }: Upload): Promise<ListedObject[]> {
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

const remove = (context: BaseContext, signed: Signed, bucket: string, names: string[]) =>
  removeNames(
    context,
    accountOf(signed),
    names.map((name) => [bucket + segmentsSuffix, ...name.split('/')].map(encodeURIComponent).join('/')),
  )

export async function abort(context: BaseContext, signed: Signed, bucket: string, key: string): Promise<Reply> {
  await scopeOf(context, signed, bucket, key, 'write')
  const upload = await uploadOf(context, signed, bucket, key)
  const parts = await partsOf(context, upload)
  await remove(context, signed, bucket, [...parts.map(({ name }) => name), `${key}/${upload.id}`])
  return reply({ status: 204 })
}

export async function complete(context: BaseContext, signed: Signed, bucket: string, key: string): Promise<Reply> {
  const scope = await scopeOf(context, signed, bucket, key, 'write')
  const upload = await uploadOf(context, signed, bucket, key)
  const root = parseXml(await smallBody(context, signed, 4_194_304))
  const asked = root.children
    .filter((child) => child.name === 'Part')
    .map((child) => ({ number: Number(childText(child, 'PartNumber')), etag: (childText(child, 'ETag') ?? '').replace(/"/g, '') }))
  if (root.name !== 'CompleteMultipartUpload' || !asked.length || asked.length > maxParts) throw fault('MalformedXML')
  if (asked.some(({ number }, i) => i > 0 && number <= asked[i - 1]!.number)) throw fault('InvalidPartOrder')
  const parts = new Map((await partsOf(context, upload)).map((part) => [part.name, part]))
  const md5 = createHash('md5')
  const segments = asked.map(({ number, etag }, index): Segment => {
    const part = parts.get(partName(upload.prefix, number))
    if (part?.etag !== etag) throw fault('InvalidPart')
    if (part.size < smallestPart && index < asked.length - 1) throw fault('EntityTooSmall')
    md5.update(Buffer.from(part.etag, 'hex'))
    return {
      name: `/${bucket}${segmentsSuffix}/${part.name}`,
      hash: part.etag,
      bytes: part.size,
      content_type: part.content_type,
      last_modified: isoText(part.changed_at),
    }
  })
  // An empty only part cannot be read as a segment.
  const full = segments.filter(({ bytes }) => bytes > 0)
  const etag = `${md5.digest('hex')}-${segments.length}`
  const used = new Set(full.map(({ name }) => name.slice(`/${bucket}${segmentsSuffix}/`.length)))
  await writeObject(context.cloud, scope.container, {
    name: key,
    content_type: upload.row.content_type,
    metadata: upload.row.metadata,
    delete_at: null,
    kind: 'slo',
    received: receivedBytes(context.cloud, Buffer.from(JSON.stringify(full))),
    size: full.reduce((sum, { bytes }) => sum + bytes, 0),
    etag,
    reseller: scope.access.reseller,
  })
  await remove(context, signed, bucket, [...[...parts.keys()].filter((name) => !used.has(name)), `${key}/${upload.id}`])
  return xmlReply(
    'CompleteMultipartUploadResult',
    `${tag('Location', context.href(`//${bucket}/${key}`))}${tag('Bucket', bucket)}${tag('Key', key)}${tag('ETag', `"${etag}"`)}`,
  )
}
