// Users of elsewhere. An identity provider vouches for users; a directory (LDAP) holds those of one domain.
import type { Generated, Selectable } from 'kysely'

export interface ProviderRow {
  id: string
  /** Domain of the users that come by it. */
  domain_id: string
  enabled: Generated<boolean>
  description: string | null
  /** Minutes for which memberships outlive the token that brought them; null and 0: not at all. */
  authorization_ttl: number | null
  created_at: string
}

export interface ProtocolRow {
  provider_id: string
  id: string
  mapping_id: string
  remote_id_attribute: string | null
  created_at: string
}

export interface MappingRow {
  id: string
  mapping_rules: unknown[]
  schema_version: string
  created_at: string
}

export interface ServiceProviderRow {
  id: string
  enabled: Generated<boolean>
  description: string | null
  auth_url: string
  sp_url: string
  relay_state_prefix: string
  created_at: string
}

export interface FederatedUserRow {
  user_id: string
  provider_id: string
  protocol_id: string
  /** What the provider calls the user: never given to another one. */
  unique_id: string
  display_name: string | null
  last_seen_at: string
}

export interface ExpiringMemberRow {
  user_id: string
  group_id: string
  provider_id: string
  /** Milliseconds since the epoch. */
  expires_at: number
}

export interface DirectoryEntryRow {
  /** Of the row in identity_users or identity_groups. */
  public_id: string
  domain_id: string
  entity_type: 'user' | 'group'
  /** Value of the id attribute in the directory. */
  local_id: string
  distinguished_name: string
  /** Milliseconds since the epoch. */
  seen_at: number
}

export type Provider = Selectable<ProviderRow>
export type ServiceProvider = Selectable<ServiceProviderRow>

declare module '../db/tables.ts' {
  interface Tables {
    identity_providers: ProviderRow
    identity_provider_remote_ids: { remote_id: string; provider_id: string }
    identity_protocols: ProtocolRow
    identity_mappings: MappingRow
    identity_service_providers: ServiceProviderRow
    identity_federated_users: FederatedUserRow
    identity_expiring_members: ExpiringMemberRow
    identity_directory_entries: DirectoryEntryRow
  }
}
