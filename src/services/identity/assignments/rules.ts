// Rules of grants (upstream's check strings): a domain's administrators and managers grant only inside their domain, managers only ordinary roles.
import { rule } from '../../../auth/policy.ts'
import { adminOrSystemReader, adminRequired, cloudRule } from '../rules.ts'

const inside = (role: string) =>
  [
    ['user', 'project.domain_id'],
    ['user', 'domain.id'],
    ['group', 'project.domain_id'],
    ['group', 'domain.id'],
  ]
    .map(([actor, target]) => `(role:${role} and domain_id:%(target.${actor}.domain_id)s and domain_id:%(target.${target})s)`)
    .join(' or ')
const ownRole = '(domain_id:%(target.role.domain_id)s or None:%(target.role.domain_id)s)'
const changers = `(rule:admin_required) or (${inside('admin')}) and ${ownRole} or (${inside('manager')}) and rule:domain_managed_target_role`

export const grantRules = {
  list: rule(
    'identity:list_grants',
    `(rule:admin_required) or ((role:reader and system_scope:all) or ${inside('reader')})`,
    'List roles granted to an actor on a target.',
  ),
  check: rule(
    'identity:check_grant',
    `(rule:admin_required) or ((role:reader and system_scope:all) or (${inside('reader')}) and ${ownRole})`,
    'Check a role grant.',
  ),
  create: rule('identity:create_grant', changers, 'Grant a role.'),
  revoke: rule('identity:revoke_grant', changers, 'Take a role grant back.'),
}

export const systemGrantRules = {
  user: {
    list: cloudRule('identity:list_system_grants_for_user', adminOrSystemReader, "List a user's roles on the system."),
    check: cloudRule('identity:check_system_grant_for_user', adminOrSystemReader, "Check a user's role on the system."),
    create: cloudRule('identity:create_system_grant_for_user', adminRequired, 'Grant a user a role on the system.'),
    revoke: cloudRule('identity:revoke_system_grant_for_user', adminRequired, 'Take a role on the system from a user.'),
  },
  group: {
    list: cloudRule('identity:list_system_grants_for_group', adminOrSystemReader, "List a group's roles on the system."),
    check: cloudRule('identity:check_system_grant_for_group', adminOrSystemReader, "Check a group's role on the system."),
    create: cloudRule('identity:create_system_grant_for_group', adminRequired, 'Grant a group a role on the system.'),
    revoke: cloudRule('identity:revoke_system_grant_for_group', adminRequired, 'Take a role on the system from a group.'),
  },
}
const forTree = '(rule:admin_required) or (role:reader and system_scope:all) or (role:reader and domain_id:%(target.domain_id)s)'
export const assignmentRules = {
  list: rule('identity:list_role_assignments', forTree, 'List role assignments.'),
  tree: rule('identity:list_role_assignments_for_tree', forTree, 'List all role assignments for a project and all below it.'),
}
