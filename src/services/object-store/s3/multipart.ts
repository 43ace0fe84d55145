// Multipart uploads: parts are objects in BUCKET+segments, and the whole is a static large object of them.
import { type BaseContext, type Reply, reply } from '../../../api/operation.ts'
import type { Cloud } from '../../../cloud.ts'
import { type Db, isUniqueViolation, type Tx } from '../../../db/database.ts'
import { putContainer } from '../containers/change.ts'
import { findContainer, lockContainer } from '../containers/store.ts'
import { header } from '../headers.ts'
import { successor } from '../listing/query.ts'
import { objectsIn } from '../listing/store.ts'
import { findObject, liveObject, type StoredObject } from '../objects/store.ts'
import { writeObject } from '../objects/write.ts'
import { receivedBytes } from '../storage/data.ts'
import type { Container } from '../tables.ts'
import { listOfNew } from './acl.ts'
import { countOf, keyText, owner, s3Time, tag, xmlReply } from './answers.ts'
import {
  type Algorithm,
  type ChecksumType,
  checksumElements,
  checksumHeaders,
  checksumOf,
  checksumType,
  isAlgorithm,
  keptChecksum,
  namedAlgorithm,
} from './checksums.ts'
import { fault } from './faults.ts'
import { metadataOf, typeOf } from './metadata.ts'
import { type Part, partsBelow, removePart, removeParts, segmentsSuffix } from './parts.ts'
import { copyReply, incoming } from './put.ts'
import { bucketOf, scopeOf } from './scope.ts'
import type { Signed } from './signature.ts'
import { tagsFromHeader } from './tags.ts'

export const maxParts = 10_000
/** Where an upload keeps which checksum it wants, and of which type. */
export const wantedName = 'x-object-sysmeta-s3-wants'

export interface Upload {
  id: string
  bucket: Container
  segments: Container
  /** Names of parts begin so. */
  prefix: string
  row: StoredObject
  wants: { algorithm: Algorithm; type: ChecksumType } | null
}

/** The upload that the query names. Throws NoSuchUpload. */
export async function uploadOf(context: BaseContext, bucket: Container, key: string): Promise<Upload> {
  const id = context.rawQuery.get('uploadId') ?? ''
  const { read } = context.cloud.database
  const segments = await findContainer(read, bucket.account, bucket.name + segmentsSuffix)
  const row = segments && /^[0-9a-f]{32}$/.test(id) ? await liveObject(context.cloud, read, segments.id, `${key}/${id}`) : undefined
  if (!segments || !row) throw fault('NoSuchUpload')
  const [algorithm = '', type] = (row.metadata[wantedName] ?? '').split(' ')
  const wants = isAlgorithm(algorithm) ? { algorithm, type: checksumType(algorithm, type) } : null
  return { id, bucket, segments, prefix: `${key}/${id}/`, row, wants }
}

/** Throws NoSuchUpload where it has ended: its container is locked. */
async function stillThere(db: Db, { segments, row }: Upload): Promise<void> {
  if (!(await findObject(db, segments.id, row.name))) throw fault('NoSuchUpload')
}

/** Whoever takes the upload away, to abort or to complete it, is the one who does. Throws NoSuchUpload for all others. */
export async function endUpload(tx: Tx, cloud: Cloud, { segments, row }: Upload): Promise<void> {
  if (!(await removePart(tx, cloud, await lockContainer(tx, cloud, segments.id), row.name))) throw fault('NoSuchUpload')
}

export const partName = (prefix: string, number: number) => prefix + String(number).padStart(5, '0')

/** The container of the parts, made when it is not there. Whoever may read the object that they become reads them with it. */
async function segmentsOf(context: BaseContext, bucket: Container): Promise<Container> {
  const { cloud } = context
  const name = bucket.name + segmentsSuffix
  const known = await findContainer(cloud.database.read, bucket.account, name)
  if (known) return known
  await cloud.database
    .write((tx) => putContainer({ ...context, headers: {}, tx, db: tx.db }, bucket.account, name))
    .catch((error) => {
      if (!isUniqueViolation(error)) throw error
    })
  return (await findContainer(cloud.database.read, bucket.account, name))!
}

export async function initiate(context: BaseContext, signed: Signed, bucket: string, key: string): Promise<Reply> {
  const scope = await scopeOf(context, signed, bucket, key)
  const list = await listOfNew(context, scope)
  const { cloud, headers } = context
  const asked = header(headers, 'x-amz-checksum-type')
  const algorithm = namedAlgorithm(header(headers, 'x-amz-checksum-algorithm'))
  if (asked !== undefined && !algorithm)
    throw fault('InvalidRequest', 'The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.')
  const type = algorithm && checksumType(algorithm, asked)
  const segments = await segmentsOf(context, scope.container)
  const id = cloud.environment.hexId()
  await writeObject(cloud, segments, {
    name: `${key}/${id}`,
    content_type: typeOf(headers),
    metadata: { ...metadataOf(headers), ...tagsFromHeader(context), ...list, ...(algorithm && { [wantedName]: `${algorithm} ${type}` }) },
    delete_at: null,
    kind: '',
    received: receivedBytes(cloud, Buffer.alloc(0)),
  })
  const told: Record<string, string> =
    algorithm && type ? { 'x-amz-checksum-algorithm': algorithm.toUpperCase(), 'x-amz-checksum-type': type } : {}
  return xmlReply('InitiateMultipartUploadResult', `${tag('Bucket', bucket)}${tag('Key', key)}${tag('UploadId', id)}`, told)
}

export async function putPart(context: BaseContext, signed: Signed, bucket: string, key: string): Promise<Reply> {
  const scope = await scopeOf(context, signed, bucket, key)
  const upload = await uploadOf(context, scope.container, key)
  const number = context.rawQuery.get('partNumber') ?? ''
  if (!/^\d{1,5}$/.test(number) || Number(number) < 1 || Number(number) > maxParts)
    throw fault('InvalidArgument', `Part number must be an integer between 1 and ${maxParts}, inclusive`)
  const name = partName(upload.prefix, Number(number))
  const to = { container: upload.segments, name, reseller: false }
  const { received, copied, checksum } = await incoming(context, signed, to, upload.wants?.algorithm)
  const made = await writeObject(context.cloud, upload.segments, {
    name,
    content_type: 'application/octet-stream',
    metadata: keptChecksum(checksum),
    delete_at: null,
    kind: '',
    received,
    // What comes when the upload has ended is no part of anything.
    onlyIf: (_, tx) => stillThere(tx.db, upload),
  })
  if (copied) return copyReply('CopyPartResult', made, copied, checksum)
  return reply({ headers: { etag: `"${made.etag}"`, ...checksumHeaders(checksum) } })
}

export async function listParts(context: BaseContext, signed: Signed, bucket: string, key: string): Promise<Reply> {
  const container = await bucketOf(context, signed, bucket)
  const upload = await uploadOf(context, container, key)
  const shownKey = keyText(context.rawQuery)(key)
  const most = countOf(context, 'max-parts', 1000)
  const after = context.rawQuery.has('part-number-marker') ? countOf(context, 'part-number-marker', maxParts) : 0
  const numberOf = (part: Part) => Number(part.name.slice(upload.prefix.length))
  const rows = await partsBelow(context, upload.segments.id, upload.prefix, most + 1, partName(upload.prefix, after))
  const shown = rows.slice(0, most)
  const parts = shown.map(
    (part) =>
      `<Part>${tag('PartNumber', numberOf(part))}${tag('LastModified', s3Time(part.made_at))}${tag('ETag', `"${part.etag}"`)}${tag('Size', part.size)}${checksumElements(checksumOf(part.metadata)).replace(/<ChecksumType>.*/, '')}</Part>`,
  )
  const more = rows.length > shown.length
  const sums = upload.wants ? tag('ChecksumAlgorithm', upload.wants.algorithm.toUpperCase()) + tag('ChecksumType', upload.wants.type) : ''
  return xmlReply(
    'ListPartsResult',
    `${tag('Bucket', bucket)}${tag('Key', shownKey)}${tag('UploadId', upload.id)}${owner(container, 'Initiator')}${owner(container)}${tag('StorageClass', 'STANDARD')}${tag('PartNumberMarker', after)}${tag('NextPartNumberMarker', shown.length ? numberOf(shown.at(-1)!) : 0)}${tag('MaxParts', most)}${context.rawQuery.has('encoding-type') ? tag('EncodingType', 'url') : ''}${tag('IsTruncated', String(more))}${sums}${parts.join('')}`,
  )
}

/** Names of uploads, without those of their parts. */
const uploadPattern = /^(.+)\/([0-9a-f]{32})$/s

export async function listUploads(context: BaseContext, signed: Signed, bucket: string): Promise<Reply> {
  const row = await bucketOf(context, signed, bucket)
  const { read } = context.cloud.database
  const { rawQuery } = context
  const key = keyText(rawQuery)
  const most = countOf(context, 'max-uploads', 1000)
  const prefix = rawQuery.get('prefix') ?? ''
  const delimiter = rawQuery.get('delimiter') ?? ''
  const keyMarker = rawQuery.get('key-marker') ?? ''
  const idMarker = keyMarker ? (rawQuery.get('upload-id-marker') ?? '') : ''
  const segments = await findContainer(read, row.account, row.name + segmentsSuffix)
  // Uploads of a key stand between `key/0` and `key/g`; without one of them all of the key's are behind the marker.
  const marker = keyMarker && `${keyMarker}/${idMarker || 'g'}`
  const found: { key: string; id: string; at: number }[] = []
  const folders = new Set<string>()
  let last: { key: string; id: string } | null = null
  let more = false
  let from: string | null = marker > prefix ? marker : prefix || null
  for (let open = marker > prefix; segments && !more; ) {
    const rows = await objectsIn(read, segments.id, {
      from,
      after: open,
      to: prefix ? successor(prefix) : null,
      limit: 1000,
      reverse: false,
    })
    for (const { name, made_at } of rows) {
      const match = uploadPattern.exec(name)
      if (!match) continue
      const at = delimiter ? match[1]!.indexOf(delimiter, prefix.length) : -1
      const folder = at < 0 ? null : match[1]!.slice(0, at + delimiter.length)
      if (folder !== null && (folders.has(folder) || keyMarker.startsWith(folder))) continue
      more = found.length + folders.size >= most
      if (more) break
      if (folder === null) found.push({ key: match[1]!, id: match[2]!, at: made_at })
      else folders.add(folder)
      last = { key: folder ?? match[1]!, id: match[2]! }
    }
    if (rows.length < 1000) break
    from = rows.at(-1)!.name
    open = true
  }
  const whose = `${owner(row, 'Initiator')}${owner(row)}${tag('StorageClass', 'STANDARD')}`
  const uploads = found.map(
    (upload) =>
      `<Upload>${tag('Key', key(upload.key))}${tag('UploadId', upload.id)}${whose}${tag('Initiated', s3Time(upload.at))}</Upload>`,
  )
  const next = more && last ? tag('NextKeyMarker', key(last.key)) + tag('NextUploadIdMarker', last.id) : ''
  return xmlReply(
    'ListMultipartUploadsResult',
    `${tag('Bucket', bucket)}${tag('KeyMarker', key(keyMarker))}${tag('UploadIdMarker', idMarker)}${next}${prefix ? tag('Prefix', key(prefix)) : ''}${delimiter ? tag('Delimiter', key(delimiter)) : ''}${tag('MaxUploads', most)}${rawQuery.has('encoding-type') ? tag('EncodingType', 'url') : ''}${tag('IsTruncated', String(more))}${uploads.join('')}${[...folders].map((folder) => `<CommonPrefixes>${tag('Prefix', key(folder))}</CommonPrefixes>`).join('')}`,
  )
}

export async function abort(context: BaseContext, signed: Signed, bucket: string, key: string): Promise<Reply> {
  const { cloud } = context
  const scope = await scopeOf(context, signed, bucket, key)
  const upload = await uploadOf(context, scope.container, key)
  const removeAll = async (first?: (db: Db) => Promise<void>) => {
    const parts = await partsBelow(context, upload.segments.id, upload.prefix, maxParts)
    const names = parts.map(({ name }) => name)
    await removeParts(context, scope.container, names, first)
  }
  // The upload goes behind its parts, so that who was interrupted may abort it again; without it no more parts come, but some may have.
  await removeAll((db) => stillThere(db, upload))
  await context.write((tx) => endUpload(tx, cloud, upload))
  await removeAll()
  return reply({})
}
