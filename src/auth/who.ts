// Who stands behind a request: what the token proves, looked up afresh whenever identity has changed.
import type { Authority, Delegation } from './delegation.ts'
import type { Federation } from './federation.ts'
import type { PolicyCredentials } from './policy.ts'
import type { RoleRef } from './store.ts'

export interface Named {
  id: string
  name: string
}

export interface Who {
  user: Named & { domain: Named; passwordExpiresAt: string | null }
  /** Set on a token scoped to a project. */
  project: (Named & { domain: Named; isDomain: boolean }) | null
  /** Set on a token scoped to a domain. */
  domain: Named | null
  system: boolean
  roles: RoleRef[]
  methods: string[]
  /** UserRow.token_epoch, for a token made from this one. */
  epoch: number
  /** Own audit id, then the first one of the chain when the token came from another token. */
  auditIds: string[]
  /** Milliseconds since the epoch. */
  issuedAt: number
  expiresAt: number
  /** Set when the token acts with what somebody handed over: it may not hand on, nor make or see credentials. */
  delegation: (Delegation & { authority: Authority }) | null
  /** Set when an identity provider vouched for the user. */
  federation: Federation | null
  /** Milliseconds: until then the roles are these as long as identity does not change. */
  holdsUntil: number
  credentials: PolicyCredentials
}

export function credentialsOf(who: Omit<Who, 'credentials'>): PolicyCredentials {
  const roles = who.roles.map((role) => role.name)
  return {
    user_id: who.user.id,
    user_domain_id: who.user.domain.id,
    project_id: who.project?.id ?? null,
    project_domain_id: who.project?.domain.id ?? null,
    domain_id: who.domain?.id ?? null,
    system_scope: who.system ? 'all' : null,
    roles,
    is_admin: roles.includes('admin'),
    token: { domain: who.domain, project: who.project },
  }
}

/** What rules see of somebody without a token. */
export const nobody: PolicyCredentials = {
  user_id: null,
  user_domain_id: null,
  project_id: null,
  project_domain_id: null,
  domain_id: null,
  system_scope: null,
  roles: [],
  is_admin: false,
}
