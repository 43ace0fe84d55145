// The end of a multipart upload: its parts become one object, and what was not used goes.
import { createHash } from 'node:crypto'
import { Fault } from '../../../api/faults.ts'
import type { BaseContext, Reply } from '../../../api/operation.ts'
import type { Db } from '../../../db/database.ts'
import type { Element } from '../../../s3-client/xml.ts'
import { header } from '../headers.ts'
import { type Segment, uploadName } from '../large-objects/manifest.ts'
import { liveObject, type NewObject, type StoredObject } from '../objects/store.ts'
import { writeObject } from '../objects/write.ts'
import { receivedBytes } from '../storage/data.ts'
import type { Headers } from '../tables.ts'
import { isoText } from '../timestamps.ts'
import { tag, xmlReply } from './answers.ts'
import { smallBody } from './body.ts'
import { type Checksum, checksumElements, checksumOf, combined, compositeOf, elementName, keptChecksum, promised } from './checksums.ts'
import { onlyIf } from './conditions.ts'
import { fault } from './faults.ts'
import { endUpload, maxParts, partName, type Upload, uploadOf, wantedName } from './multipart.ts'
import { dropParts, manifestOf, type Part, partsBelow, removeParts, segmentsSuffix, stateOfParts } from './parts.ts'
import { madeVersion } from './put.ts'
import { scopeOf, type WriteScope } from './scope.ts'
import type { Signed } from './signature.ts'
import { childText, parseXml } from './xml.ts'

const smallestPart = 5 * 1024 * 1024
/** A part and what may be said of it. */
const elementsOfPart = 9

interface Asked {
  number: number
  etag: string
  checksums: Element[]
}

async function askedParts(text: string): Promise<Asked[]> {
  const root = await parseXml(text, maxParts * elementsOfPart + 1)
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

type Wanted = Checksum & { composite: boolean }

/** The checksum of the whole, from those that the parts have; null where the upload wanted none. Throws InvalidPart, InvalidRequest and BadDigest. */
async function wholeChecksum(context: BaseContext, upload: Upload, asked: Asked[], parts: Part[]): Promise<Wanted | null> {
  const sums: (Checksum & { size: number })[] = []
  for (const [index, { checksums }] of asked.entries()) {
    const sum = checksumOf(parts[index]!.metadata)
    for (const claimed of checksums)
      if (!sum || claimed.name !== elementName(sum.algorithm) || claimed.text.trim() !== sum.value) throw fault('InvalidPart')
    if (sum && sum.algorithm === upload.wants?.algorithm) sums.push({ ...sum, size: parts[index]!.size })
  }
  if (!upload.wants) return null
  const { algorithm, type } = upload.wants
  if (sums.length !== asked.length)
    throw fault('InvalidRequest', `The upload was created using a ${algorithm} checksum, and parts lack it.`)
  const composite = type === 'COMPOSITE'
  const whole = { ...(composite ? compositeOf(algorithm, sums) : await combined(algorithm, sums)), composite }
  checkClaim(context, upload, whole)
  return whole
}

/** What the request itself says of the whole. A sum of sums may be given without the number of parts. */
function checkClaim({ headers }: BaseContext, { wants }: Upload, whole: Wanted): void {
  const type = header(headers, 'x-amz-checksum-type')
  if (type !== undefined && type.toUpperCase() !== wants!.type)
    throw fault('InvalidRequest', `The upload was created using the ${wants!.type} checksum mode. The complete request must use the same.`)
  const said = header(headers, `x-amz-checksum-${whole.algorithm}`)?.trim()
  if (said === undefined) {
    if (promised(headers, false)) throw fault('InvalidRequest', `The upload was created using a ${whole.algorithm} checksum.`)
    return
  }
  if (said !== whole.value && said !== whole.value.replace(/-\d+$/, ''))
    throw fault('BadDigest', `The ${whole.algorithm} you specified did not match the calculated checksum.`)
}

const answer = (context: BaseContext, bucket: string, key: string, etag: string, checksum: ReturnType<typeof checksumOf>): string =>
  `${tag('Location', context.href(`//${bucket}/${key}`))}${tag('Bucket', bucket)}${tag('Key', key)}${tag('ETag', `"${etag}"`)}${checksumElements(checksum)}`

const withoutWish = ({ [wantedName]: _, ...metadata }: Headers): Headers => metadata

/** The parts that were asked for, in order. Throws InvalidPart and EntityTooSmall. */
function chosen(upload: Upload, asked: Asked[], parts: Part[]): Part[] {
  const byName = new Map(parts.map((part) => [part.name, part]))
  return asked.map(({ number, etag }, index) => {
    const part = byName.get(partName(upload.prefix, number))
    if (part?.etag !== etag) throw fault('InvalidPart')
    if (part.size < smallestPart && index < asked.length - 1) throw fault('EntityTooSmall')
    return part
  })
}

interface Ending {
  scope: WriteScope
  upload: Upload
  asked: Asked[]
}

/** What was put as the object that the upload has become; undefined where that is not what is there. */
async function ended({ cloud, rawQuery }: BaseContext, { container, place }: WriteScope, db: Db): Promise<StoredObject | undefined> {
  const row = await liveObject(cloud, db, container.id, place.object)
  return row?.metadata[uploadName] === rawQuery.get('uploadId') ? row : undefined
}

export async function complete(context: BaseContext, signed: Signed, bucket: string, key: string): Promise<Reply> {
  const scope = await scopeOf(context, signed, bucket, key)
  const done = (made: NewObject) =>
    xmlReply('CompleteMultipartUploadResult', answer(context, bucket, key, made.etag, checksumOf(made.metadata)), madeVersion(made))
  const { database } = context.cloud
  const before = await ended(context, scope, database.read)
  if (before) return done(before)
  try {
    const upload = await uploadOf(context, scope.container, key)
    const asked = await askedParts(await smallBody(context, signed, 4_194_304, { ofObject: true }))
    return done(await end(context, { scope, upload, asked }))
  } catch (error) {
    if (!(error instanceof Fault) || error.type !== 'NoSuchUpload') throw error
    // Somebody else has ended it at the same time. Reads may not see yet what the transaction saw.
    const meanwhile = await database.write(({ db }) => ended(context, scope, db))
    if (!meanwhile) throw error
    return done(meanwhile)
  }
}

const changed = Symbol('parts have come or changed')
const mostTries = 5

/** Makes the object of the parts as they are. Throws OperationAborted where they do not stay so. */
async function end(context: BaseContext, ending: Ending): Promise<NewObject> {
  for (let tried = 1; tried <= mostTries; tried++)
    try {
      return await tryToEnd(context, ending)
    } catch (error) {
      if (error !== changed) throw error
    }
  throw fault('OperationAborted')
}

async function tryToEnd(context: BaseContext, { scope, upload, asked }: Ending): Promise<NewObject> {
  const { cloud } = context
  const { place, container } = scope
  const condition = onlyIf(context, container)
  const state = (db: Db) => stateOfParts(db, upload.segments.id, upload.prefix)
  const before = await state(cloud.database.read)
  const all = await partsBelow(context, upload.segments.id, upload.prefix, maxParts)
  const parts = chosen(upload, asked, all)
  const checksum = await wholeChecksum(context, upload, asked, parts)
  const md5 = createHash('md5')
  for (const { etag } of parts) md5.update(Buffer.from(etag, 'hex'))
  // An empty only part cannot be read as a segment.
  const segments = parts
    .filter(({ size }) => size > 0)
    .map(
      (part): Segment => ({
        name: `/${place.container}${segmentsSuffix}/${part.name}`,
        hash: part.etag,
        bytes: part.size,
        content_type: part.content_type,
        last_modified: isoText(part.changed_at),
      }),
    )
  const size = segments.reduce((sum, { bytes }) => sum + bytes, 0)
  const claimedSize = header(context.headers, 'x-amz-mp-object-size')
  if (claimedSize !== undefined && Number(claimedSize) !== size)
    throw fault('InvalidRequest', 'The object is not as long as x-amz-mp-object-size says.')
  let replaced: Segment[] = []
  const written = await writeObject(cloud, container, {
    name: place.object,
    content_type: upload.row.content_type,
    metadata: { ...withoutWish(upload.row.metadata), [uploadName]: upload.id, ...keptChecksum(checksum, checksum?.composite) },
    delete_at: null,
    kind: 'slo',
    received: receivedBytes(cloud, Buffer.from(JSON.stringify(segments))),
    size,
    etag: `${md5.digest('hex')}-${parts.length}`,
    async onlyIf(old, tx) {
      await endUpload(tx, cloud, upload)
      if ((await state(tx.db)) !== before) throw changed
      condition(old)
    },
    async replacing(old, db) {
      replaced = await manifestOf(cloud, db, old)
    },
    reseller: scope.access.reseller,
  })
  await dropParts(context, container, replaced)
  const used = new Set(parts.filter((part) => part.size > 0).map(({ name }) => name))
  await removeParts(
    context,
    container,
    all.map(({ name }) => name).filter((name) => !used.has(name)),
  )
  return written
}
