import { Type } from 'typebox'
import { badRequest, forbidden, notFound } from '../../../api/faults.ts'
import { type BaseContext, operation } from '../../../api/operation.ts'
import { findProject } from '../../../auth/store.ts'
import type { Project } from '../../../auth/tables.ts'
import type { Who } from '../../../auth/who.ts'
import type { Cloud } from '../../../cloud.ts'
import type { Tx } from '../../../db/database.ts'
import { extraOf, missing } from '../attributes.ts'
import { tellProject } from '../events.ts'
import { adminRule } from '../rules.ts'
import { createProject, projectTarget } from './resource.ts'
import { knownProject, type NewProject, ProjectCreate, Project as Shape } from './schema.ts'
import { insertProject, parentsOf } from './store.ts'
import { projectView } from './view.ts'

/** Domain of a new row where none was named: that of the token. */
export const homeDomain = (who: Who): string => who.domain?.id ?? who.project?.domain.id ?? who.user.domain.id

const maxDepth = 5

/** Makes a project, or a domain where `is_domain`; `id` where it was chosen. Throws 400, 403 or 404 for a parent that does not fit, 409. */
export async function addProject(
  cloud: Cloud,
  tx: Tx,
  body: NewProject,
  fallbackDomain: string,
  now: string,
  id = cloud.environment.hexId(),
): Promise<Project> {
  const isDomain = body.is_domain === true
  let domainId = ''
  let parentId: string | null = null
  if (isDomain) {
    if (body.parent_id || body.domain_id) throw badRequest('A project that acts as a domain has neither a parent nor a domain.')
  } else {
    const parent = await findProject(tx.db, body.parent_id ?? body.domain_id ?? fallbackDomain)
    if (!parent) throw notFound(missing(body.parent_id ? 'project' : 'domain')(body.parent_id ?? body.domain_id ?? fallbackDomain))
    domainId = parent.is_domain ? parent.id : parent.domain_id
    if (body.domain_id && body.domain_id !== domainId)
      throw badRequest(body.parent_id ? 'The domain of a project is that of its parent.' : `${body.domain_id} is not a domain.`)
    if (!parent.enabled) throw forbidden(`Cannot create a project below ${parent.id}, which is disabled.`)
    if ((await parentsOf(tx.db, parent)).length + 1 > maxDepth) throw forbidden(`Max hierarchy depth reached for ${parent.id} branch.`)
    parentId = parent.id
  }
  const row: Project = {
    id,
    name: body.name,
    domain_id: domainId,
    parent_id: parentId,
    is_domain: isDomain,
    enabled: body.enabled ?? true,
    description: body.description ?? '',
    extra: extraOf(body, knownProject),
    tags: body.tags ?? [],
    options: { ...body.options },
    created_at: now,
  }
  await insertProject(tx.db, row)
  await tellProject(cloud, tx, 'created', row)
  return row
}

export const create = operation({
  id: 'projects.create',
  method: 'POST',
  path: '/projects',
  majors: ['v3'],
  summary: 'Create a project',
  catalog: ['identity-v3.projects.create-project'],
  body: ProjectCreate,
  status: 201,
  policy: createProject,
  policyTarget: ({ body: { project }, who }) =>
    projectTarget({ id: '', name: project.name, is_domain: project.is_domain === true, domain_id: project.domain_id ?? homeDomain(who) }),
  answer: Type.Object({ project: Shape }),
  async handle(context) {
    const { cloud, tx, body, who, now } = context
    // The rule saw the domain that was named; a parent may not lead to another one.
    const row = await addProject(
      cloud,
      tx,
      { ...body.project, domain_id: body.project.domain_id ?? homeDomainOf(context, body.project) },
      homeDomain(who),
      now,
    )
    return { project: projectView(row, context) }
  },
})

/** Without a named parent or domain the token's; with a parent alone, still checked against it unless the asker is an administrator. */
const homeDomainOf = ({ allows, who }: BaseContext, project: { is_domain?: boolean; parent_id?: string | null }) =>
  project.is_domain || (project.parent_id && allows(adminRule)) ? undefined : homeDomain(who)
