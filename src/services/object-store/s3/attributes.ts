// GET ?attributes: size, ETag, checksum and number of parts, as far as they are asked for.
import { type BaseContext, Reply } from '../../../api/operation.ts'
import { header } from '../headers.ts'
import { readManifest } from '../large-objects/manifest.ts'
import { httpDate } from '../timestamps.ts'
import { tag, xmlReply } from './buckets.ts'
import { checksumOf, elementName } from './checksums.ts'
import { fault } from './faults.ts'
import { existing, scopeOf } from './objects.ts'
import type { Signed } from './signature.ts'

export async function objectAttributes(context: BaseContext, signed: Signed, bucket: string, key: string): Promise<Reply> {
  const scope = await scopeOf(context, signed, bucket, key, 'read')
  const row = await existing(context, scope, context.rawQuery.get('versionId'))
  const wanted = new Set((header(context.headers, 'x-amz-object-attributes') ?? '').split(',').map((name) => name.trim()))
  if (!header(context.headers, 'x-amz-object-attributes')) throw fault('InvalidArgument', 'x-amz-object-attributes is missing.')
  const sum = checksumOf(row.metadata)
  const parts = row.kind === 'slo' ? (await readManifest(context.cloud, row)).length : 0
  const said: Record<string, string> = {
    ETag: tag('ETag', row.etag),
    Checksum: sum
      ? `<Checksum>${tag(elementName(sum.algorithm), sum.value)}${tag('ChecksumType', sum.composite ? 'COMPOSITE' : 'FULL_OBJECT')}</Checksum>`
      : '',
    ObjectParts: parts ? `<ObjectParts>${tag('PartsCount', parts)}</ObjectParts>` : '',
    StorageClass: tag('StorageClass', 'STANDARD'),
    ObjectSize: tag('ObjectSize', row.size),
  }
  const inner = Object.entries(said).map(([name, text]) => (wanted.has(name) ? text : ''))
  const made = xmlReply('GetObjectAttributesResponse', inner.join(''))
  return new Reply({ status: 200, headers: { ...made.headers, 'last-modified': httpDate(row.changed_at) }, body: made.body })
}
