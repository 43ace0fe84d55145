import { resource } from '../../../api/operation.ts'
import type { PolicyRow } from '../../../auth/delegation-tables.ts'
import { missing } from '../attributes.ts'
import { findPolicy } from './store.ts'

export const policy = resource<'policy', PolicyRow>({
  name: 'policy',
  param: 'policy_id',
  load: (id, { db }) => findPolicy(db, id),
  target: () => ({}),
  missing: missing('policy'),
  hidden: true,
})

export const policyView = (row: PolicyRow, { href }: { href(path: string): string }) => ({
  ...row.extra,
  id: row.id,
  type: row.type,
  blob: row.policy_blob,
  links: { self: href(`/policies/${row.id}`) },
})
