// All SQL on application credentials and their access rules.
import type { AccessRuleRow, ApplicationCredentialRow } from '../../../auth/delegation-tables.ts'
import { changeGeneration } from '../../../auth/store.ts'
import type { Db } from '../../../db/database.ts'
import { unique } from '../attributes.ts'
import { ensureRoom } from '../room.ts'

export const findApplicationCredential = (db: Db, id: string) =>
  db.selectFrom('identity_application_credentials').selectAll().where('id', '=', id).executeTakeFirst()
export const findApplicationCredentialByName = (db: Db, userId: string, name: string) =>
  db.selectFrom('identity_application_credentials').selectAll().where('user_id', '=', userId).where('name', '=', name).executeTakeFirst()

/** Throws 403 for one too many of the user, 409 for a name that is there. */
export async function insertApplicationCredential(db: Db, row: ApplicationCredentialRow): Promise<void> {
  const all = db.selectFrom('identity_application_credentials').select(({ fn }) => fn.countAll<number | string>().as('count'))
  ensureRoom('application credentials', await all.where('user_id', '=', row.user_id).executeTakeFirstOrThrow())
  await unique(
    'application_credential',
    `name ${row.name} for user ${row.user_id}`,
    db.insertInto('identity_application_credentials').values(row).execute(),
  )
}

export const applicationCredentialQuery = (db: Db, userId: string) =>
  db.selectFrom('identity_application_credentials').selectAll().where('user_id', '=', userId)

export async function deleteApplicationCredential(db: Db, id: string): Promise<void> {
  await db.deleteFrom('identity_application_credentials').where('id', '=', id).execute()
  await changeGeneration(db)
}

export const accessRuleQuery = (db: Db, userId: string) => db.selectFrom('identity_access_rules').selectAll().where('user_id', '=', userId)
export const accessRulesById = async (db: Db, ids: string[]): Promise<AccessRuleRow[]> =>
  ids.length ? db.selectFrom('identity_access_rules').selectAll().where('id', 'in', ids).orderBy('id').execute() : []
export const insertAccessRule = (db: Db, row: AccessRuleRow) => db.insertInto('identity_access_rules').values(row).execute()
export const deleteAccessRule = (db: Db, id: string) => db.deleteFrom('identity_access_rules').where('id', '=', id).execute()
