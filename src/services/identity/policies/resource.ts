import { type Static, Type } from 'typebox'
import { resource } from '../../../api/operation.ts'
import type { PolicyRow } from '../../../auth/delegation-tables.ts'
import { Extended, missing, SelfLink } from '../attributes.ts'
import { findPolicy } from './store.ts'

export const policy = resource<'policy', PolicyRow>({
  name: 'policy',
  param: 'policy_id',
  load: (id, { db }) => findPolicy(db, id),
  target: () => ({}),
  missing: missing('policy'),
  hidden: true,
})

const Blob = Type.Union([Type.String(), Type.Record(Type.String(), Type.Unknown())])
/** A policy as it is shown (reference 6.11): its blob is what a service put there, a text or an object of its own. */
export const Policy = Extended({ id: Type.String(), type: Type.String(), blob: Blob, links: SelfLink })

export const policyView = (row: PolicyRow, { href }: { href(path: string): string }): Static<typeof Policy> => ({
  ...row.extra,
  id: row.id,
  type: row.type,
  blob: row.policy_blob as Static<typeof Blob>,
  links: { self: href(`/policies/${row.id}`) },
})
