import type { Static } from 'typebox'
import type { User } from '../../../auth/tables.ts'
import type { Cloud } from '../../../cloud.ts'
import { isInactive } from './attempts.ts'
import type { FederatedObjects } from './federated.ts'
import type { User as Shape } from './schema.ts'

/** As clients of identity parse it: six digits, no zone. */
export const passwordTime = (iso: string | null): string | null => (iso === null ? null : iso.replace(/\.(\d{3})Z$/, '.$1000'))

/** Wire form of a user (reference 6.7). Never with anything of the password. */
export const userView = (
  row: User,
  { href, cloud }: { href(path: string): string; cloud: Cloud },
  identities?: FederatedObjects,
): Static<typeof Shape> => ({
  ...row.extra,
  id: row.id,
  name: row.name,
  domain_id: row.domain_id,
  enabled: row.enabled && !isInactive(cloud.config, row, cloud.environment.clock.now()),
  ...(row.default_project_id === null ? {} : { default_project_id: row.default_project_id }),
  ...(row.description === null ? {} : { description: row.description }),
  ...(row.email === null ? {} : { email: row.email }),
  options: row.options,
  password_expires_at: passwordTime(row.password_expires_at),
  ...(identities?.length ? { federated: identities } : {}),
  links: { self: href(`/users/${row.id}`) },
})
