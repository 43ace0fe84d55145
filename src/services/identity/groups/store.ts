// All SQL on groups and who is in them.
import { changeGeneration } from '../../../auth/store.ts'
import type { GroupRow } from '../../../auth/tables.ts'
import type { Db } from '../../../db/database.ts'
import { unique } from '../attributes.ts'
import { inChunks } from '../chunks.ts'

export const findGroup = (db: Db, id: string) => db.selectFrom('identity_groups').selectAll().where('id', '=', id).executeTakeFirst()

export const insertGroup = (db: Db, row: GroupRow) =>
  unique('group', `name ${row.name} at domain ID ${row.domain_id}`, db.insertInto('identity_groups').values(row).execute())

export async function updateGroup(db: Db, row: GroupRow, changes: Partial<GroupRow>): Promise<GroupRow> {
  await unique('group', `name ${changes.name}`, db.updateTable('identity_groups').set(changes).where('id', '=', row.id).execute())
  return (await findGroup(db, row.id))!
}

/** Takes away groups with their grants and memberships. */
export async function deleteGroups(db: Db, ids: string[]): Promise<void> {
  if (!ids.length) return
  await db.deleteFrom('identity_assignments').where('actor_type', '=', 'group').where('actor_id', 'in', ids).execute()
  await db.deleteFrom('identity_group_members').where('group_id', 'in', ids).execute()
  await db.deleteFrom('identity_expiring_members').where('group_id', 'in', ids).execute()
  await db.deleteFrom('identity_directory_entries').where('public_id', 'in', ids).execute()
  await db.deleteFrom('identity_groups').where('id', 'in', ids).execute()
  await changeGeneration(db)
}

/** Groups of a domain, of a user, or all. */
export function groupQuery(db: Db, only: { domainId?: string; userId?: string } = {}) {
  let query = db.selectFrom('identity_groups').selectAll()
  if (only.domainId !== undefined) query = query.where('domain_id', '=', only.domainId)
  if (only.userId !== undefined)
    query = query.where('id', 'in', (eb) => eb.selectFrom('identity_group_members').select('group_id').where('user_id', '=', only.userId!))
  return query
}

export const isMember = async (db: Db, groupId: string, userId: string) =>
  (await db
    .selectFrom('identity_group_members')
    .select('user_id')
    .where('group_id', '=', groupId)
    .where('user_id', '=', userId)
    .executeTakeFirst()) !== undefined

export async function membersOf(db: Db, groupIds: string[]) {
  const parts = inChunks(groupIds).map((ids) =>
    db.selectFrom('identity_group_members').selectAll().where('group_id', 'in', ids).orderBy('user_id').execute(),
  )
  return (await Promise.all(parts)).flat()
}

/** Ids of the groups that a user is in. */
export const groupsOf = async (db: Db, userId: string): Promise<string[]> =>
  (await db.selectFrom('identity_group_members').select('group_id').where('user_id', '=', userId).execute()).map((row) => row.group_id)

export async function addMember(db: Db, group_id: string, user_id: string): Promise<void> {
  await db
    .insertInto('identity_group_members')
    .values({ group_id, user_id })
    .onConflict((c) => c.doNothing())
    .execute()
  await changeGeneration(db)
}

/** False when the user was not in the group. */
export async function removeMember(db: Db, groupId: string, userId: string): Promise<boolean> {
  const result = await db
    .deleteFrom('identity_group_members')
    .where('group_id', '=', groupId)
    .where('user_id', '=', userId)
    .executeTakeFirst()
  await changeGeneration(db)
  return result.numDeletedRows > 0n
}
