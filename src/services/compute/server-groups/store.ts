import type { Insertable, Selectable } from 'kysely'
import type { Db } from '../../../db/database.ts'
import './tables.ts'
import type { ServerGroupRow } from './tables.ts'

export type ServerGroup = Selectable<ServerGroupRow>

/** Groups of a project; of all when null. */
const groups = (db: Db, projectId: string | null) => {
  const all = db.selectFrom('compute_server_groups').selectAll()
  return projectId === null ? all : all.where('project_id', '=', projectId)
}

export const findGroup = (db: Db, projectId: string | null, id: string): Promise<ServerGroup | undefined> =>
  groups(db, projectId).where('id', '=', id).executeTakeFirst()

export const listGroups = (db: Db, projectId: string | null, limit: number, offset: number): Promise<ServerGroup[]> =>
  groups(db, projectId).orderBy('seq').limit(limit).offset(offset).execute()

export const insertGroup = (db: Db, row: Insertable<ServerGroupRow>): Promise<ServerGroup> =>
  db.insertInto('compute_server_groups').values(row).returningAll().executeTakeFirstOrThrow()

/** Its servers stay, and no longer belong to it. */
export async function deleteGroup(db: Db, id: string): Promise<boolean> {
  await db.deleteFrom('compute_server_group_members').where('group_id', '=', id).execute()
  const result = await db.deleteFrom('compute_server_groups').where('id', '=', id).executeTakeFirst()
  return result.numDeletedRows === 1n
}

export const addMember = (db: Db, groupId: string, serverId: string) =>
  db.insertInto('compute_server_group_members').values({ group_id: groupId, server_id: serverId }).execute()

/** Ids and hosts of the members that are not deleted, by group, oldest first. */
export async function membersOf(db: Db, groupIds: string[]): Promise<Map<string, { id: string; host: string | null }[]>> {
  const map = new Map<string, { id: string; host: string | null }[]>(groupIds.map((id) => [id, []]))
  if (!groupIds.length) return map
  const rows = await db
    .selectFrom('compute_server_group_members')
    .innerJoin('compute_servers', 'compute_servers.id', 'compute_server_group_members.server_id')
    .select(['compute_server_group_members.group_id', 'compute_servers.id', 'compute_servers.host'])
    .where('compute_server_group_members.group_id', 'in', groupIds)
    .where('compute_servers.deleted_at', 'is', null)
    .orderBy('compute_servers.seq')
    .execute()
  for (const { group_id, id, host } of rows) map.get(group_id)!.push({ id, host })
  return map
}

const take = (db: Db) => db.updateTable('compute_server_groups').set((eb) => ({ placements: eb('placements', '+', 1) }))

/** The group, taken so that its members are counted one after the other. */
export const takeGroup = (db: Db, id: string): Promise<ServerGroup | undefined> =>
  take(db).where('id', '=', id).returningAll().executeTakeFirst()

/** The group that a server is placed by, taken so that its members are placed one after the other. */
export const takeGroupOf = (db: Db, serverId: string): Promise<ServerGroup | undefined> =>
  take(db)
    .where('id', 'in', (eb) => eb.selectFrom('compute_server_group_members').select('group_id').where('server_id', '=', serverId))
    .returningAll()
    .executeTakeFirst()
