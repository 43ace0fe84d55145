import type { Selectable } from 'kysely'

type Extra = Record<string, unknown>

export interface TrustRow {
  id: string
  trustor_user_id: string
  trustee_user_id: string
  project_id: string | null
  impersonation: boolean
  role_ids: string[]
  expires_at: string | null
  remaining_uses: number | null
  /** The trust that this one was made with. */
  redelegated_trust_id: string | null
  /** How many more times it may be handed on. */
  redelegation_count: number
  created_at: string
}

export interface ApplicationCredentialRow {
  id: string
  name: string
  user_id: string
  project_id: string
  description: string | null
  secret_hash: string
  role_ids: string[]
  unrestricted: boolean
  access_rule_ids: string[]
  expires_at: string | null
  created_at: string
}

export interface AccessRuleRow {
  id: string
  user_id: string
  service: string | null
  method: string | null
  path: string | null
}

export interface PolicyRow {
  id: string
  type: string
  policy_blob: unknown
  extra: Extra
  created_at: string
}

export interface ConsumerRow {
  id: string
  description: string | null
  encrypted_secret: string
  extra: Extra
  created_at: string
}

export interface RequestTokenRow {
  id: string
  consumer_id: string
  encrypted_secret: string
  /** Set, with the user and the roles, when it has been authorized. */
  verifier: string | null
  authorizing_user_id: string | null
  project_id: string
  role_ids: string[]
  expires_at: string
}

export interface AccessTokenRow {
  id: string
  consumer_id: string
  encrypted_secret: string
  authorizing_user_id: string
  project_id: string
  role_ids: string[]
  expires_at: string | null
  created_at: string
}

export interface EndpointGroupRow {
  id: string
  name: string
  description: string
  filters: Record<string, string>
  created_at: string
}

export interface PartyKeyRow {
  name: string
  generation: number
  encrypted_key: string
  is_group: boolean
  expires_at: string | null
  created_at: string
}

export type Trust = Selectable<TrustRow>

declare module '../db/tables.ts' {
  interface Tables {
    identity_trusts: TrustRow
    identity_application_credentials: ApplicationCredentialRow
    identity_access_rules: AccessRuleRow
    identity_policies: PolicyRow
    identity_policy_associations: { endpoint_id: string; service_id: string; region_id: string; policy_id: string }
    identity_consumers: ConsumerRow
    identity_request_tokens: RequestTokenRow
    identity_access_tokens: AccessTokenRow
    identity_used_nonces: { nonce: string; used_at: number }
    identity_endpoint_groups: EndpointGroupRow
    identity_project_endpoints: { project_id: string; endpoint_id: string }
    identity_tenant_endpoints: { project_id: string; endpoint_id: string }
    identity_project_endpoint_groups: { project_id: string; endpoint_group_id: string }
    identity_party_keys: PartyKeyRow
    identity_party_groups: { name: string; created_at: string }
  }
}
