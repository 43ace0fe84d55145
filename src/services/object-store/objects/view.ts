import type { TempUrl } from '../access/temp-url.ts'
import { dispositionHeaders } from '../access/temp-url.ts'
import { storedEtag } from '../large-objects/manifest.ts'
import { httpDate, timestampText } from '../timestamps.ts'
import type { StoredObject } from './store.ts'

/** Headers that tell of an object, without its length. */
export function objectHeaders(row: StoredObject, temp: TempUrl | null = null): Record<string, string> {
  const result: Record<string, string> = {
    'content-type': row.content_type,
    etag: row.kind === 'slo' ? `"${row.etag}"` : row.etag,
    'last-modified': httpDate(row.changed_at),
    'x-timestamp': timestampText(row.changed_at),
    'accept-ranges': 'bytes',
  }
  for (const name in row.metadata) {
    // Through a temporary URL only what is meant for everybody is seen.
    // What we keep for ourselves.
    if (name.startsWith('x-object-sysmeta-')) continue
    if (temp && name.startsWith('x-object-meta-') && !name.startsWith('x-object-meta-public-')) continue
    result[name] = row.metadata[name]!
  }
  if (row.kind === 'slo') {
    result['x-static-large-object'] = 'True'
    result['x-manifest-etag'] = storedEtag(row)
  }
  if (row.delete_at !== null) result['x-delete-at'] = String(row.delete_at)
  if (row.version_id) result['x-object-version-id'] = row.version_id
  if (temp) Object.assign(result, dispositionHeaders(temp, row.name, row.metadata['content-disposition']))
  return result
}
