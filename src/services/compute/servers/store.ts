import type { Insertable, Selectable, Updateable } from 'kysely'
import type { Db } from '../../../db/database.ts'
import type {} from '../server-groups/tables.ts'
import './tables.ts'
import type { ActionEvent, ActionRow, ServerRow } from './tables.ts'

export type Server = Selectable<ServerRow>

/** Servers of a project that are not deleted; of all projects when `projectId` is null. */
export function findServer(db: Db, id: string, projectId: string | null): Promise<Server | undefined> {
  const query = db.selectFrom('compute_servers').selectAll().where('id', '=', id).where('deleted_at', 'is', null)
  return (projectId === null ? query : query.where('project_id', '=', projectId)).executeTakeFirst()
}

/** The row for a task, deleted or not. */
export const getServer = (db: Db, id: string): Promise<Server | undefined> =>
  db.selectFrom('compute_servers').selectAll().where('id', '=', id).executeTakeFirst()

export const insertServer = (db: Db, row: Insertable<ServerRow>) => db.insertInto('compute_servers').values(row).execute()

/** Changes all but the state: that changes by events of its machine. */
export const updateServer = (db: Db, id: string, set: Updateable<ServerRow>) =>
  db.updateTable('compute_servers').set(set).where('id', '=', id).execute()

export const insertAction = (db: Db, row: Insertable<ActionRow>) => db.insertInto('compute_actions').values(row).execute()

/** Ends the action that a request began on a server, with one event. */
export async function finishAction(db: Db, serverId: string, requestId: string, event: ActionEvent): Promise<void> {
  await db
    .updateTable('compute_actions')
    .set({ events: [event], updated_at: event.finish_time!, message: event.result === 'Error' ? 'Error' : null })
    .where('server_id', '=', serverId)
    .where('request_id', '=', requestId)
    .execute()
}

export const actionsOf = (db: Db, serverId: string) =>
  db.selectFrom('compute_actions').selectAll().where('server_id', '=', serverId).orderBy('seq', 'desc').execute()

export const findAction = (db: Db, serverId: string, requestId: string) =>
  db
    .selectFrom('compute_actions')
    .selectAll()
    .where('server_id', '=', serverId)
    .where('request_id', '=', requestId)
    .orderBy('seq', 'desc')
    .executeTakeFirst()

/** Deleted servers are kept for a while, for lists of what changed; then nothing of them remains. */
export async function purgeDeleted(db: Db, before: string): Promise<void> {
  const old = (q: Pick<Db, 'selectFrom'>) => q.selectFrom('compute_servers').select('id').where('deleted_at', '<', before)
  await db
    .deleteFrom('compute_actions')
    .where('server_id', 'in', (q) => old(q as never))
    .execute()
  await db
    .deleteFrom('compute_server_group_members')
    .where('server_id', 'in', (q) => old(q as never))
    .execute()
  await db.deleteFrom('compute_servers').where('deleted_at', '<', before).execute()
}
