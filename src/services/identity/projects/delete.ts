import { forbidden } from '../../../api/faults.ts'
import { operation } from '../../../api/operation.ts'
import { noteRevocation } from '../../../auth/revocations.ts'
import type { Project } from '../../../auth/tables.ts'
import type { Cloud } from '../../../cloud.ts'
import type { Tx } from '../../../db/database.ts'
import { ensureMutable } from '../attributes.ts'
import { removeDomain } from '../domains/delete.ts'
import { tellProject } from '../events.ts'
import { deleteProject, project } from './resource.ts'
import { childrenOf, deleteProjects } from './store.ts'

export async function removeProject(cloud: Cloud, tx: Tx, row: Project, now: string): Promise<void> {
  ensureMutable('project', row)
  if (row.is_domain) return removeDomain(cloud, tx, row, now)
  if ((await childrenOf(tx.db, [row.id])).length)
    throw forbidden(`Cannot delete the project ${row.id} since it is not a leaf in the hierarchy.`)
  await deleteProjects(tx.db, [row.id])
  await tellProject(cloud, tx, 'deleted', row)
  await noteRevocation(tx.db, now, { project_id: row.id })
}

export const remove = operation({
  id: 'projects.delete',
  method: 'DELETE',
  path: '/projects/{project_id}',
  majors: ['v3'],
  summary: 'Delete a project',
  catalog: ['identity-v3.projects.delete-project'],
  status: 204,
  on: project,
  policy: deleteProject,
  handle: ({ cloud, tx, project, now }) => removeProject(cloud, tx, project, now),
})
