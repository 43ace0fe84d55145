// Who is in a group (reference 6.8.6 to 6.8.9).
import { notFound } from '../../../api/faults.ts'
import { type BaseContext, operation } from '../../../api/operation.ts'
import { type Rule, rule } from '../../../auth/policy.ts'
import { findUser } from '../../../auth/store.ts'
import { absent } from '../attributes.ts'
import { ofOwnDomain } from '../collection.ts'
import { freshenGroup, refuseDirectoryGroup } from '../ldap/guard.ts'
import { readersOf } from '../rules.ts'
import { userPage, whosePasswordEnds } from '../users/page.ts'
import { memberList } from '../users/resource.ts'
import { User } from '../users/schema.ts'
import { userQuery } from '../users/store.ts'
import { group } from './groups.ts'
import { addMember, findGroup, isMember, removeMember } from './store.ts'

const both = 'domain_id:%(target.group.domain_id)s and domain_id:%(target.user.domain_id)s'
const rules = {
  list: rule('identity:list_users_in_group', readersOf('target.group.domain_id'), 'List users in group.'),
  check: rule(
    'identity:check_user_in_group',
    `(rule:admin_required) or (role:reader and system_scope:all) or (role:reader and ${both})`,
    'Check whether a user is in a group.',
  ),
  add: rule('identity:add_user_to_group', `(rule:admin_required) or (role:manager and ${both})`, 'Add a user to a group.'),
  remove: rule('identity:remove_user_from_group', `(rule:admin_required) or (role:manager and ${both})`, 'Take a user out of a group.'),
}
const path = '/groups/{group_id}/users/{user_id}'

const targetFor = (rule: Rule) => async (context: BaseContext & { params: { group_id: string; user_id: string } }) => {
  const { db, params } = context
  const group = await findGroup(db, params.group_id)
  if (!group) throw absent(context, rule, 'group', params.group_id)
  const user = await findUser(db, params.user_id)
  if (!user) throw absent(context, rule, 'user', params.user_id)
  return { target: { group: { id: group.id, domain_id: group.domain_id }, user: { id: user.id, domain_id: user.domain_id } } }
}

const notIn = (userId: string, groupId: string) => notFound(`User '${userId}' not found in group '${groupId}'.`)

const list = operation({
  id: 'groups.users',
  method: 'GET',
  path: '/groups/{group_id}/users',
  majors: ['v3'],
  summary: 'List users in group',
  catalog: ['identity-v3.groups.list-users-in-group'],
  on: group,
  policy: rules.list,
  guard: freshenGroup,
  query: memberList.query,
  answer: memberList.answer(User),
  async handle(context) {
    const members = ofOwnDomain(context.who, userQuery(context.db, { groupId: context.group.id }))
    return userPage(context, memberList, whosePasswordEnds(members, context.rawQuery))
  },
})

const check = operation({
  id: 'groups.users.check',
  method: 'HEAD',
  path,
  majors: ['v3'],
  summary: 'Check user membership in group',
  catalog: ['identity-v3.groups.check-user-membership-in-group'],
  status: 204,
  policy: rules.check,
  guard: freshenGroup,
  policyTarget: targetFor(rules.check),
  async handle({ db, params }) {
    if (!(await isMember(db, params.group_id, params.user_id))) throw notIn(params.user_id, params.group_id)
  },
})

const add = operation({
  id: 'groups.users.add',
  method: 'PUT',
  path,
  majors: ['v3'],
  summary: 'Assign user to group',
  catalog: ['identity-v3.groups.assign-user-to-group'],
  status: 204,
  policy: rules.add,
  guard: refuseDirectoryGroup,
  policyTarget: targetFor(rules.add),
  handle: ({ tx, params }) => addMember(tx.db, params.group_id, params.user_id),
})

const remove = operation({
  id: 'groups.users.remove',
  method: 'DELETE',
  path,
  majors: ['v3'],
  summary: 'Remove user from group',
  catalog: ['identity-v3.groups.remove-user-from-group'],
  status: 204,
  policy: rules.remove,
  guard: refuseDirectoryGroup,
  policyTarget: targetFor(rules.remove),
  async handle({ tx, params }) {
    if (!(await removeMember(tx.db, params.group_id, params.user_id))) throw notIn(params.user_id, params.group_id)
  },
})

export const groupMembers = [list, check, add, remove]
