// GET ?versions of a bucket: every version and every mark of removal.
import type { BaseContext, Reply } from '../../../api/operation.ts'
import { listVersions } from '../listing/versions.ts'
import { heard } from '../objects/scope.ts'
import { versionName } from '../objects/versions.ts'
import { countOf, keyText, owner, s3Time, tag, xmlReply } from './answers.ts'
import { fault } from './faults.ts'
import { bucketOf } from './scope.ts'
import type { Signed } from './signature.ts'

export async function listObjectVersions(context: BaseContext, signed: Signed, bucket: string): Promise<Reply> {
  const row = await bucketOf(context, signed, bucket)
  const { rawQuery } = context
  const max = countOf(context, 'max-keys', 1000)
  const marker = rawQuery.get('key-marker') ?? ''
  const versionMarker = rawQuery.get('version-id-marker') || null
  if (versionMarker !== null && !marker) throw fault('InvalidArgument', 'A version-id marker cannot be specified without a key marker.')
  const prefix = rawQuery.get('prefix') ?? ''
  const delimiter = rawQuery.get('delimiter') ?? ''
  const query = { prefix, delimiter, marker, versionMarker, endMarker: '', limit: max + 1 }
  const entries = max ? await listVersions(context.cloud.database.read, row.id, query, () => heard(context)) : []
  const truncated = entries.length > max
  const shown = entries.slice(0, max)
  const key = keyText(rawQuery)
  const last = shown.at(-1)
  const parts = [
    tag('Name', bucket),
    tag('Prefix', key(prefix)),
    tag('KeyMarker', key(marker)),
    tag('VersionIdMarker', versionMarker ?? ''),
    truncated && last ? tag('NextKeyMarker', key('subdir' in last ? last.subdir : last.name)) : '',
    truncated && last && !('subdir' in last) ? tag('NextVersionIdMarker', versionName(last.version_id)) : '',
    tag('MaxKeys', max),
    delimiter ? tag('Delimiter', key(delimiter)) : '',
    rawQuery.has('encoding-type') ? tag('EncodingType', 'url') : '',
    tag('IsTruncated', String(truncated)),
    ...shown.map((entry) => {
      if ('subdir' in entry) return `<CommonPrefixes>${tag('Prefix', key(entry.subdir))}</CommonPrefixes>`
      const common = `${tag('Key', key(entry.name))}${tag('VersionId', versionName(entry.version_id))}${tag('IsLatest', String(entry.latest))}${tag('LastModified', s3Time(entry.changed_at))}`
      if (entry.kind === 'marker') return `<DeleteMarker>${common}${owner(row)}</DeleteMarker>`
      return `<Version>${common}${tag('ETag', `"${entry.etag}"`)}${tag('Size', entry.size)}${tag('StorageClass', 'STANDARD')}${owner(row)}</Version>`
    }),
  ]
  return xmlReply('ListVersionsResult', parts.join(''))
}
