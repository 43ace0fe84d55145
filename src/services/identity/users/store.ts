// All SQL on users.
import { changeGeneration, findUser } from '../../../auth/store.ts'
import type { User } from '../../../auth/tables.ts'
import type { Db } from '../../../db/database.ts'
import { unique } from '../attributes.ts'
import { deleteDelegationsOfUsers } from '../delegations/store.ts'

export const insertUser = (db: Db, row: User) =>
  unique('user', `name ${row.name} at domain ID ${row.domain_id}`, db.insertInto('identity_users').values(row).execute())

/** Writes the changes. `endTokens`: every token of before is void at once, and stays so. */
export async function updateUser(db: Db, row: { id: string }, changes: Partial<User>, endTokens: boolean): Promise<User> {
  await unique(
    'user',
    `name ${changes.name}`,
    db
      .updateTable('identity_users')
      .set((eb) => ({ ...changes, ...(endTokens ? { token_epoch: eb('token_epoch', '+', 1) } : {}) }))
      .where('id', '=', row.id)
      .execute(),
  )
  await changeGeneration(db)
  return (await findUser(db, row.id))!
}

/** Changes the password only while it still is the one that was proven: two changes at once cannot both count. False when it was not. */
export async function swapPassword(db: Db, id: string, before: string, changes: Partial<User>): Promise<boolean> {
  const result = await db
    .updateTable('identity_users')
    .set((eb) => ({ ...changes, token_epoch: eb('token_epoch', '+', 1) }))
    .where('id', '=', id)
    .where('password_hash', '=', before)
    .executeTakeFirst()
  await changeGeneration(db)
  return result.numUpdatedRows === 1n
}

/** Hashes of a user's former passwords, the newest first. */
export async function passwordHistory(db: Db, userId: string, count: number): Promise<string[]> {
  if (count <= 0) return []
  const rows = await db
    .selectFrom('identity_password_history')
    .select('password_hash')
    .where('user_id', '=', userId)
    .orderBy('created_at', 'desc')
    .orderBy('id')
    .limit(count)
    .execute()
  return rows.map((row) => row.password_hash)
}

/** Leaves the newest `keep`. */
export async function forgetPasswords(db: Db, userId: string, keep: number): Promise<void> {
  const kept = db
    .selectFrom('identity_password_history')
    .select('id')
    .where('user_id', '=', userId)
    .orderBy('created_at', 'desc')
    .orderBy('id')
    .limit(keep)
  await db.deleteFrom('identity_password_history').where('user_id', '=', userId).where('id', 'not in', kept).execute()
}

/** One more wrong proof; the first again after those of `forgotten` and before have locked the user and let go. */
export async function countFailure(db: Db, id: string, most: number, forgotten: string, now: string): Promise<void> {
  await db
    .updateTable('identity_users')
    .set((eb) => ({
      failed_auth_count: eb
        .case()
        .when(eb.and([eb('failed_auth_count', '>=', most), eb('failed_auth_at', '<=', forgotten)]))
        .then(1)
        .else(eb('failed_auth_count', '+', 1))
        .end(),
      failed_auth_at: now,
    }))
    .where('id', '=', id)
    .execute()
}

/** The same work for nobody. */
export async function pretendFailure(db: Db): Promise<void> {
  await db
    .updateTable('identity_state')
    .set((eb) => ({ generation: eb('generation', '+', 1) }))
    .where('id', '=', 2)
    .execute()
}

/**
 * A passcode is tried: true when it is right (`period` is that of the passcode, null for a wrong one), newer than the last that was used,
 * and not too many wrong ones came before. All in one: of tries at once each counts.
 */
export async function usePasscode(
  db: Db,
  userId: string,
  period: number | null,
  { most, now, forgotten }: { most: number; now: string; forgotten: string },
): Promise<boolean> {
  await db
    .insertInto('identity_passcode_uses')
    .values({ user_id: userId })
    .onConflict((c) => c.doNothing())
    .execute()
  const taken = await db
    .updateTable('identity_passcode_uses')
    .set((eb) => ({
      failed_auth_count: eb
        .case()
        .when('failed_auth_count', '>=', most)
        .then(1)
        .else(eb('failed_auth_count', '+', 1))
        .end(),
      failed_auth_at: now,
    }))
    .where('user_id', '=', userId)
    .where((eb) => eb.or([eb('failed_auth_count', '<', most), eb('failed_auth_at', '<=', forgotten)]))
    .executeTakeFirst()
  if (taken.numUpdatedRows !== 1n || period === null) return false
  const used = await db
    .updateTable('identity_passcode_uses')
    .set({ last_period: period, failed_auth_count: 0, failed_auth_at: null })
    .where('user_id', '=', userId)
    .where('last_period', '<', period)
    .executeTakeFirst()
  return used.numUpdatedRows === 1n
}

/** Changes that no token depends on. */
export const updateActivity = (
  db: Db,
  id: string,
  changes: Partial<Pick<User, 'failed_auth_count' | 'failed_auth_at' | 'last_active_at'>>,
) => db.updateTable('identity_users').set(changes).where('id', '=', id).execute()

/** Takes away users with their grants, memberships and credentials. */
export async function deleteUsers(db: Db, ids: string[]): Promise<void> {
  if (!ids.length) return
  await db.deleteFrom('identity_assignments').where('actor_type', '=', 'user').where('actor_id', 'in', ids).execute()
  await db.deleteFrom('identity_group_members').where('user_id', 'in', ids).execute()
  await db.deleteFrom('identity_credentials').where('user_id', 'in', ids).execute()
  await db.deleteFrom('identity_password_history').where('user_id', 'in', ids).execute()
  await db.deleteFrom('identity_passcode_uses').where('user_id', 'in', ids).execute()
  await db.deleteFrom('identity_federated_users').where('user_id', 'in', ids).execute()
  await db.deleteFrom('identity_expiring_members').where('user_id', 'in', ids).execute()
  await db.deleteFrom('identity_directory_entries').where('public_id', 'in', ids).execute()
  await deleteDelegationsOfUsers(db, ids)
  await db.deleteFrom('identity_users').where('id', 'in', ids).execute()
  await changeGeneration(db)
}

/** Users of a domain, of a group, or all. */
export function userQuery(db: Db, only: { domainId?: string; groupId?: string } = {}) {
  let query = db.selectFrom('identity_users').selectAll()
  if (only.domainId !== undefined) query = query.where('domain_id', '=', only.domainId)
  if (only.groupId !== undefined)
    query = query.where('id', 'in', (eb) => eb.selectFrom('identity_group_members').select('user_id').where('group_id', '=', only.groupId!))
  return query
}
