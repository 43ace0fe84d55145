import { conflict } from '../../../api/faults.ts'
import { type BaseContext, resource } from '../../../api/operation.ts'
import { holding } from '../../../db/hold.ts'
import { isAdmin, seenProject } from '../asker.ts'
import { serverMachine } from './machine.ts'
import { findServer, insertAction, type Server } from './store.ts'

export const servers = resource({
  name: 'server',
  path: '/servers/{server_id}',
  param: 'server_id',
  hold: holding('compute_servers'),
  load: (id, context) => findServer(context.db, id, seenProject(context)),
  target: (row: Server) => ({ project_id: row.project_id, user_id: row.user_id }),
  missing: (id) => `Instance ${id.slice(0, 255)} could not be found.`,
  machine: serverMachine,
  touched: (now) => ({ updated_at: now }),
  checkLock(row: Server, context) {
    if (row.locked_by !== null && !isAdmin(context)) throw conflict(`Instance ${row.id} is locked`)
  },
  begun: (context, row: Server, action) => noteAction(context, row, action),
})

/** Writes in the server's history that something is being done with it (reference 3.9). */
export async function noteAction({ tx, who, requestId, now }: BaseContext, server: Pick<Server, 'id' | 'project_id'>, action: string) {
  await insertAction(tx.db, {
    server_id: server.id,
    action,
    request_id: requestId,
    user_id: who.user.id,
    project_id: server.project_id,
    start_time: now,
    updated_at: now,
    message: null,
    events: [],
  })
}
