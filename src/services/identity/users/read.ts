import { Type } from 'typebox'
import { operation } from '../../../api/operation.ts'
import { projectsOfUser } from '../assignments/store.ts'
import { at, listed, ofOwnDomain } from '../collection.ts'
import { Group, groupList, groupView } from '../groups/groups.ts'
import { groupQuery } from '../groups/store.ts'
import { freshenLists, freshenUser } from '../ldap/guard.ts'
import { listDomain, userProjects } from '../projects/read.ts'
import { federatedOf, whoseIdentity } from './federated.ts'
import { userPage, whosePasswordEnds } from './page.ts'
import { user, userList, userRules } from './resource.ts'
import { User } from './schema.ts'
import { userQuery } from './store.ts'
import { userView } from './view.ts'

export const list = operation({
  id: 'users.list',
  method: 'GET',
  path: '/users',
  majors: ['v3'],
  summary: 'List users',
  catalog: ['identity-v3.users.list-users'],
  policy: userRules.list,
  guard: freshenLists,
  policyTarget: (context) => ({ target: { domain_id: listDomain(context) } }),
  query: userList.query,
  answer: userList.answer(User),
  handle: async (context) =>
    userPage(
      context,
      userList,
      whoseIdentity(
        whosePasswordEnds(ofOwnDomain(context.who, userQuery(context.db, { domainId: listDomain(context) })), context.rawQuery),
        context.rawQuery,
      ),
    ),
})

export const show = operation({
  id: 'users.show',
  method: 'GET',
  path: '/users/{user_id}',
  majors: ['v3'],
  summary: 'Show user details',
  catalog: ['identity-v3.users.show-user-details'],
  on: user,
  policy: userRules.get,
  prepare: freshenUser,
  answer: Type.Object({ user: User }),
  async handle(context) {
    const { user, db } = context
    return { user: userView(user, context, (await federatedOf(db, [user.id])).get(user.id)) }
  },
})

const ownGroups = at('/users/{user_id}/groups', groupList)

export const listGroups = operation({
  id: 'users.groups',
  method: 'GET',
  path: '/users/{user_id}/groups',
  majors: ['v3'],
  summary: 'List groups for user',
  catalog: ['identity-v3.users.list-groups-for-user'],
  on: user,
  policy: userRules.listGroups,
  prepare: freshenUser,
  query: ownGroups.query,
  answer: ownGroups.answer(Group),
  handle: async (context) =>
    listed(context, ownGroups, ofOwnDomain(context.who, groupQuery(context.db, { userId: context.user.id })), (rows) =>
      rows.map((row) => groupView(row, context)),
    ),
})

export const listProjects = operation({
  id: 'users.projects',
  method: 'GET',
  path: '/users/{user_id}/projects',
  majors: ['v3'],
  summary: 'List projects for user',
  catalog: ['identity-v3.users.list-projects-for-user'],
  on: user,
  policy: userRules.listProjects,
  prepare: freshenUser,
  query: userProjects.query,
  answer: userProjects.answer,
  handle: async (context) => userProjects.page(context, await projectsOfUser(context.db, context.user.id)),
})
