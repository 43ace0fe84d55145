// All SQL on projects; domains are projects too (is_domain).
import { sql } from 'kysely'
import { changeGeneration, findProject } from '../../../auth/store.ts'
import type { Project } from '../../../auth/tables.ts'
import type { Db } from '../../../db/database.ts'
import { unique } from '../attributes.ts'
import { inChunks } from '../chunks.ts'
import { deleteDelegationsInProjects } from '../delegations/store.ts'
import { deleteLimitsOf } from '../limits/store.ts'

export const insertProject = (db: Db, row: Project) =>
  unique(
    row.is_domain ? 'domain' : 'project',
    `name ${row.name}${row.is_domain ? '' : ` at domain ID ${row.domain_id}`}`,
    db.insertInto('identity_projects').values(row).execute(),
  )

/** Writes the changes and ends what tokens are worth; gives the row as it is now. */
export async function updateProject(db: Db, row: Project, changes: Partial<Project>): Promise<Project> {
  if (Object.keys(changes).length) {
    await unique(
      row.is_domain ? 'domain' : 'project',
      `name ${changes.name}`,
      db.updateTable('identity_projects').set(changes).where('id', '=', row.id).execute(),
    )
    await changeGeneration(db)
  }
  return (await findProject(db, row.id))!
}

export const childrenOf = (db: Db, ids: string[]) =>
  db
    .selectFrom('identity_projects')
    .selectAll()
    .where('parent_id', 'in', ids.length ? ids : [''])
    .where('is_domain', '=', false)
    .orderBy('id')
    .execute()

/** Where those projects stand in the tree. */
export async function projectsById(db: Db, ids: string[]) {
  const parts = inChunks(ids).map((part) =>
    db.selectFrom('identity_projects').select(['id', 'parent_id', 'domain_id']).where('id', 'in', part).execute(),
  )
  return (await Promise.all(parts)).flat()
}

/** All projects below, nearest first. */
export async function subtreeOf(db: Db, id: string): Promise<Project[]> {
  const found: Project[] = []
  let level = [id]
  while (level.length) {
    const rows = await childrenOf(db, level)
    for (const row of rows) found.push(row)
    level = rows.map((row) => row.id)
  }
  return found
}

/** All projects above up to the domain, nearest first. */
export async function parentsOf(db: Db, project: Project): Promise<Project[]> {
  const found: Project[] = []
  for (let id = project.parent_id; id !== null; ) {
    const parent = await findProject(db, id)
    if (!parent) break
    found.push(parent)
    id = parent.parent_id
  }
  return found
}

/** Takes away projects with all that refers to them: grants, defaults of users, credentials. */
export async function deleteProjects(db: Db, ids: string[]): Promise<void> {
  if (!ids.length) return
  await db.deleteFrom('identity_assignments').where('target_id', 'in', ids).where('target_type', 'in', ['project', 'domain']).execute()
  await db.deleteFrom('identity_credentials').where('project_id', 'in', ids).execute()
  await deleteDelegationsInProjects(db, ids)
  await deleteLimitsOf(db, ids)
  await db.updateTable('identity_users').set({ default_project_id: null }).where('default_project_id', 'in', ids).execute()
  for (const table of ['identity_project_endpoints', 'identity_project_endpoint_groups', 'identity_tenant_endpoints'] as const)
    await db.deleteFrom(table).where('project_id', 'in', ids).execute()
  await db
    .insertInto('identity_retired_ids')
    .values(ids.map((id) => ({ id })))
    .onConflict((c) => c.doNothing())
    .execute()
  await db.deleteFrom('identity_projects').where('id', 'in', ids).execute()
  await changeGeneration(db)
}

/** Whether a project or domain has that id, or ever had: what other services keep under it is not for another owner. */
export async function isIdTaken(db: Db, id: string): Promise<boolean> {
  const retired = await db.selectFrom('identity_retired_ids').select('id').where('id', '=', id).executeTakeFirst()
  return retired !== undefined || (await findProject(db, id)) !== undefined
}

/** A tag is one element of the JSON list: a comma can stand only between elements, so `["tag"` and `,"tag"` are exact. */
const hasTag = (tag: string) => {
  const text = JSON.stringify(tag)
  return sql<boolean>`(replace(tags, ${`[${text}`}, '') <> tags or replace(tags, ${`,${text}`}, '') <> tags)`
}

export interface TagFilter {
  all?: string[]
  any?: string[]
  notAll?: string[]
  notAny?: string[]
}

/** Projects (or domains) whose tags are so. */
export function projectQuery(db: Db, isDomain: boolean, tags: TagFilter = {}, ids?: string[]) {
  let query = db.selectFrom('identity_projects').selectAll().where('is_domain', '=', isDomain)
  if (ids) query = query.where('id', 'in', ids.length ? ids : [''])
  for (const tag of tags.all ?? []) query = query.where(hasTag(tag))
  if (tags.any?.length) query = query.where((eb) => eb.or(tags.any!.map((tag) => hasTag(tag))))
  if (tags.notAll?.length) query = query.where((eb) => eb.not(eb.and(tags.notAll!.map((tag) => hasTag(tag)))))
  if (tags.notAny?.length) query = query.where((eb) => eb.not(eb.or(tags.notAny!.map((tag) => hasTag(tag)))))
  return query
}

/** Those of the projects that are enabled, and whose domain is. */
export async function usableProjects(db: Db, ids: string[]): Promise<string[]> {
  if (!ids.length) return []
  const rows = await db
    .selectFrom('identity_projects as project')
    .innerJoin('identity_projects as domain', 'domain.id', 'project.domain_id')
    .select('project.id')
    .where('project.id', 'in', ids)
    .where('project.enabled', '=', true)
    .where('domain.enabled', '=', true)
    .execute()
  return rows.map((row) => row.id)
}
