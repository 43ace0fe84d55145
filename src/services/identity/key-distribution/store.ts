// All SQL on the keys of parties and groups.
import type { PartyKeyRow } from '../../../auth/delegation-tables.ts'
import type { Db } from '../../../db/database.ts'

/** The newest key of a party or group. */
export const newestKey = (db: Db, name: string, isGroup: boolean): Promise<PartyKeyRow | undefined> =>
  db
    .selectFrom('identity_party_keys')
    .selectAll()
    .where('name', '=', name)
    .where('is_group', '=', isGroup)
    .orderBy('generation', 'desc')
    .limit(1)
    .executeTakeFirst()

export const insertKey = (db: Db, row: PartyKeyRow) => db.insertInto('identity_party_keys').values(row).execute()

/** False when there was none. */
export async function deleteKeys(db: Db, name: string, isGroup: boolean): Promise<boolean> {
  const result = await db.deleteFrom('identity_party_keys').where('name', '=', name).where('is_group', '=', isGroup).executeTakeFirst()
  return result.numDeletedRows > 0n
}

export const findPartyGroup = (db: Db, name: string) =>
  db.selectFrom('identity_party_groups').selectAll().where('name', '=', name).executeTakeFirst()
export const insertPartyGroup = (db: Db, name: string, now: string) =>
  db
    .insertInto('identity_party_groups')
    .values({ name, created_at: now })
    .onConflict((c) => c.doNothing())
    .execute()

/** False when there was none. */
export async function deletePartyGroup(db: Db, name: string): Promise<boolean> {
  const result = await db.deleteFrom('identity_party_groups').where('name', '=', name).executeTakeFirst()
  return result.numDeletedRows > 0n
}
