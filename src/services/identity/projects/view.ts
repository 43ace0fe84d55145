import type { Static } from 'typebox'
import type { BaseContext } from '../../../api/operation.ts'
import type { Project } from '../../../auth/tables.ts'
import type { Project as Shape } from './schema.ts'

/** Wire form of a project (reference 6.6). */
export const projectView = (row: Project, context: Pick<BaseContext, 'href'>): Static<typeof Shape> => ({
  ...row.extra,
  id: row.id,
  name: row.name,
  domain_id: row.is_domain ? null : row.domain_id,
  parent_id: row.parent_id,
  is_domain: row.is_domain,
  enabled: row.enabled,
  description: row.description,
  tags: row.tags,
  options: row.options,
  links: { self: context.href(`/projects/${row.id}`) },
})
