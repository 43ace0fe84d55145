// The end of a multipart upload: its parts become one object, and what was not used goes.
import { createHash } from 'node:crypto'
import type { BaseContext, Reply } from '../../../api/operation.ts'
import type { Element } from '../../../s3-client/xml.ts'
import { header } from '../headers.ts'
import type { Segment } from '../large-objects/manifest.ts'
import { successor } from '../listing/query.ts'
import { liveObject } from '../objects/store.ts'
import { versionName } from '../objects/versions.ts'
import { writeObject } from '../objects/write.ts'
import { receivedBytes } from '../storage/data.ts'
import type { Headers } from '../tables.ts'
import { isoText } from '../timestamps.ts'
import { smallBody } from './body.ts'
import { segmentsSuffix, tag, xmlReply } from './buckets.ts'
import { type Algorithm, type Checksum, checksumOf, compositeOf, elementName, keptChecksum, namedAlgorithm } from './checksums.ts'
import { dropParts, manifestOf } from './delete.ts'
import { fault } from './faults.ts'
import { maxParts, partName, partsOf, removeParts, type Upload, uploadOf, wantedName } from './multipart.ts'
import { onlyIf, scopeOf } from './objects.ts'
import type { Signed } from './signature.ts'
import { childText, parseXml } from './xml.ts'

const smallestPart = 5 * 1024 * 1024
/** Which upload an object came of: a client whose answer was lost asks again. */
const uploadName = 'x-object-sysmeta-s3-upload'

interface Asked {
  number: number
  etag: string
  checksums: Element[]
}

function askedParts(text: string): Asked[] {
  const root = parseXml(text)
  const asked = root.children
    .filter((child) => child.name === 'Part')
    .map((child) => ({
      number: Number(childText(child, 'PartNumber')),
      etag: (childText(child, 'ETag') ?? '').replace(/"/g, ''),
      checksums: child.children.filter(({ name }) => name.startsWith('Checksum')),
    }))
  if (root.name !== 'CompleteMultipartUpload' || !asked.length || asked.length > maxParts) throw fault('MalformedXML')
  if (asked.some(({ number }, i) => i > 0 && number <= asked[i - 1]!.number)) throw fault('InvalidPartOrder')
  return asked
}

/** The checksum of the whole, from those that the parts brought; null where the upload wanted none. Throws InvalidPart. */
async function compositeChecksum(context: BaseContext, upload: Upload, asked: Asked[]): Promise<Checksum | null> {
  const algorithm: Algorithm | null = namedAlgorithm(upload.row.metadata[wantedName])
  const claims = asked.some(({ checksums }) => checksums.length)
  if (!algorithm && !claims) return null
  const rows = await context.cloud.database.read
    .selectFrom('object_store_objects')
    .select(['name', 'metadata'])
    .where('container_id', '=', upload.segments.id)
    .where('name', '>', upload.prefix)
    .where('name', '<', successor(upload.prefix)!)
    .execute()
  const sums = new Map(rows.map((row) => [row.name, checksumOf(row.metadata)]))
  const parts: Checksum[] = []
  for (const { number, checksums } of asked) {
    const sum = sums.get(partName(upload.prefix, number))
    for (const claimed of checksums)
      if (!sum || claimed.name !== elementName(sum.algorithm) || claimed.text.trim() !== sum.value) throw fault('InvalidPart')
    if (sum && sum.algorithm === algorithm) parts.push(sum)
  }
  if (!algorithm) return null
  if (parts.length !== asked.length)
    throw fault('InvalidRequest', `The upload was created using a ${algorithm} checksum, and parts lack it.`)
  return compositeOf(algorithm, parts)
}

const answer = (context: BaseContext, bucket: string, key: string, etag: string, checksum: Checksum | null): string => {
  const sum = checksum ? tag(elementName(checksum.algorithm), checksum.value) + tag('ChecksumType', 'COMPOSITE') : ''
  return `${tag('Location', context.href(`//${bucket}/${key}`))}${tag('Bucket', bucket)}${tag('Key', key)}${tag('ETag', `"${etag}"`)}${sum}`
}

const withoutWish = ({ [wantedName]: _, ...metadata }: Headers): Headers => metadata

export async function complete(context: BaseContext, signed: Signed, bucket: string, key: string): Promise<Reply> {
  const { cloud } = context
  const scope = await scopeOf(context, signed, bucket, key, 'write')
  const condition = onlyIf(context)
  const id = context.rawQuery.get('uploadId') ?? ''
  const made = await liveObject(cloud, cloud.database.read, scope.container.id, key)
  if (made?.metadata[uploadName] === id)
    return xmlReply('CompleteMultipartUploadResult', answer(context, bucket, key, made.etag, checksumOf(made.metadata)))
  const upload = await uploadOf(context, signed, bucket, key)
  const asked = askedParts(await smallBody(context, signed, 4_194_304))
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
  const checksum = await compositeChecksum(context, upload, asked)
  // An empty only part cannot be read as a segment.
  const full = segments.filter(({ bytes }) => bytes > 0)
  const size = full.reduce((sum, { bytes }) => sum + bytes, 0)
  const claimedSize = header(context.headers, 'x-amz-mp-object-size')
  if (claimedSize !== undefined && Number(claimedSize) !== size)
    throw fault('InvalidRequest', 'The object is not as long as x-amz-mp-object-size says.')
  const etag = `${md5.digest('hex')}-${segments.length}`
  let replaced: Segment[] = []
  const written = await writeObject(cloud, scope.container, {
    name: key,
    content_type: upload.row.content_type,
    metadata: { ...withoutWish(upload.row.metadata), [uploadName]: upload.id, ...keptChecksum(checksum, true) },
    delete_at: null,
    kind: 'slo',
    received: receivedBytes(cloud, Buffer.from(JSON.stringify(full))),
    size,
    etag,
    onlyIf: condition,
    async replacing(old, db) {
      replaced = await manifestOf(cloud, db, old)
    },
    reseller: scope.access.reseller,
  })
  await dropParts(context, signed, bucket, replaced)
  const used = new Set(full.map(({ name }) => name.slice(`/${bucket}${segmentsSuffix}/`.length)))
  await removeParts(context, signed, bucket, [...[...parts.keys()].filter((name) => !used.has(name)), `${key}/${upload.id}`])
  const result = xmlReply('CompleteMultipartUploadResult', answer(context, bucket, key, etag, checksum))
  if (scope.container.metadata['x-versions-enabled'] !== undefined) result.headers['x-amz-version-id'] = versionName(written.version_id)
  return result
}
