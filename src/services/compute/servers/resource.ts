import { resource } from '../../../api/operation.ts'
import { holding } from '../../../db/hold.ts'
import { seenProject } from '../asker.ts'
import { stateOf } from './states.ts'
import { findServer, type Server } from './store.ts'

export const servers = resource({
  name: 'server',
  param: 'server_id',
  hold: holding('compute_servers'),
  load: (id, context) => findServer(context.db, id, seenProject(context)),
  target: (row: Server) => ({ project_id: row.project_id, user_id: row.user_id }),
  missing: (id) => `Instance ${id.slice(0, 255)} could not be found.`,
  state: (row: Server) => stateOf(row),
})
