// All queries on security groups and their rules.
import type { Insertable, Selectable, Updateable } from 'kysely'
import type { Db } from '../../../db/database.ts'
import type { SecurityGroupRow, SecurityGroupRuleRow } from '../tables.ts'
import type { Viewer } from '../wire/actor.ts'

export type SecurityGroup = Selectable<SecurityGroupRow>
export type SecurityGroupRule = Selectable<SecurityGroupRuleRow>

/** Own ones; all for administrators. */
export const visibleGroups = (db: Db, { seesAll, projectId }: Viewer) => {
  const all = db.selectFrom('network_security_groups').selectAll()
  return seesAll ? all : all.where('project_id', '=', projectId)
}

export const findVisibleGroup = (db: Db, viewer: Viewer, id: string): Promise<SecurityGroup | undefined> =>
  visibleGroups(db, viewer).where('id', '=', id).executeTakeFirst()

export const findGroups = (db: Db, ids: string[]): Promise<SecurityGroup[]> =>
  ids.length ? db.selectFrom('network_security_groups').selectAll().where('id', 'in', ids).execute() : Promise.resolve([])

export const groupsOfProject = (db: Db, projectId: string): Promise<SecurityGroup[]> =>
  db.selectFrom('network_security_groups').selectAll().where('project_id', '=', projectId).execute()

export const insertGroup = (db: Db, row: Insertable<SecurityGroupRow>): Promise<SecurityGroup> =>
  db.insertInto('network_security_groups').values(row).returningAll().executeTakeFirstOrThrow()

export const updateGroup = (db: Db, id: string, changes: Updateable<SecurityGroupRow>, now: string): Promise<SecurityGroup> =>
  db
    .updateTable('network_security_groups')
    .set((eb) => ({ ...changes, updated_at: now, revision: eb('revision', '+', 1) }))
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow()

/** Makes other transactions that change the group or its rules wait for this one. */
export const lockGroup = (db: Db, id: string): Promise<SecurityGroup | undefined> =>
  db.updateTable('network_security_groups').set({ id }).where('id', '=', id).returningAll().executeTakeFirst()

export async function deleteGroupRow(db: Db, id: string): Promise<void> {
  await db.deleteFrom('network_security_group_rules').where('security_group_id', '=', id).execute()
  await db.deleteFrom('network_default_groups').where('security_group_id', '=', id).execute()
  await db.deleteFrom('network_security_groups').where('id', '=', id).execute()
}

export async function defaultGroupId(db: Db, projectId: string): Promise<string | undefined> {
  const row = await db
    .selectFrom('network_default_groups')
    .select('security_group_id')
    .where('project_id', '=', projectId)
    .executeTakeFirst()
  return row?.security_group_id
}

/** False when another transaction was first. */
export async function claimDefault(db: Db, projectId: string, groupId: string): Promise<boolean> {
  const result = await db
    .insertInto('network_default_groups')
    .values({ project_id: projectId, security_group_id: groupId })
    .onConflict((c) => c.column('project_id').doNothing())
    .executeTakeFirst()
  return result.numInsertedOrUpdatedRows === 1n
}

export const visibleRules = (db: Db, { seesAll, projectId }: Viewer) => {
  const all = db.selectFrom('network_security_group_rules').selectAll()
  if (seesAll) return all
  return all.where((eb) =>
    eb.or([
      eb('project_id', '=', projectId),
      eb('security_group_id', 'in', eb.selectFrom('network_security_groups').select('id').where('project_id', '=', projectId)),
    ]),
  )
}

export const findVisibleRule = (db: Db, viewer: Viewer, id: string): Promise<SecurityGroupRule | undefined> =>
  visibleRules(db, viewer).where('id', '=', id).executeTakeFirst()

export async function rulesOf(db: Db, groupIds: string[]): Promise<Map<string, SecurityGroupRule[]>> {
  const map = new Map<string, SecurityGroupRule[]>(groupIds.map((id) => [id, []]))
  if (!groupIds.length) return map
  const rows = await db
    .selectFrom('network_security_group_rules')
    .selectAll()
    .where('security_group_id', 'in', groupIds)
    .orderBy('created_at')
    .orderBy('id')
    .execute()
  for (const row of rows) map.get(row.security_group_id)!.push(row)
  return map
}

export const insertRule = (db: Db, row: Insertable<SecurityGroupRuleRow>): Promise<SecurityGroupRule> =>
  db.insertInto('network_security_group_rules').values(row).returningAll().executeTakeFirstOrThrow()

export const findRuleByKey = (db: Db, groupId: string, key: string) =>
  db
    .selectFrom('network_security_group_rules')
    .select('id')
    .where('security_group_id', '=', groupId)
    .where('rule_key', '=', key)
    .executeTakeFirst()

/** False when it is gone already. */
export const deleteRule = async (db: Db, id: string): Promise<boolean> =>
  (await db.deleteFrom('network_security_group_rules').where('id', '=', id).executeTakeFirst()).numDeletedRows === 1n

/** How many ports have the group. */
export async function countPorts(db: Db, groupId: string): Promise<number> {
  const row = await db
    .selectFrom('network_port_groups')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('security_group_id', '=', groupId)
    .executeTakeFirstOrThrow()
  return Number(row.count)
}

/** Rules of other groups that name this one as their remote side go with it; gives those groups. */
export async function deleteRulesNaming(db: Db, groupId: string): Promise<{ id: string; security_group_id: string; project_id: string }[]> {
  return db
    .deleteFrom('network_security_group_rules')
    .where('remote_group_id', '=', groupId)
    .where('security_group_id', '!=', groupId)
    .returning(['id', 'security_group_id', 'project_id'])
    .execute()
}
