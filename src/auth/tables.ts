import type { Generated, Selectable } from 'kysely'

type Extra = Record<string, unknown>

export interface ProjectRow {
  id: string
  name: string
  /** '' when the project is a domain. */
  domain_id: string
  parent_id: string | null
  is_domain: boolean
  enabled: Generated<boolean>
  description: string
  extra: Extra
  tags: string[]
  options: Extra
  created_at: string
}

export interface UserRow {
  id: string
  name: string
  domain_id: string
  enabled: Generated<boolean>
  password_hash: string | null
  password_changed_at: string | null
  password_expires_at: string | null
  default_project_id: string | null
  email: string | null
  description: string | null
  /** Carried by each token: when it goes up, all tokens of before are void, whatever the clock says. */
  token_epoch: Generated<number>
  extra: Extra
  options: Extra
  created_at: string
}

export interface GroupRow {
  id: string
  name: string
  domain_id: string
  description: string
  extra: Extra
  created_at: string
}

export interface RoleRow {
  id: string
  name: string
  /** '' for a role of the whole cloud. */
  domain_id: string
  description: string | null
  extra: Extra
  options: Extra
  created_at: string
}

export interface AssignmentRow {
  actor_type: 'user' | 'group'
  actor_id: string
  target_type: 'project' | 'domain' | 'system'
  target_id: string
  role_id: string
  inherited: Generated<boolean>
}

export interface ServiceRow {
  id: string
  type: string
  name: string
  description: string
  enabled: Generated<boolean>
  extra: Extra
  /** Made and kept up to date by this cloud at each start. */
  managed: Generated<boolean>
  created_at: string
}

export interface EndpointRow {
  id: string
  service_id: string
  interface: 'public' | 'internal' | 'admin'
  region_id: string | null
  url: string
  enabled: Generated<boolean>
  extra: Extra
  managed: Generated<boolean>
  /** Shared by the rows that v2.0 made as one endpoint with three addresses. */
  legacy_id: string | null
  created_at: string
}

export interface RegionRow {
  id: string
  description: string
  parent_region_id: string | null
  extra: Extra
  created_at: string
}

export interface CredentialRow {
  id: string
  type: string
  user_id: string
  project_id: string | null
  /** Fernet under the cloud's credential key. */
  encrypted_blob: string
  extra: Extra
  created_at: string
}

/** Rows as they are read. */
export type Project = Selectable<ProjectRow>
export type User = Selectable<UserRow>
export type Assignment = Selectable<AssignmentRow>
export type Service = Selectable<ServiceRow>
export type Endpoint = Selectable<EndpointRow>

declare module '../db/tables.ts' {
  interface Tables {
    identity_projects: ProjectRow
    identity_users: UserRow
    identity_groups: GroupRow
    identity_group_members: { group_id: string; user_id: string }
    identity_roles: RoleRow
    identity_implied_roles: { prior_role_id: string; implied_role_id: string }
    identity_assignments: AssignmentRow
    identity_regions: RegionRow
    identity_credentials: CredentialRow
    identity_services: ServiceRow
    identity_endpoints: EndpointRow
    identity_revoked_tokens: { audit_id: string; expires_at: number }
    identity_state: { id: number; generation: number }
  }
}
