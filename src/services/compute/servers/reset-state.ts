import { Type } from 'typebox'
import { operation, reply } from '../../../api/operation.ts'
import { Closed } from '../../../api/types.ts'
import { rule } from '../../../auth/policy.ts'
import { admin } from '../rules.ts'
import { servers } from './resource.ts'
import { insertAction, updateServer } from './store.ts'

/** Reference 3.5.9: an administrator says what a server is, after trouble; its guest stays as it is. */
export const resetState = operation({
  id: 'servers.reset-state',
  method: 'POST',
  path: '/servers/{server_id}/action',
  action: 'os-resetState',
  summary: 'Set the state of a server',
  catalog: ['compute-v2.1.servers-admin-actions.reset-server-state'],
  status: 202,
  policy: rule('os_compute_api:os-admin-actions:reset_state', admin, 'Set the state of a server.'),
  on: servers,
  body: Closed({ 'os-resetState': Closed({ state: Type.Unsafe<'active' | 'error'>({ enum: ['active', 'error'] }) }) }),
  async handle({ server, body, tx, now, who, requestId }) {
    await updateServer(tx.db, server.id, { vm_state: body['os-resetState'].state, task_state: null, updated_at: now })
    await insertAction(tx.db, {
      server_id: server.id,
      action: 'resetState',
      request_id: requestId,
      user_id: who.user.id,
      project_id: server.project_id,
      start_time: now,
      updated_at: now,
      message: null,
      events: [],
    })
    return reply({ status: 202 })
  },
})
