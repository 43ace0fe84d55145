import type { Access } from '../access/authorize.ts'
import type { Container } from '../tables.ts'
import { httpDate, timestampText } from '../timestamps.ts'

/** Headers that only owners see and set. */
export const forOwners = new Set([
  'x-container-read',
  'x-container-write',
  'x-container-sync-key',
  'x-container-sync-to',
  'x-container-meta-temp-url-key',
  'x-container-meta-temp-url-key-2',
])

/** Headers that tell of a container. */
export function containerHeaders(row: Container, access: Access): Record<string, string> {
  const result: Record<string, string> = {
    'x-container-object-count': String(row.objects),
    'x-container-bytes-used': String(row.bytes_used),
    'x-timestamp': timestampText(row.made_at),
    'last-modified': httpDate(row.changed_at),
    'x-storage-policy': 'Policy-0',
    'accept-ranges': 'bytes',
  }
  for (const [name, value] of Object.entries(row.metadata))
    if (!name.startsWith('x-container-sysmeta-') && (access.owner || !forOwners.has(name))) result[name] = value
  return result
}
