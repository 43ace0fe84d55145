// Which endpoints a project's catalog shows (OS-EP-FILTER): named ones, and those of groups.
import { Type } from 'typebox'
import { notFound } from '../../../api/faults.ts'
import { type BaseContext, operation } from '../../../api/operation.ts'
import { findProject } from '../../../auth/store.ts'
import { missing } from '../attributes.ts'
import { WholeCollection, wholeCollection } from '../collection.ts'
import { Project } from '../projects/schema.ts'
import { projectView } from '../projects/view.ts'
import { adminOrSystemReader, adminRequired, cloudRule } from '../rules.ts'
import { Endpoint, endpoint, endpointView } from '../service-catalog/endpoints.ts'
import { endpointQuery } from '../service-catalog/store.ts'
import { EndpointGroup, endpointGroup, endpointGroupView } from './groups.ts'
import { endpointFilter, endpointGroupQuery, isInGroup, link, linksOf, projectsOf, unlink } from './store.ts'

const links = 'identity_project_endpoints'
const groupLinks = 'identity_project_endpoint_groups'
const common = { majors: ['v3'], catalog: [] as string[] } as const
const read = (name: string, text: string) => cloudRule(`identity:${name}`, adminOrSystemReader, text)
const change = (name: string, text: string) => cloudRule(`identity:${name}`, adminRequired, text)

export const filterRules = {
  add: change('add_endpoint_to_project', 'Let a project see an endpoint.'),
  check: read('check_endpoint_in_project', 'Check whether a project is linked with an endpoint.'),
  remove: change('remove_endpoint_from_project', 'Take the link of a project with an endpoint away.'),
  list: read('list_endpoints_for_project', 'List the endpoints that a project is linked with.'),
}

async function ensureProject({ db }: BaseContext, id: string): Promise<string> {
  if (!(await findProject(db, id))) throw notFound(missing('project')(id))
  return id
}

async function projects(context: BaseContext, ids: string[], path: string) {
  const rows = ids.length
    ? await context.db.selectFrom('identity_projects').selectAll().where('id', 'in', ids).orderBy('name').execute()
    : []
  return wholeCollection(
    context,
    'projects',
    path,
    rows.map((row) => projectView(row, context)),
  )
}

const one = { ...common, path: '/OS-EP-FILTER/projects/{project_id}/endpoints/{endpoint_id}', on: endpoint } as const
const ofEndpoints = [
  operation({
    ...one,
    id: 'endpoint-filter.add',
    method: 'PUT',
    summary: 'Let a project see an endpoint',
    status: 204,
    policy: filterRules.add,
    handle: async (context) => link(context.tx.db, links, await ensureProject(context, context.params.project_id), context.endpoint.id),
  }),
  operation({
    ...one,
    id: 'endpoint-filter.check',
    method: 'HEAD',
    summary: 'Check whether a project is linked with an endpoint',
    status: 204,
    policy: filterRules.check,
    async handle(context) {
      const { params, db, endpoint } = context
      if (!(await linksOf(db, links, params.project_id)).includes(endpoint.id)) throw notFound(missing('endpoint')(endpoint.id))
    },
  }),
  operation({
    ...one,
    id: 'endpoint-filter.remove',
    method: 'DELETE',
    summary: 'Take the link of a project with an endpoint away',
    status: 204,
    policy: filterRules.remove,
    async handle({ tx, params, endpoint }) {
      if (!(await unlink(tx.db, links, params.project_id, endpoint.id))) throw notFound(missing('endpoint')(endpoint.id))
    },
  }),
  operation({
    ...common,
    id: 'endpoint-filter.endpoints',
    method: 'GET',
    path: '/OS-EP-FILTER/projects/{project_id}/endpoints',
    summary: 'List the endpoints that a project is linked with',
    policy: filterRules.list,
    answer: WholeCollection('endpoints', Endpoint),
    async handle(context) {
      const id = await ensureProject(context, context.params.project_id)
      const linked = (await linksOf(context.db, links, id)).length + (await linksOf(context.db, groupLinks, id)).length
      const isSeen = await endpointFilter(context.db, id)
      const rows = linked ? (await endpointQuery(context.db).orderBy('id').execute()).filter(isSeen) : []
      return wholeCollection(
        context,
        'endpoints',
        `/OS-EP-FILTER/projects/${id}/endpoints`,
        rows.map((row) => endpointView(row, context)),
      )
    },
  }),
  operation({
    ...common,
    id: 'endpoint-filter.projects',
    method: 'GET',
    path: '/OS-EP-FILTER/endpoints/{endpoint_id}/projects',
    on: endpoint,
    summary: 'List the projects that an endpoint is linked with',
    policy: read('list_projects_for_endpoint', 'List the projects that an endpoint is linked with.'),
    answer: WholeCollection('projects', Project),
    handle: async (context) =>
      projects(
        context,
        await projectsOf(context.db, links, context.endpoint.id),
        `/OS-EP-FILTER/endpoints/${context.endpoint.id}/projects`,
      ),
  }),
]

const oneGroup = { ...common, path: '/OS-EP-FILTER/endpoint_groups/{endpoint_group_id}/projects/{project_id}', on: endpointGroup } as const
const inProject = read('get_endpoint_group_in_project', 'Check whether a project is linked with an endpoint group.')
async function ensureLinked(context: BaseContext, group: { id: string }, projectId: string): Promise<void> {
  if (!(await linksOf(context.db, groupLinks, projectId)).includes(group.id))
    throw notFound(missing('Endpoint Group Project Association')(group.id))
}
const ofGroups = [
  operation({
    ...oneGroup,
    id: 'endpoint-groups.projects.add',
    method: 'PUT',
    summary: 'Let a project see the endpoints of a group',
    status: 204,
    policy: change('add_endpoint_group_to_project', 'Let a project see the endpoints of a group.'),
    handle: async (context) => link(context.tx.db, groupLinks, await ensureProject(context, context.params.project_id), context.group.id),
  }),
  operation({
    ...oneGroup,
    id: 'endpoint-groups.projects.show',
    method: 'GET',
    summary: 'Show the link of a project with an endpoint group',
    policy: inProject,
    answer: Type.Object({ project: Type.Object({ endpoint_group_id: Type.String(), project_id: Type.String() }) }),
    async handle(context) {
      await ensureLinked(context, context.group, context.params.project_id)
      return { project: { endpoint_group_id: context.group.id, project_id: context.params.project_id } }
    },
  }),
  operation({
    ...oneGroup,
    id: 'endpoint-groups.projects.check',
    method: 'HEAD',
    summary: 'Check the link of a project with an endpoint group',
    policy: inProject,
    handle: (context) => ensureLinked(context, context.group, context.params.project_id),
  }),
  operation({
    ...oneGroup,
    id: 'endpoint-groups.projects.remove',
    method: 'DELETE',
    summary: 'Take the link of a project with an endpoint group away',
    status: 204,
    policy: change('remove_endpoint_group_from_project', 'Take the link of a project with an endpoint group away.'),
    async handle({ tx, group, params }) {
      if (!(await unlink(tx.db, groupLinks, params.project_id, group.id)))
        throw notFound(missing('Endpoint Group Project Association')(group.id))
    },
  }),
  operation({
    ...common,
    id: 'endpoint-groups.projects.list',
    method: 'GET',
    path: '/OS-EP-FILTER/endpoint_groups/{endpoint_group_id}/projects',
    on: endpointGroup,
    summary: 'List the projects that are linked with an endpoint group',
    policy: read('list_projects_associated_with_endpoint_group', 'List the projects that are linked with an endpoint group.'),
    answer: WholeCollection('projects', Project),
    handle: async (context) =>
      projects(
        context,
        await projectsOf(context.db, groupLinks, context.group.id),
        `/OS-EP-FILTER/endpoint_groups/${context.group.id}/projects`,
      ),
  }),
  operation({
    ...common,
    id: 'endpoint-groups.endpoints.list',
    method: 'GET',
    path: '/OS-EP-FILTER/endpoint_groups/{endpoint_group_id}/endpoints',
    on: endpointGroup,
    summary: 'List the endpoints of an endpoint group',
    policy: read('list_endpoints_associated_with_endpoint_group', 'List the endpoints of an endpoint group.'),
    answer: WholeCollection('endpoints', Endpoint),
    async handle(context) {
      const rows = (await endpointQuery(context.db).orderBy('id').execute()).filter((row) => isInGroup(row, context.group))
      return wholeCollection(
        context,
        'endpoints',
        `/OS-EP-FILTER/endpoint_groups/${context.group.id}/endpoints`,
        rows.map((row) => endpointView(row, context)),
      )
    },
  }),
  operation({
    ...common,
    id: 'endpoint-groups.of-project',
    method: 'GET',
    path: '/OS-EP-FILTER/projects/{project_id}/endpoint_groups',
    summary: 'List the endpoint groups that a project is linked with',
    policy: read('list_endpoint_groups_for_project', 'List the endpoint groups that a project is linked with.'),
    answer: WholeCollection('endpoint_groups', EndpointGroup),
    async handle(context) {
      const id = await ensureProject(context, context.params.project_id)
      const ids = await linksOf(context.db, groupLinks, id)
      const rows = ids.length ? await endpointGroupQuery(context.db).where('id', 'in', ids).orderBy('name').execute() : []
      return wholeCollection(
        context,
        'endpoint_groups',
        `/OS-EP-FILTER/projects/${id}/endpoint_groups`,
        rows.map((row) => endpointGroupView(row, context)),
      )
    },
  }),
]

export const endpointFilters = [...ofEndpoints, ...ofGroups]
