import { action, work } from '../../../api/action.ts'
import { rule } from '../../../auth/policy.ts'
import { memberOrAdmin } from '../rules.ts'
import { powerTask } from './power-task.ts'
import { servers } from './resource.ts'

/** Reference 3.4.8. */
export const startServer = action(servers, 'os-start', {
  id: 'servers.start',
  summary: 'Start a stopped server',
  catalog: ['compute-v2.1.servers-actions.start-server'],
  policy: rule('os_compute_api:servers:start', memberOrAdmin, 'Start a server.'),
  locked: 'refused',
  event: 'start',
  history: 'start',
  task: ({ server }) => work(startTask, { serverId: server.id }),
})

export const startTask = powerTask({
  kind: 'compute.server.start',
  event: 'compute_start_instance',
  change: (spec) => ({ ...spec, power: 'running' }),
  back: (spec) => ({ ...spec, power: 'off' }),
  succeeds: 'started',
  fails: 'startFailed',
})
