// All SQL on roles and what they imply.
import { changeGeneration } from '../../../auth/store.ts'
import type { RoleRow } from '../../../auth/tables.ts'
import type { Db } from '../../../db/database.ts'
import { unique } from '../attributes.ts'

export const findRole = (db: Db, id: string) => db.selectFrom('identity_roles').selectAll().where('id', '=', id).executeTakeFirst()
export const findRoleByName = (db: Db, name: string) =>
  db.selectFrom('identity_roles').selectAll().where('name', '=', name).where('domain_id', '=', '').executeTakeFirst()
export const rolesById = async (db: Db, ids: string[]) =>
  ids.length ? db.selectFrom('identity_roles').selectAll().where('id', 'in', ids).orderBy('name').execute() : []

export const insertRole = (db: Db, row: RoleRow) =>
  unique('role', `name ${row.name}`, db.insertInto('identity_roles').values(row).execute())

export async function updateRole(db: Db, row: RoleRow, changes: Partial<RoleRow>): Promise<RoleRow> {
  await unique('role', `name ${changes.name}`, db.updateTable('identity_roles').set(changes).where('id', '=', row.id).execute())
  await changeGeneration(db)
  return (await findRole(db, row.id))!
}

/** Takes away roles with all their grants. */
export async function deleteRoles(db: Db, ids: string[]): Promise<void> {
  if (!ids.length) return
  await db.deleteFrom('identity_assignments').where('role_id', 'in', ids).execute()
  await db
    .deleteFrom('identity_implied_roles')
    .where((eb) => eb.or([eb('prior_role_id', 'in', ids), eb('implied_role_id', 'in', ids)]))
    .execute()
  await db.deleteFrom('identity_roles').where('id', 'in', ids).execute()
  await changeGeneration(db)
}

/** Roles of a domain; those of the whole cloud for ''. */
export const roleQuery = (db: Db, domainId: string) => db.selectFrom('identity_roles').selectAll().where('domain_id', '=', domainId)

/** Domains' own roles. */
export const domainRoleIds = async (db: Db) =>
  new Set((await db.selectFrom('identity_roles').select('id').where('domain_id', '<>', '').execute()).map((row) => row.id))

/** All inferences, or those of one prior role. */
export function inferences(db: Db, priorId?: string) {
  const query = db.selectFrom('identity_implied_roles').selectAll().orderBy('prior_role_id').orderBy('implied_role_id')
  return (priorId === undefined ? query : query.where('prior_role_id', '=', priorId)).execute()
}

export const isImplied = async (db: Db, priorId: string, impliedId: string) =>
  (await db
    .selectFrom('identity_implied_roles')
    .select('prior_role_id')
    .where('prior_role_id', '=', priorId)
    .where('implied_role_id', '=', impliedId)
    .executeTakeFirst()) !== undefined

export async function insertInference(db: Db, prior_role_id: string, implied_role_id: string): Promise<void> {
  await db
    .insertInto('identity_implied_roles')
    .values({ prior_role_id, implied_role_id })
    .onConflict((c) => c.doNothing())
    .execute()
  await changeGeneration(db)
}

/** False when there was none. */
export async function deleteInference(db: Db, priorId: string, impliedId: string): Promise<boolean> {
  const result = await db
    .deleteFrom('identity_implied_roles')
    .where('prior_role_id', '=', priorId)
    .where('implied_role_id', '=', impliedId)
    .executeTakeFirst()
  await changeGeneration(db)
  return result.numDeletedRows > 0n
}
