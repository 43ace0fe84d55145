// OS-FEDERATION: the scopes that a token can be exchanged for. Today's clients ask /auth/projects and /auth/domains, which answer the same.
import { type BaseContext, operation } from '../../../api/operation.ts'
import { rule } from '../../../auth/policy.ts'
import { domainsOfUser, projectsOfUser } from '../assignments/store.ts'
import { at, listed } from '../collection.ts'
import { Domain, domainScopeList, domainView } from '../domains/domains.ts'
import { scopeList } from '../projects/resource.ts'
import { Project } from '../projects/schema.ts'
import { projectQuery, usableProjects } from '../projects/store.ts'
import { projectView } from '../projects/view.ts'
import { alsoIn } from './also.ts'

const common = {
  method: 'GET',
  majors: ['v3'],
  catalog: [] as string[],
  policyTarget: ({ who }: BaseContext) => ({ user_id: who.user.id }),
} as const

const projectList = at('/OS-FEDERATION/projects', scopeList)
const domainList = at('/OS-FEDERATION/domains', domainScopeList)

export const federatedScopes = [
  operation({
    ...common,
    id: 'federation.projects',
    path: '/OS-FEDERATION/projects',
    summary: 'List projects that a federated user can be in',
    policy: rule('identity:list_projects_for_user', '', 'List projects that a federated user can be in.'),
    query: projectList.query,
    answer: projectList.answer(Project),
    async handle(context) {
      const { db, who } = context
      const ids = await usableProjects(db, await projectsOfUser(db, who.user.id, alsoIn(context)))
      return listed(context, projectList, projectQuery(db, false, {}, ids), (rows) => rows.map((row) => projectView(row, context)))
    },
  }),
  operation({
    ...common,
    id: 'federation.domains',
    path: '/OS-FEDERATION/domains',
    summary: 'List domains that a federated user can be in',
    policy: rule('identity:list_domains_for_user', '', 'List domains that a federated user can be in.'),
    query: domainList.query,
    answer: domainList.answer(Domain),
    async handle(context) {
      const { db, who } = context
      const ids = await domainsOfUser(db, who.user.id, alsoIn(context))
      const query = projectQuery(db, true, {}, ids).where('enabled', '=', true)
      return listed(context, domainList, query, (rows) => rows.map((row) => domainView(row, context)))
    },
  }),
]
