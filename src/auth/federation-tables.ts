// Users of elsewhere. An identity provider vouches for users; a directory (LDAP) holds those of one domain.
import type { Selectable } from 'kysely'
import type { Tables } from '../db/tables.ts'

declare module '../db/tables.ts' {
  interface Narrow {
    identity_providers: {
      /** Domain of the users that come by it. */
      domain_id: string
      /** Minutes for which memberships outlive the token that brought them; null and 0: not at all. */
      authorization_ttl: number
    }
    identity_mappings: {
      mapping_rules: unknown[]
    }
    identity_federated_users: {
      /** What the provider calls the user: never given to another one. */
      unique_id: string
    }
    identity_expiring_members: {
      /** Milliseconds since the epoch. */
      expires_at: number
    }
    identity_directory_entries: {
      /** Of the row in identity_users or identity_groups. */
      public_id: string
      entity_type: 'user' | 'group'
      /** Value of the id attribute in the directory. */
      local_id: string
      /** Milliseconds since the epoch. */
      seen_at: number
    }
  }
}

export type ProviderRow = Tables['identity_providers']
export type ProtocolRow = Tables['identity_protocols']
export type MappingRow = Tables['identity_mappings']
export type ServiceProviderRow = Tables['identity_service_providers']

/** Rows as they are read. */
export type Provider = Selectable<ProviderRow>
export type ServiceProvider = Selectable<ServiceProviderRow>
