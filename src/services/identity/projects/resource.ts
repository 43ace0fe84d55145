// Projects (reference 6.6): what owns things in the cloud; they may stand in a tree below their domain.
import { resource } from '../../../api/operation.ts'
import { rule } from '../../../auth/policy.ts'
import { findProject } from '../../../auth/store.ts'
import type { Project } from '../../../auth/tables.ts'
import { missing } from '../attributes.ts'
import { byHandler, collection, isOn, partOf } from '../collection.ts'

/** What rules see of a project. */
export const projectTarget = (row: Pick<Project, 'id' | 'name' | 'domain_id' | 'is_domain'>) => ({
  target: { project: { id: row.id, name: row.name, domain_id: row.is_domain ? null : row.domain_id } },
})

export const project = resource<'project', Project>({
  name: 'project',
  param: 'project_id',
  load: (id, { db }) => findProject(db, id),
  target: projectTarget,
  missing: missing('project'),
  hidden: true,
})

const domain = 'domain_id:%(target.project.domain_id)s and not None:%(target.project.domain_id)s'
const readers = `(rule:admin_required) or (role:reader and system_scope:all) or (role:reader and ${domain}) or project_id:%(target.project.id)s`
const managers = `(rule:admin_required) or (role:manager and ${domain})`

export const getProject = rule('identity:get_project', readers, 'Show project details.')
export const listProjects = rule(
  'identity:list_projects',
  '(rule:admin_required) or (role:reader and system_scope:all) or (role:reader and domain_id:%(target.domain_id)s)',
  'List projects.',
)
export const createProject = rule('identity:create_project', managers, 'Create a project.')
export const updateProject = rule('identity:update_project', managers, 'Update a project.')
export const deleteProject = rule('identity:delete_project', managers, 'Delete a project.')
export const tagRules = {
  list: rule('identity:list_project_tags', readers, 'List the tags of a project.'),
  get: rule('identity:get_project_tag', readers, 'Check whether a project has a tag.'),
  replace: rule('identity:update_project_tags', managers, 'Replace all tags of a project.'),
  create: rule('identity:create_project_tag', managers, 'Add a tag to a project.'),
  deleteAll: rule('identity:delete_project_tags', managers, 'Take all tags off a project.'),
  delete: rule('identity:delete_project_tag', managers, 'Take a tag off a project.'),
}

const filters = {
  name: 'name',
  domain_id: 'domain_id',
  parent_id: 'parent_id',
  enabled: isOn('enabled'),
  description: partOf('description'),
}
/** Those that `tagFilter` takes from the query. */
export const tagFilters = { tags: byHandler, 'tags-any': byHandler, 'not-tags': byHandler, 'not-tags-any': byHandler }
export const projectList = collection({ many: 'projects', filters: { ...filters, ...tagFilters, is_domain: byHandler } })
/** The projects that somebody can have a token for. */
export const scopeList = collection({ many: 'projects', path: '/auth/projects', filters })
