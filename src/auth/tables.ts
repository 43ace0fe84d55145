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
  /** Wrong passwords and passcodes since a right one; counted only where accounts are locked. */
  failed_auth_count: Generated<number>
  failed_auth_at: string | null
  /** When the user last proved who it is; kept only where inactive users are disabled. */
  last_active_at: string | null
  /** The user set the password, not an administrator. */
  self_service_password: Generated<boolean>
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
  /** Seen only by projects that it was given to. */
  on_request: Generated<boolean>
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
  /** What tokens by these keys name: another one after every change, so that those of before stay void whatever comes back. */
  delegation_id: string
  extra: Extra
  created_at: string
}

/** A key under the master key: purpose `token` or `credential`. The highest number is staged, the one below it primary. */
export interface KeyRow {
  purpose: string
  number: number
  wrapped_key: string
  created_at: string
  /** Set when it ceased to be primary: nothing under it is worth anything from then on. */
  drop_at: string | null
}

/** What ended tokens, as OS-REVOKE tells it. */
export interface RevocationEventRow {
  id: string
  user_id: string | null
  project_id: string | null
  domain_id: string | null
  role_id: string | null
  audit_id: string | null
  audit_chain_id: string | null
  trust_id: string | null
  consumer_id: string | null
  access_token_id: string | null
  revoked_at: string
}

export interface DomainOptionRow {
  domain_id: string
  config_group: string
  config_option: string
  /** JSON; null for a secret, which is in `encrypted_value`. */
  value_text: string | null
  encrypted_value: string | null
}

export interface RegisteredLimitRow {
  id: string
  service_id: string
  /** '' for all regions. */
  region_id: string
  resource_name: string
  default_limit: number
  description: string | null
  created_at: string
}

export interface LimitRow {
  id: string
  registered_limit_id: string
  /** One of these two is ''. */
  project_id: string
  domain_id: string
  resource_limit: number
  description: string | null
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
    identity_state: { id: number; generation: number; key_generation: Generated<number> }
    identity_password_history: { id: string; user_id: string; password_hash: string; created_at: string }
    identity_passcode_uses: {
      user_id: string
      last_period: Generated<number>
      failed_auth_count: Generated<number>
      failed_auth_at: string | null
    }
    identity_keys: KeyRow
    identity_revocation_events: RevocationEventRow
    identity_domain_options: DomainOptionRow
    identity_registered_limits: RegisteredLimitRow
    identity_limits: LimitRow
    identity_retired_ids: { id: string }
  }
}
