import { Type } from 'typebox'
import { badRequest, forbidden } from '../../../api/faults.ts'
import { operation } from '../../../api/operation.ts'
import type { Project } from '../../../auth/tables.ts'
import type { Cloud } from '../../../cloud.ts'
import type { Tx } from '../../../db/database.ts'
import { ensureMutable, ensureSameId, mergeExtra, mergeOptions } from '../attributes.ts'
import { tellProject } from '../events.ts'
import { updateProject as mayUpdate, project } from './resource.ts'
import { knownProject, type NewProject, ProjectUpdate, Project as Shape } from './schema.ts'
import { parentsOf, subtreeOf, updateProject } from './store.ts'
import { projectView } from './view.ts'

/** Changes a project or domain. Disabling it ends all its tokens; what is below must be disabled before (but not below a domain). */
export async function changeProject(cloud: Cloud, tx: Tx, row: Project, body: Partial<NewProject>): Promise<Project> {
  ensureSameId(row.id, body)
  ensureMutable(row.is_domain ? 'domain' : 'project', row, body)
  if (body.parent_id !== undefined && body.parent_id !== row.parent_id) throw forbidden('Update of `parent_id` is not allowed.')
  if (body.is_domain !== undefined && body.is_domain !== row.is_domain) throw badRequest('Update of `is_domain` is not allowed.')
  if (body.domain_id !== undefined && (body.domain_id ?? '') !== row.domain_id) throw badRequest('Update of `domain_id` is not allowed.')
  if (body.enabled === false && row.enabled && !row.is_domain && (await subtreeOf(tx.db, row.id)).some((child) => child.enabled)) {
    throw forbidden(`Cannot disable project ${row.id} since its subtree contains enabled projects.`)
  }
  if (body.enabled === true && !row.enabled && (await parentsOf(tx.db, row)).some((parent) => !parent.enabled)) {
    throw forbidden(`Cannot enable project ${row.id} since it has disabled parents.`)
  }
  const { name, description, enabled, tags, options } = body
  await tellProject(cloud, tx, 'updated', row)
  return updateProject(tx.db, row, {
    ...(name === undefined ? {} : { name }),
    ...(description === undefined ? {} : { description: description ?? '' }),
    ...(enabled === undefined ? {} : { enabled }),
    ...(tags === undefined ? {} : { tags }),
    ...(options === undefined ? {} : { options: mergeOptions(row.options, options) }),
    extra: mergeExtra(row.extra, body, knownProject),
  })
}

export const update = operation({
  id: 'projects.update',
  method: 'PATCH',
  path: '/projects/{project_id}',
  majors: ['v3'],
  summary: 'Update a project',
  catalog: ['identity-v3.projects.update-project'],
  body: ProjectUpdate,
  on: project,
  policy: mayUpdate,
  answer: Type.Object({ project: Shape }),
  async handle(context) {
    return { project: projectView(await changeProject(context.cloud, context.tx, context.project, context.body.project), context) }
  },
})
