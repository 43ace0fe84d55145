import type { Db } from '../../../db/database.ts'
import { deleteDomainOptions } from '../domain-config/store.ts'
import { deleteProvidersOf } from '../federation/store.ts'
import { deleteGroups } from '../groups/store.ts'
import { deleteProjects } from '../projects/store.ts'
import { deleteRoles } from '../roles/store.ts'
import { deleteUsers } from '../users/store.ts'

/** Takes away a domain with all that is in it. */
export async function deleteDomain(db: Db, id: string): Promise<void> {
  const ids = (rows: { id: string }[]) => rows.map((row) => row.id)
  await deleteUsers(db, ids(await db.selectFrom('identity_users').select('id').where('domain_id', '=', id).execute()))
  await deleteGroups(db, ids(await db.selectFrom('identity_groups').select('id').where('domain_id', '=', id).execute()))
  await deleteRoles(db, ids(await db.selectFrom('identity_roles').select('id').where('domain_id', '=', id).execute()))
  await deleteDomainOptions(db, id)
  await deleteProvidersOf(db, id)
  await deleteProjects(db, [...ids(await db.selectFrom('identity_projects').select('id').where('domain_id', '=', id).execute()), id])
}
