import { Type } from 'typebox'
import { badRequest } from '../../../api/faults.ts'
import { operation } from '../../../api/operation.ts'
import { projectsOfUser } from '../assignments/store.ts'
import { at, listed, ofOwnDomain } from '../collection.ts'
import { Group, groupList, groupView } from '../groups/groups.ts'
import { groupQuery } from '../groups/store.ts'
import { freshenLists, freshenUser } from '../ldap/guard.ts'
import { listDomain, userProjects } from '../projects/read.ts'
import { federatedOf, whoseIdentity } from './federated.ts'
import { userPage } from './page.ts'
import { user, userList, userRules } from './resource.ts'
import { User } from './schema.ts'
import { userQuery } from './store.ts'
import { userView } from './view.ts'

const operators = { lt: '<', lte: '<=', gt: '>', gte: '>=', eq: '=', neq: '<>' } as const

/** `password_expires_at=lt:2026-12-31T00:00:00Z`, as upstream; without an operator it is equality. Throws 400. */
function whosePasswordEnds(query: ReturnType<typeof userQuery>, search: URLSearchParams) {
  let wanted = query
  for (const text of search.getAll('password_expires_at')) {
    const [, name, time = ''] = /^(?:([a-z]+):)?(.*)$/s.exec(text) ?? []
    const operator = name === undefined ? '=' : Object.hasOwn(operators, name) ? operators[name as keyof typeof operators] : undefined
    const ms = /^\d{4}-\d\d-\d\dT[\d:.]+Z?$/.test(time) ? Date.parse(time.endsWith('Z') ? time : `${time}Z`) : Number.NaN
    if (!operator || Number.isNaN(ms))
      throw badRequest('Invalid input for query parameter password_expires_at: it is an operator and a time.')
    wanted = wanted.where('password_expires_at', operator, new Date(ms).toISOString())
  }
  return wanted
}

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
