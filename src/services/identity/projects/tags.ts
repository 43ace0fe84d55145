// Tags of a project: short words to find it by (upstream only, after the references).
import { Type } from 'typebox'
import { badRequest, notFound } from '../../../api/faults.ts'
import { operation, reply } from '../../../api/operation.ts'
import { ensureMutable } from '../attributes.ts'
import { WholeCollection } from '../collection.ts'
import { project, tagRules } from './resource.ts'
import { Tags } from './schema.ts'
import { updateProject } from './store.ts'

const common = { majors: ['v3'], on: project, catalog: [] }
const path = '/projects/{project_id}/tags'
const one = '/projects/{project_id}/tags/{value}'
const answer = WholeCollection('tags', Type.String())

const list = operation({
  ...common,
  id: 'projects.tags.list',
  method: 'GET',
  path,
  summary: 'List the tags of a project',
  policy: tagRules.list,
  answer,
  handle: async ({ project, href }) => ({
    tags: project.tags,
    links: { self: href(`/projects/${project.id}/tags`), previous: null, next: null },
  }),
})

const replace = operation({
  ...common,
  id: 'projects.tags.replace',
  method: 'PUT',
  path,
  summary: 'Replace all tags of a project',
  policy: tagRules.replace,
  body: Type.Object({ tags: Tags }, { additionalProperties: false }),
  answer,
  async handle({ tx, project, body, href }) {
    ensureMutable('project', project, { tags: body.tags })
    const row = await updateProject(tx.db, project, { tags: body.tags })
    return { tags: row.tags, links: { self: href(`/projects/${project.id}/tags`), previous: null, next: null } }
  },
})

const clear = operation({
  ...common,
  id: 'projects.tags.clear',
  method: 'DELETE',
  path,
  summary: 'Take all tags off a project',
  status: 204,
  policy: tagRules.deleteAll,
  async handle({ tx, project }) {
    ensureMutable('project', project, { tags: [] })
    await updateProject(tx.db, project, { tags: [] })
  },
})

const check = operation({
  ...common,
  id: 'projects.tags.check',
  method: 'GET',
  path: one,
  summary: 'Check whether a project has a tag',
  status: 204,
  policy: tagRules.get,
  async handle({ project, params }) {
    if (!project.tags.includes(params.value)) throw notFound(`Could not find project tag: ${params.value}.`)
  },
})

const add = operation({
  ...common,
  id: 'projects.tags.add',
  method: 'PUT',
  path: one,
  summary: 'Add a tag to a project',
  status: 201,
  policy: tagRules.create,
  async handle({ tx, project, params, href }) {
    if (!/^[^,/\p{Cc}]{1,255}$/u.test(params.value)) throw badRequest('A tag has 1 to 255 characters, none of them a comma or a slash.')
    ensureMutable('project', project, { tags: [] })
    if (project.tags.length >= 80 && !project.tags.includes(params.value)) throw badRequest('A project has at most 80 tags.')
    if (!project.tags.includes(params.value)) await updateProject(tx.db, project, { tags: [...project.tags, params.value] })
    return reply({ headers: { location: href(`/projects/${project.id}/tags/${encodeURIComponent(params.value)}`) } })
  },
})

const remove = operation({
  ...common,
  id: 'projects.tags.remove',
  method: 'DELETE',
  path: one,
  summary: 'Take a tag off a project',
  status: 204,
  policy: tagRules.delete,
  async handle({ tx, project, params }) {
    ensureMutable('project', project, { tags: [] })
    if (!project.tags.includes(params.value)) throw notFound(`Could not find project tag: ${params.value}.`)
    await updateProject(tx.db, project, { tags: project.tags.filter((tag) => tag !== params.value) })
  },
})

export const projectTags = [list, replace, clear, check, add, remove]
