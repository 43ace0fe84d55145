// Rows of projects and users as those have them of which nothing more was said.
import type { Insertable } from 'kysely'
import type { ProjectRow, UserRow } from './tables.ts'

type Named<Row extends { id: string }> = { id: string; name: string; created_at: string } & Partial<Insertable<Row>>

/** A project at the top of the default domain. */
export const newProject = (row: Named<ProjectRow>): Insertable<ProjectRow> => ({
  domain_id: 'default',
  parent_id: 'default',
  is_domain: false,
  description: '',
  extra: {},
  tags: [],
  options: {},
  ...row,
})

/** A user of the default domain, whose password, where there is one, is as old as the user and has no end. */
export const newUser = (row: Named<UserRow>): Insertable<UserRow> => ({
  domain_id: 'default',
  password_hash: null,
  password_changed_at: row.password_hash ? row.created_at : null,
  password_expires_at: null,
  default_project_id: null,
  email: null,
  description: null,
  extra: {},
  options: {},
  ...row,
})
