import { Type } from 'typebox'
import { action } from '../../../api/action.ts'
import { Closed } from '../../../api/types.ts'
import { rule } from '../../../auth/policy.ts'
import { admin } from '../rules.ts'
import { servers } from './resource.ts'

/** Reference 3.5.9: an administrator says what a server is, after trouble; its guest stays as it is. */
export const resetState = action(servers, 'os-resetState', {
  id: 'servers.reset-state',
  summary: 'Set the state of a server',
  catalog: ['compute-v2.1.servers-admin-actions.reset-server-state'],
  policy: rule('os_compute_api:os-admin-actions:reset_state', admin, 'Set the state of a server.'),
  body: Closed({ state: Type.Unsafe<'active' | 'error'>({ enum: ['active', 'error'] }) }),
  event: ({ body }) => (body.state === 'active' ? 'resetActive' : 'resetError'),
  history: 'resetState',
})
