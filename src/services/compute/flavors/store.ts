import type { Db } from '../../../db/database.ts'
import './tables.ts'
import type { FlavorRow } from './tables.ts'

/** The flavors that a project may use: public ones and those it was given; all when `projectId` is null. */
export function visibleFlavors(db: Db, projectId: string | null) {
  const query = db.selectFrom('compute_flavors')
  if (projectId === null) return query
  return query.where(({ eb, or }) =>
    or([
      eb('is_public', '=', true),
      eb('id', 'in', (q) => q.selectFrom('compute_flavor_access').select('flavor_id').where('project_id', '=', projectId)),
    ]),
  )
}

export const findFlavor = (db: Db, id: string, projectId: string | null) =>
  visibleFlavors(db, projectId).selectAll().where('id', '=', id).executeTakeFirst()

export const insertFlavor = (db: Db, row: FlavorRow) => db.insertInto('compute_flavors').values(row).execute()

export const flavorWithNameOrId = (db: Db, name: string, id: string) =>
  db
    .selectFrom('compute_flavors')
    .select(['id', 'name'])
    .where(({ eb, or }) => or([eb('name', '=', name), eb('id', '=', id)]))
    .executeTakeFirst()

export async function deleteFlavor(db: Db, id: string): Promise<void> {
  await db.deleteFrom('compute_flavor_access').where('flavor_id', '=', id).execute()
  await db.deleteFrom('compute_flavors').where('id', '=', id).execute()
}

export const setExtraSpecs = (db: Db, id: string, extra_specs: Record<string, string>) =>
  db.updateTable('compute_flavors').set({ extra_specs }).where('id', '=', id).execute()

export const flavorAccess = (db: Db, flavorId: string) =>
  db.selectFrom('compute_flavor_access').selectAll().where('flavor_id', '=', flavorId).orderBy('project_id').execute()

export const allFlavorAccess = (db: Db) =>
  db.selectFrom('compute_flavor_access').selectAll().orderBy('flavor_id').orderBy('project_id').execute()

export const addFlavorAccess = (db: Db, flavor_id: string, project_id: string) =>
  db.insertInto('compute_flavor_access').values({ flavor_id, project_id }).execute()

/** False when the project had no access. */
export async function removeFlavorAccess(db: Db, flavorId: string, projectId: string): Promise<boolean> {
  const result = await db
    .deleteFrom('compute_flavor_access')
    .where('flavor_id', '=', flavorId)
    .where('project_id', '=', projectId)
    .executeTakeFirst()
  return result.numDeletedRows > 0n
}

export async function flavorCount(db: Db): Promise<number> {
  const row = await db
    .selectFrom('compute_flavors')
    .select(({ fn }) => fn.countAll().as('count'))
    .executeTakeFirstOrThrow()
  return Number(row.count)
}
