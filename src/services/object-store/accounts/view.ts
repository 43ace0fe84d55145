import type { Access } from '../access/authorize.ts'
import type { Account } from '../tables.ts'
import { timestampText } from '../timestamps.ts'

const forOwners = /^x-account-(meta-temp-url-key|access-control)/

/** Headers that tell of an account. */
export function accountHeaders(account: Account | undefined, access: Access, now: number): Record<string, string> {
  const result: Record<string, string> = {
    'x-account-container-count': String(account?.containers ?? 0),
    'x-account-object-count': String(account?.objects ?? 0),
    'x-account-bytes-used': String(account?.bytes_used ?? 0),
    'x-timestamp': timestampText(account?.made_at ?? now),
    'x-account-storage-policy-policy-0-container-count': String(account?.containers ?? 0),
    'x-account-storage-policy-policy-0-object-count': String(account?.objects ?? 0),
    'x-account-storage-policy-policy-0-bytes-used': String(account?.bytes_used ?? 0),
    'accept-ranges': 'bytes',
  }
  for (const [name, value] of Object.entries(account?.metadata ?? {})) if (access.owner || !forOwners.test(name)) result[name] = value
  const quota = account?.metadata['x-account-meta-quota-bytes']
  if (quota) result['x-account-quota-bytes'] = quota
  return result
}
