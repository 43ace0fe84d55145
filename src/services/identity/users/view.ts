import type { User } from '../../../auth/tables.ts'

/** Wire form of a user (reference 6.7). Never with anything of the password. */
export const userView = (row: User, { href }: { href(path: string): string }) => ({
  ...row.extra,
  id: row.id,
  name: row.name,
  domain_id: row.domain_id,
  enabled: row.enabled,
  ...(row.default_project_id === null ? {} : { default_project_id: row.default_project_id }),
  ...(row.description === null ? {} : { description: row.description }),
  ...(row.email === null ? {} : { email: row.email }),
  options: row.options,
  password_expires_at: row.password_expires_at,
  links: { self: href(`/users/${row.id}`) },
})
