import { Type } from 'typebox'
import { badRequest } from '../../../api/faults.ts'
import type { Listing } from '../../../api/listing.ts'
import { type BaseContext, operation } from '../../../api/operation.ts'
import { at, flag, listed, ofOwnDomain } from '../collection.ts'
import { hierarchy } from './hierarchy.ts'
import { getProject, listProjects, project, projectList } from './resource.ts'
import { Project, ProjectInTree } from './schema.ts'
import { projectQuery, type TagFilter } from './store.ts'
import { projectView } from './view.ts'

const split = (text: string | null) => (text === null ? undefined : text.split(',').filter((tag) => tag !== ''))

export const tagFilter = (query: URLSearchParams): TagFilter => ({
  all: split(query.get('tags')),
  any: split(query.get('tags-any')),
  notAll: split(query.get('not-tags')),
  notAny: split(query.get('not-tags-any')),
})

/** The domain that a list is for: the one asked for, or the token's own. */
export const listDomain = ({ rawQuery, who }: Pick<BaseContext, 'rawQuery' | 'who'>): string | undefined =>
  rawQuery.get('domain_id') ?? who.domain?.id

/** A list of projects as the query asks: of `ids` where given, else of all, or of the token's domain. */
const projectPage = (context: BaseContext, list: Listing, ids?: string[]) => {
  const { rawQuery, db, who } = context
  const query = projectQuery(db, flag(rawQuery.get('is_domain') ?? 'false'), tagFilter(rawQuery), ids)
  return listed(context, list, ids ? query : ofOwnDomain(who, query), (rows) => rows.map((row) => projectView(row, context)))
}

const ofUser = at('/users/{user_id}/projects', projectList)
/** A user's projects, which stand below the user. */
export const userProjects = {
  query: ofUser.query,
  answer: ofUser.answer(Project),
  page: (context: BaseContext, ids: string[]) => projectPage(context, ofUser, ids),
}

export const list = operation({
  id: 'projects.list',
  method: 'GET',
  path: '/projects',
  majors: ['v3'],
  summary: 'List projects',
  catalog: ['identity-v3.projects.list-projects'],
  policy: listProjects,
  policyTarget: (context) => ({ target: { domain_id: listDomain(context) } }),
  query: projectList.query,
  answer: projectList.answer(Project),
  handle: async (context) => projectPage(context, projectList),
})

export const show = operation({
  id: 'projects.show',
  method: 'GET',
  path: '/projects/{project_id}',
  majors: ['v3'],
  summary: 'Show project details',
  catalog: ['identity-v3.projects.show-project-details'],
  query: Type.Object({
    parents_as_list: Type.Optional(Type.String()),
    subtree_as_list: Type.Optional(Type.String()),
    parents_as_ids: Type.Optional(Type.String()),
    subtree_as_ids: Type.Optional(Type.String()),
  }),
  on: project,
  policy: getProject,
  answer: Type.Object({ project: ProjectInTree }),
  async handle(context) {
    const { query, project } = context
    const asked = (name: keyof typeof query) => query[name] !== undefined && flag(query[name])
    const parents = asked('parents_as_list') ? 'list' : asked('parents_as_ids') ? 'ids' : null
    const subtree = asked('subtree_as_list') ? 'list' : asked('subtree_as_ids') ? 'ids' : null
    if (asked('parents_as_list') && asked('parents_as_ids'))
      throw badRequest('Cannot use parents_as_list and parents_as_ids query params at the same time.')
    if (asked('subtree_as_list') && asked('subtree_as_ids'))
      throw badRequest('Cannot use subtree_as_list and subtree_as_ids query params at the same time.')
    return { project: { ...projectView(project, context), ...(await hierarchy(context, project, parents, subtree)) } }
  },
})
