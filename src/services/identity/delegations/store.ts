// What goes with those who handed it over, and with the projects it is for.
import type { Db } from '../../../db/database.ts'
import { deleteTrusts } from '../trusts/store.ts'

export async function deleteDelegationsOfUsers(db: Db, ids: string[]): Promise<void> {
  const trusts = await db
    .selectFrom('identity_trusts')
    .select('id')
    .where((eb) => eb.or([eb('trustor_user_id', 'in', ids), eb('trustee_user_id', 'in', ids)]))
    .execute()
  await deleteTrusts(
    db,
    trusts.map((row) => row.id),
  )
  await db.deleteFrom('identity_application_credentials').where('user_id', 'in', ids).execute()
  await db.deleteFrom('identity_access_rules').where('user_id', 'in', ids).execute()
  await db.deleteFrom('identity_request_tokens').where('authorizing_user_id', 'in', ids).execute()
  await db.deleteFrom('identity_access_tokens').where('authorizing_user_id', 'in', ids).execute()
}

export async function deleteDelegationsInProjects(db: Db, ids: string[]): Promise<void> {
  const trusts = await db.selectFrom('identity_trusts').select('id').where('project_id', 'in', ids).execute()
  await deleteTrusts(
    db,
    trusts.map((row) => row.id),
  )
  await db.deleteFrom('identity_application_credentials').where('project_id', 'in', ids).execute()
  await db.deleteFrom('identity_request_tokens').where('project_id', 'in', ids).execute()
  await db.deleteFrom('identity_access_tokens').where('project_id', 'in', ids).execute()
  await db.deleteFrom('identity_project_endpoints').where('project_id', 'in', ids).execute()
  await db.deleteFrom('identity_tenant_endpoints').where('project_id', 'in', ids).execute()
  await db.deleteFrom('identity_project_endpoint_groups').where('project_id', 'in', ids).execute()
}
