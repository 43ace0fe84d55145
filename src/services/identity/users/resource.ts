// Users (reference 6.7): who can ask for a token.
import { resource } from '../../../api/operation.ts'
import { rule } from '../../../auth/policy.ts'
import { findUser } from '../../../auth/store.ts'
import type { User } from '../../../auth/tables.ts'
import { missing } from '../attributes.ts'
import { byHandler, collection, isOn, partOf } from '../collection.ts'
import { readersOf } from '../rules.ts'

export const userTarget = (row: { id?: string; name?: string; domain_id: string | undefined }) => ({
  user_id: row.id,
  target: { user: { id: row.id, name: row.name, domain_id: row.domain_id } },
})

export const user = resource<'user', User>({
  name: 'user',
  param: 'user_id',
  load: (id, { db }) => findUser(db, id),
  target: userTarget,
  missing: missing('user'),
  hidden: true,
})

const managers = '(rule:admin_required) or (role:manager and token.domain.id:%(target.user.domain_id)s)'
export const userRules = {
  get: rule(
    'identity:get_user',
    '(rule:admin_required) or (role:reader and system_scope:all) or (role:reader and token.domain.id:%(target.user.domain_id)s) or user_id:%(target.user.id)s',
    'Show user details.',
  ),
  list: rule('identity:list_users', readersOf('target.domain_id'), 'List users.'),
  create: rule('identity:create_user', managers, 'Create a user.'),
  update: rule('identity:update_user', managers, 'Update a user, including the password.'),
  delete: rule('identity:delete_user', managers, 'Delete a user.'),
  listProjects: rule(
    'identity:list_user_projects',
    `${readersOf('target.user.domain_id')} or user_id:%(target.user.id)s`,
    "List a user's projects.",
  ),
  listGroups: rule(
    'identity:list_groups_for_user',
    `${readersOf('target.user.domain_id')} or user_id:%(user_id)s`,
    "List a user's groups.",
  ),
}

const filters = {
  name: 'name',
  domain_id: 'domain_id',
  enabled: isOn('enabled'),
  email: partOf('email'),
  description: partOf('description'),
}
export const userList = collection({
  many: 'users',
  filters: { ...filters, password_expires_at: byHandler, idp_id: byHandler, protocol_id: byHandler, unique_id: byHandler },
})
export const memberList = collection({
  many: 'users',
  path: '/groups/{group_id}/users',
  filters: { ...filters, password_expires_at: byHandler },
})
