// What the bearer of a token can do with it: its catalog, and the scopes for which it can get another (upstream: unenforced).
import { Type } from 'typebox'
import { forbidden } from '../../../api/faults.ts'
import { type BaseContext, operation } from '../../../api/operation.ts'
import { rule } from '../../../auth/policy.ts'
import { domainsOfUser, isOnSystem, projectsOfUser } from '../assignments/store.ts'
import { SelfLink } from '../attributes.ts'
import { catalogFor } from '../catalog.ts'
import { listed, WholeCollection, wholeCollection } from '../collection.ts'
import { Domain, domainScopeList, domainView } from '../domains/domains.ts'
import { alsoIn } from '../federation/also.ts'
import { scopeList } from '../projects/resource.ts'
import { Project } from '../projects/schema.ts'
import { projectQuery, usableProjects } from '../projects/store.ts'
import { projectView } from '../projects/view.ts'
import { Catalog } from '../tokens/answer.ts'

const any = (context: BaseContext) => ({ user_id: context.who.user.id })
const common = { method: 'GET', majors: ['v3'], policyTarget: any } as const

const catalog = operation({
  ...common,
  id: 'auth.catalog',
  path: '/auth/catalog',
  summary: 'Show the catalog of the token',
  catalog: [],
  policy: rule('identity:get_auth_catalog', '', 'Show the catalog of the token.'),
  answer: Type.Object({ catalog: Catalog, links: SelfLink }),
  async handle(context) {
    const { who, db, cloud, request } = context
    if (!who.project && !who.domain && !who.system)
      throw forbidden('You are not authorized to perform the requested action: get_auth_catalog.')
    const seen = await catalogFor(db, who.project?.id ?? null, (url) => cloud.endpoints.shown(url, request))
    return { catalog: seen, links: { self: context.href('/auth/catalog') } }
  },
})

const projects = operation({
  ...common,
  id: 'auth.projects',
  path: '/auth/projects',
  summary: 'List projects that the token can be scoped to',
  catalog: [],
  policy: rule('identity:get_auth_projects', '', 'List projects that the token can be scoped to.'),
  query: scopeList.query,
  answer: scopeList.answer(Project),
  async handle(context) {
    const { db, who } = context
    const ids = await usableProjects(db, await projectsOfUser(db, who.user.id, alsoIn(context)))
    return listed(context, scopeList, projectQuery(db, false, {}, ids), (rows) => rows.map((row) => projectView(row, context)))
  },
})

const domains = operation({
  ...common,
  id: 'auth.domains',
  path: '/auth/domains',
  summary: 'List domains that the token can be scoped to',
  catalog: [],
  policy: rule('identity:get_auth_domains', '', 'List domains that the token can be scoped to.'),
  query: domainScopeList.query,
  answer: domainScopeList.answer(Domain),
  async handle(context) {
    const { db, who } = context
    const ids = await domainsOfUser(db, who.user.id, alsoIn(context))
    const query = projectQuery(db, true, {}, ids).where('enabled', '=', true)
    return listed(context, domainScopeList, query, (rows) => rows.map((row) => domainView(row, context)))
  },
})

const system = operation({
  ...common,
  id: 'auth.system',
  path: '/auth/system',
  summary: 'List system scopes of the user',
  catalog: [],
  policy: rule('identity:get_auth_system', '', 'List system scopes of the user.'),
  answer: WholeCollection('system', Type.Object({ all: Type.Literal(true) })),
  handle: async (context) =>
    wholeCollection(
      context,
      'system',
      '/auth/system',
      (await isOnSystem(context.db, context.who.user.id, alsoIn(context))) ? [{ all: true }] : [],
    ),
})

export const authScopes = [catalog, projects, domains, system]
