// All SQL on credentials. The secret part is kept encrypted; the key is a file beside the token keys.
import { changeGeneration } from '../../../auth/store.ts'
import type { CredentialRow } from '../../../auth/tables.ts'
import type { Db } from '../../../db/database.ts'
import { unique } from '../attributes.ts'
import { ensureRoom } from '../room.ts'

export const findCredential = (db: Db, id: string) =>
  db.selectFrom('identity_credentials').selectAll().where('id', '=', id).executeTakeFirst()

/** Throws 403 for one too many of the user, 409 for an id that is there. */
export async function insertCredential(db: Db, row: CredentialRow): Promise<void> {
  const all = db.selectFrom('identity_credentials').select(({ fn }) => fn.countAll<number | string>().as('count'))
  ensureRoom('credentials', await all.where('user_id', '=', row.user_id).executeTakeFirstOrThrow())
  await unique('credential', `ID ${row.id}`, db.insertInto('identity_credentials').values(row).execute())
}

export async function updateCredential(db: Db, id: string, changes: Partial<CredentialRow>): Promise<CredentialRow> {
  await unique('credential', `ID ${changes.id}`, db.updateTable('identity_credentials').set(changes).where('id', '=', id).execute())
  await changeGeneration(db)
  return (await findCredential(db, changes.id ?? id))!
}

export async function deleteCredential(db: Db, id: string): Promise<void> {
  await db.deleteFrom('identity_credentials').where('id', '=', id).execute()
  await changeGeneration(db) // tokens by EC2 keys end with them
}

/** All, or those of one user. */
export function credentialQuery(db: Db, userId?: string) {
  const query = db.selectFrom('identity_credentials').selectAll()
  return userId === undefined ? query : query.where('user_id', '=', userId)
}
