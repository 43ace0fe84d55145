import { action, work } from '../../../api/action.ts'
import { rule } from '../../../auth/policy.ts'
import { memberOrAdmin } from '../rules.ts'
import { revokeConsoles } from './open-consoles.ts'
import { powerTask } from './power-task.ts'
import { servers } from './resource.ts'

/** Reference 3.4.9. */
export const stopServer = action(servers, 'os-stop', {
  id: 'servers.stop',
  summary: 'Stop a running server',
  catalog: ['compute-v2.1.servers-actions.stop-server'],
  policy: rule('os_compute_api:servers:stop', memberOrAdmin, 'Stop a server.'),
  locked: 'refused',
  event: 'stop',
  history: 'stop',
  task: ({ server }) => work(stopTask, { serverId: server.id }),
  handle: ({ tx, server }) => revokeConsoles(tx, server.id),
})

export const stopTask = powerTask({
  kind: 'compute.server.stop',
  event: 'compute_stop_instance',
  told: 'power_off',
  change: (spec) => ({ ...spec, power: 'off' }),
  succeeds: 'stopped',
  fails: 'stopFailed',
})
