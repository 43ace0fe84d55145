import { operation } from '../../../api/operation.ts'
import { projectsOfUser } from '../assignments/store.ts'
import { collection } from '../collection.ts'
import { groupList, groupView } from '../groups/groups.ts'
import { groupQuery } from '../groups/store.ts'
import { listDomain, projectPage } from '../projects/read.ts'
import { user, userList, userRules } from './resource.ts'
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
  policyTarget: (context) => ({ target: { domain_id: listDomain(context) } }),
  handle: async (context) =>
    collection(context, userQuery(context.db, { domainId: listDomain(context) }), { ...userList, path: '/users', view: userView }),
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
  handle: async (context) => ({ user: userView(context.user, context) }),
})

export const listGroups = operation({
  id: 'users.groups',
  method: 'GET',
  path: '/users/{user_id}/groups',
  majors: ['v3'],
  summary: 'List groups for user',
  catalog: ['identity-v3.users.list-groups-for-user'],
  on: user,
  policy: userRules.listGroups,
  handle: async (context) =>
    collection(context, groupQuery(context.db, { userId: context.user.id }), {
      ...groupList,
      path: `/users/${context.user.id}/groups`,
      view: groupView,
    }),
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
  handle: async (context) => projectPage(context, `/users/${context.user.id}/projects`, await projectsOfUser(context.db, context.user.id)),
})
