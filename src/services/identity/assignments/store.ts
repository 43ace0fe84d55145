// All SQL on role assignments: who has which role where.
import { type ExpressionBuilder, type SqlBool, sql } from 'kysely'
import { type AlsoIn, actorsOf, changeGeneration } from '../../../auth/store.ts'
import type { Assignment } from '../../../auth/tables.ts'
import type { Db } from '../../../db/database.ts'
import type { Tables } from '../../../db/tables.ts'
import { inChunks } from '../chunks.ts'

export type Actor = 'user' | 'group'
export type Target = 'project' | 'domain' | 'system'

/** Where assignments are kept: system-wide ones have this as their target. */
export const systemId = 'system'

export interface Grant {
  actor_type: Actor
  actor_id: string
  target_type: Target
  target_id: string
  role_id: string
  inherited: boolean
}

/** Also a no-op where it is there already; gives whether it was new. */
export async function insertGrant(db: Db, grant: Grant): Promise<boolean> {
  const result = await db
    .insertInto('identity_assignments')
    .values(grant)
    .onConflict((c) => c.doNothing())
    .executeTakeFirst()
  const added = (result.numInsertedOrUpdatedRows ?? 0n) > 0n
  if (added) await changeGeneration(db)
  return added
}

// Each value as a parameter: booleans are smallints in the tables.
const where = (grant: Grant) => (eb: ExpressionBuilder<Tables, 'identity_assignments'>) =>
  eb.and((Object.keys(grant) as (keyof Grant)[]).map((column) => eb(column, '=', grant[column])))

/** False when there was none. */
export async function deleteGrant(db: Db, grant: Grant): Promise<boolean> {
  const result = await db.deleteFrom('identity_assignments').where(where(grant)).executeTakeFirst()
  if (result.numDeletedRows > 0n) await changeGeneration(db)
  return result.numDeletedRows > 0n
}

export const findGrant = (db: Db, grant: Grant) => db.selectFrom('identity_assignments').selectAll().where(where(grant)).executeTakeFirst()

/** The roles granted there, not what they imply. */
export const grantedRoles = (db: Db, grant: Omit<Grant, 'role_id'>) =>
  db
    .selectFrom('identity_assignments')
    .innerJoin('identity_roles', 'identity_roles.id', 'identity_assignments.role_id')
    .selectAll('identity_roles')
    .where('actor_type', '=', grant.actor_type)
    .where('actor_id', '=', grant.actor_id)
    .where('target_type', '=', grant.target_type)
    .where('target_id', '=', grant.target_id)
    .where('inherited', '=', grant.inherited)
    .orderBy('identity_roles.name')
    .execute()

export interface AssignmentFilter {
  actorIds?: string[]
  role?: string
  targets?: { type: Target; ids: string[] }
  /** Of whatever type. */
  targetIds?: string[]
  inherited?: boolean
}

/** Columns that tell a grant from all others, in the order of lists. */
const order = ['target_id', 'actor_id', 'role_id', 'inherited', 'actor_type', 'target_type'] as const
const pageSize = 5000

/** Grants in the order of targets, actors and roles. */
export async function listAssignments(db: Db, filter: AssignmentFilter): Promise<Assignment[]> {
  const ids = filter.targets?.ids ?? filter.targetIds
  if (ids && ids.length > 1000) {
    const parts = inChunks(ids.toSorted()).map((part) =>
      listAssignments(db, { ...filter, ...(filter.targets ? { targets: { ...filter.targets, ids: part } } : { targetIds: part }) }),
    )
    return (await Promise.all(parts)).flat()
  }
  let query = db.selectFrom('identity_assignments').selectAll()
  const list = (values: string[]) => (values.length ? values : [''])
  if (filter.actorIds) query = query.where('actor_id', 'in', list(filter.actorIds))
  if (filter.targets) query = query.where('target_type', '=', filter.targets.type)
  if (ids) query = query.where('target_id', 'in', list(ids))
  if (filter.role !== undefined) query = query.where('role_id', '=', filter.role)
  if (filter.inherited !== undefined) query = query.where('inherited', '=', filter.inherited)
  for (const column of order) query = query.orderBy(column)
  const rows: Assignment[] = []
  // In pages, so that reading many keeps nobody waiting.
  for (let last: Assignment | undefined; ; last = rows.at(-1)) {
    const page = await (last ? query.where(isBehind(last)) : query).limit(pageSize).execute()
    for (const row of page) rows.push(row)
    if (page.length < pageSize) return rows
  }
}

const isBehind = (row: Assignment) =>
  sql<SqlBool>`(${sql.join(order.map((column) => sql.ref(column)))}) > (${sql.join(order.map((column) => row[column]))})`

/** All rows of a user: the user's own and those of the user's groups. */
async function rowsOfUser(db: Db, userId: string, also?: AlsoIn): Promise<Assignment[]> {
  return db
    .selectFrom('identity_assignments')
    .selectAll()
    .where('actor_id', 'in', await actorsOf(db, userId, also))
    .execute()
}

/** Ids of the projects on which the user has a role: directly, by a group, or inherited from above. */
export async function projectsOfUser(db: Db, userId: string, also?: AlsoIn): Promise<string[]> {
  const rows = await rowsOfUser(db, userId, also)
  const found = new Set(rows.filter((row) => row.target_type === 'project' && !row.inherited).map((row) => row.target_id))
  const domains = rows.filter((row) => row.inherited && row.target_type === 'domain').map((row) => row.target_id)
  if (domains.length) {
    for (const { id } of await db.selectFrom('identity_projects').select('id').where('domain_id', 'in', domains).execute()) found.add(id)
  }
  let level = rows.filter((row) => row.inherited && row.target_type === 'project').map((row) => row.target_id)
  while (level.length) {
    const children = await db.selectFrom('identity_projects').select('id').where('parent_id', 'in', level).execute()
    level = children.map(({ id }) => id).filter((id) => !found.has(id) || level.includes(id))
    for (const id of level) found.add(id)
  }
  return [...found]
}

/** Ids of the domains on which the user has a role. */
export async function domainsOfUser(db: Db, userId: string, also?: AlsoIn): Promise<string[]> {
  const rows = await rowsOfUser(db, userId, also)
  return [...new Set(rows.filter((row) => row.target_type === 'domain' && !row.inherited).map((row) => row.target_id))]
}

/** Whether the user has a role on the system. */
export async function isOnSystem(db: Db, userId: string, also?: AlsoIn): Promise<boolean> {
  return (await rowsOfUser(db, userId, also)).some((row) => row.target_type === 'system')
}

export const projectsInDomain = async (db: Db, domainId: string): Promise<string[]> =>
  (await db.selectFrom('identity_projects').select('id').where('domain_id', '=', domainId).where('is_domain', '=', false).execute()).map(
    (row) => row.id,
  )

export type Names = Record<'user' | 'group' | 'project' | 'role', Map<string, { name: string; domainId: string }>>

export const noNames = (): Names => ({ user: new Map(), group: new Map(), project: new Map(), role: new Map() })

/** Adds the names of those users, groups, projects (and domains) and roles, and of the domains that they are in, where they are missing. */
export async function addNamesOf(db: Db, names: Names, ids: Record<keyof Names, Iterable<string>>): Promise<void> {
  const tables = { user: 'identity_users', group: 'identity_groups', project: 'identity_projects', role: 'identity_roles' } as const
  const domains = new Set<string>()
  const load = async (kind: keyof Names, wanted: Iterable<string>) => {
    for (const part of inChunks([...wanted].filter((id) => !names[kind].has(id)))) {
      const rows = await db.selectFrom(tables[kind]).select(['id', 'name', 'domain_id']).where('id', 'in', part).execute()
      for (const row of rows) {
        names[kind].set(row.id, { name: row.name, domainId: row.domain_id })
        domains.add(row.domain_id)
      }
    }
  }
  for (const kind of ['user', 'group', 'project', 'role'] as const) await load(kind, new Set(ids[kind]))
  await load('project', new Set(domains))
}
