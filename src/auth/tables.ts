import type { Selectable } from 'kysely'
import type { Given, Tables } from '../db/tables.ts'

type Extra = Record<string, unknown>

declare module '../db/tables.ts' {
  interface Narrow {
    identity_projects: {
      /** '' when the project is a domain. */
      domain_id: string
      extra: Extra
      tags: string[]
      options: Extra
    }
    identity_users: {
      /** Carried by each token: when it goes up, all tokens of before are void, whatever the clock says. */
      token_epoch: number
      /** Wrong passwords and passcodes since a right one; counted only where accounts are locked. */
      failed_auth_count: number
      /** When the user last proved who it is; kept only where inactive users are disabled. */
      last_active_at: string
      /** The user set the password, not an administrator. */
      self_service_password: boolean
      extra: Extra
      options: Extra
    }
    identity_groups: {
      extra: Extra
    }
    identity_roles: {
      /** '' for a role of the whole cloud. */
      domain_id: string
      extra: Extra
      options: Extra
    }
    identity_assignments: {
      actor_type: 'user' | 'group'
      target_type: 'project' | 'domain' | 'system'
    }
    identity_regions: {
      extra: Extra
    }
    identity_credentials: {
      /** Fernet under the cloud's credential key. */
      encrypted_blob: string
      /** What tokens by these keys name: another one after every change, so that those of before stay void whatever comes back. */
      delegation_id: Given<string>
      extra: Extra
    }
    identity_services: {
      extra: Extra
      /** Made and kept up to date by this cloud at each start. */
      managed: boolean
    }
    identity_endpoints: {
      interface: 'public' | 'internal' | 'admin'
      extra: Extra
      /** Shared by the rows that v2.0 made as one endpoint with three addresses. */
      legacy_id: string
      /** Seen only by projects that it was given to. */
      on_request: boolean
    }
    /** A key under the master key: purpose `token` or `credential`. The highest number is staged, the one below it primary. */
    identity_keys: {
      /** Set when it ceased to be primary: nothing under it is worth anything from then on. */
      drop_at: string
    }
    identity_domain_options: {
      /** JSON; null for a secret, which is in `encrypted_value`. */
      value_text: string
    }
    identity_registered_limits: {
      /** '' for all regions. */
      region_id: string
    }
    identity_limits: {
      /** One of these two is ''. */
      project_id: string
      domain_id: string
    }
  }
}

export type ProjectRow = Tables['identity_projects']
export type UserRow = Tables['identity_users']
export type GroupRow = Tables['identity_groups']
export type RoleRow = Tables['identity_roles']
export type AssignmentRow = Tables['identity_assignments']
export type RegionRow = Tables['identity_regions']
export type CredentialRow = Tables['identity_credentials']
export type ServiceRow = Tables['identity_services']
export type EndpointRow = Tables['identity_endpoints']
export type KeyRow = Tables['identity_keys']
/** What ended tokens, as OS-REVOKE tells it. */
export type RevocationEventRow = Tables['identity_revocation_events']
export type DomainOptionRow = Tables['identity_domain_options']
export type RegisteredLimitRow = Tables['identity_registered_limits']
export type LimitRow = Tables['identity_limits']

/** Rows as they are read. */
export type Project = Selectable<ProjectRow>
export type User = Selectable<UserRow>
export type Assignment = Selectable<AssignmentRow>
export type Service = Selectable<ServiceRow>
export type Endpoint = Selectable<EndpointRow>
