// Check strings that identity's operations share, as upstream has them.
import { notOfDomains, type Rule, rule } from '../../auth/policy.ts'

export const baseRules: Record<string, string> = {
  admin_required: 'role:admin or is_admin:1',
  service_role: 'role:service',
  service_or_admin: 'rule:admin_required or rule:service_role',
  owner: 'user_id:%(user_id)s',
  admin_or_owner: 'rule:admin_required or rule:owner',
  token_subject: 'user_id:%(target.token.user_id)s',
  admin_or_token_subject: 'rule:admin_required or rule:token_subject',
  service_admin_or_token_subject: 'rule:service_or_admin or rule:token_subject',
  domain_managed_target_role: "'manager':%(target.role.name)s or 'member':%(target.role.name)s or 'reader':%(target.role.name)s",
}
/** A rule on what belongs to the whole cloud. */
export const cloudRule = (name: string, check: string, description: string): Rule => rule(name, check, description, notOfDomains)
/** The rule that says who administers the cloud. */
export const adminRule = 'admin_required'
export const adminRequired = `rule:${adminRule}`
export const adminOrSystemReader = 'rule:admin_required or (role:reader and system_scope:all)'

/** Who reads a domain's rows: administrators, readers of the whole system, readers of that domain. */
export const readersOf = (domain: string) =>
  `(rule:admin_required) or (role:reader and system_scope:all) or (role:reader and domain_id:%(${domain})s)`
/** Who changes a domain's rows: administrators, and managers of that domain. */
export const managersOf = (domain: string) => `(rule:admin_required) or (role:manager and domain_id:%(${domain})s)`
