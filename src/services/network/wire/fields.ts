// Parts of the wire format that all resources of networking share.
import { Type } from 'typebox'
import { LooseBoolean, Nullable } from '../../../api/types.ts'

/** At most 255 characters on one line; may be empty. */
export const Name = Type.String({ maxLength: 255, pattern: '^[^\\u0000-\\u001f\\u007f\\u2028\\u2029]*$' })
export const Description = Type.String({ maxLength: 255, pattern: '^[^\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\u007f]*$' })
/** An id as the store has them; what is no UUID is simply not found. */
export const Id = Type.String({ minLength: 1, maxLength: 255, pattern: '^[^\\u0000-\\u001f\\u007f]*$' })
export const Bool = LooseBoolean
export const IpAddress = Type.String({ maxLength: 64 })
/** One of those words. */
export const Word = (...words: string[]) => Type.Unsafe<string>({ enum: words })
export const Hints = Type.Array(Name, { maxItems: 16 })

/** Owner of what is made; only an administrator may name another project than the own one. */
export const owner = { project_id: Type.Optional(Id), tenant_id: Type.Optional(Id) }
export const naming = { name: Type.Optional(Nullable(Name)), description: Type.Optional(Nullable(Description)) }

/** `2026-11-21T10:14:12Z`. */
export const wireTime = (iso: string): string => `${iso.slice(0, 19)}Z`

/** Schema of what every resource ends with. */
export const shownStandard = {
  description: Type.String(),
  project_id: Type.String(),
  tenant_id: Type.String(),
  created_at: Type.String(),
  updated_at: Type.String(),
  revision_number: Type.Integer(),
}

/** What every resource ends with. */
export const standard = (row: { project_id: string; description: string; revision: number; created_at: string; updated_at: string }) => ({
  description: row.description,
  project_id: row.project_id,
  tenant_id: row.project_id,
  created_at: wireTime(row.created_at),
  updated_at: wireTime(row.updated_at),
  revision_number: row.revision,
})
