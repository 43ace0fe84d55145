// GET ?attributes: size, ETag, checksum and parts, as far as they are asked for.
import type { BaseContext, Reply } from '../../../api/operation.ts'
import { header } from '../headers.ts'
import { extent, readManifest } from '../large-objects/manifest.ts'
import { versionName } from '../objects/versions.ts'
import type { Container } from '../tables.ts'
import { httpDate } from '../timestamps.ts'
import { tag, xmlReply } from './answers.ts'
import { checksumElements, checksumOf, elementName } from './checksums.ts'
import { fault } from './faults.ts'
import { checksumsOfParts } from './parts.ts'
import { hasVersions, objectOf } from './scope.ts'
import type { Signed } from './signature.ts'

const names = ['ETag', 'Checksum', 'ObjectParts', 'StorageClass', 'ObjectSize'] as const

/** A number in a header. Throws InvalidArgument for what is none. */
function numberIn(context: BaseContext, name: string, otherwise: number): number {
  const text = header(context.headers, name)
  if (text === undefined) return otherwise
  if (!/^\d{1,9}$/.test(text)) throw fault('InvalidArgument', `${name} must be a number.`)
  return Number(text)
}

/** The parts behind the marker, as many as are asked for. */
async function partsOf(context: BaseContext, row: Parameters<typeof readManifest>[1], bucket: Container): Promise<string> {
  if (row.kind !== 'slo') return ''
  const manifest = await readManifest(context.cloud, row)
  const most = Math.min(numberIn(context, 'x-amz-max-parts', 1000), 1000)
  const after = numberIn(context, 'x-amz-part-number-marker', 0)
  const shown = manifest.slice(after, after + most)
  const sums = await checksumsOfParts(context, shown, bucket)
  const parts = shown.map((segment, index) => {
    const sum = sums[index]
    return `<Part>${tag('PartNumber', after + index + 1)}${tag('Size', extent(segment).length)}${sum ? tag(elementName(sum.algorithm), sum.value) : ''}</Part>`
  })
  const next = after + shown.length
  return `<ObjectParts>${tag('TotalPartsCount', manifest.length)}${tag('PartsCount', manifest.length)}${tag('PartNumberMarker', after)}${tag('NextPartNumberMarker', next)}${tag('MaxParts', most)}${tag('IsTruncated', String(next < manifest.length))}${parts.join('')}</ObjectParts>`
}

export async function objectAttributes(context: BaseContext, signed: Signed, bucket: string, key: string): Promise<Reply> {
  const { scope, row } = await objectOf(context, signed, bucket, key)
  const asked = header(context.headers, 'x-amz-object-attributes')
  if (!asked) throw fault('InvalidRequest', 'x-amz-object-attributes is missing.')
  const wanted = new Set(asked.split(',').map((name) => name.trim()))
  for (const name of wanted)
    if (!names.includes(name as (typeof names)[number])) throw fault('InvalidArgument', 'Invalid attribute name specified.')
  const sum = checksumElements(checksumOf(row.metadata))
  const said: Record<(typeof names)[number], string> = {
    ETag: tag('ETag', row.etag),
    Checksum: sum && `<Checksum>${sum}</Checksum>`,
    ObjectParts: wanted.has('ObjectParts') ? await partsOf(context, row, scope.container) : '',
    StorageClass: tag('StorageClass', 'STANDARD'),
    ObjectSize: tag('ObjectSize', row.size),
  }
  const inner = names.map((name) => (wanted.has(name) ? said[name] : ''))
  const version: Record<string, string> = hasVersions(scope) ? { 'x-amz-version-id': versionName(row.version_id) } : {}
  return xmlReply('GetObjectAttributesResponse', inner.join(''), { 'last-modified': httpDate(row.changed_at), ...version })
}
