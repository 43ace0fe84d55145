import type { Selectable } from 'kysely'
import type { Tables } from '../db/tables.ts'

type Extra = Record<string, unknown>

declare module '../db/tables.ts' {
  interface Narrow {
    identity_trusts: {
      role_ids: string[]
      /** The trust that this one was made with. */
      redelegated_trust_id: string
      /** How many more times it may be handed on. */
      redelegation_count: number
    }
    identity_application_credentials: {
      role_ids: string[]
      access_rule_ids: string[]
    }
    identity_policies: {
      extra: Extra
    }
    identity_consumers: {
      extra: Extra
    }
    identity_request_tokens: {
      /** Set, with the user and the roles, when it has been authorized. */
      verifier: string
      role_ids: string[]
    }
    identity_access_tokens: {
      role_ids: string[]
    }
    identity_endpoint_groups: {
      filters: Record<string, string>
    }
  }
}

export type TrustRow = Tables['identity_trusts']
export type ApplicationCredentialRow = Tables['identity_application_credentials']
export type AccessRuleRow = Tables['identity_access_rules']
export type PolicyRow = Tables['identity_policies']
export type ConsumerRow = Tables['identity_consumers']
export type RequestTokenRow = Tables['identity_request_tokens']
export type AccessTokenRow = Tables['identity_access_tokens']
export type EndpointGroupRow = Tables['identity_endpoint_groups']
export type PartyKeyRow = Tables['identity_party_keys']

/** Rows as they are read. */
export type Trust = Selectable<TrustRow>
