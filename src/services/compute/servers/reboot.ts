import { Type } from 'typebox'
import { action, work } from '../../../api/action.ts'
import { Closed } from '../../../api/types.ts'
import { rule } from '../../../auth/policy.ts'
import { memberOrAdmin } from '../rules.ts'
import { powerTask } from './power-task.ts'
import { servers } from './resource.ts'

const Reboot = Closed({ type: Type.Unsafe<string>({ enum: ['HARD', 'Hard', 'hard', 'SOFT', 'Soft', 'soft'] }) })
const isHard = ({ type }: { type: string }) => type.toUpperCase() === 'HARD'

/** Reference 3.4.7. A hard one is in place of whatever reboot is going on. */
export const rebootServer = action(servers, 'reboot', {
  id: 'servers.reboot',
  summary: 'Reboot a server',
  catalog: ['compute-v2.1.servers-actions.reboot-server'],
  policy: rule('os_compute_api:servers:reboot', memberOrAdmin, 'Reboot a server.'),
  body: Reboot,
  locked: 'refused',
  allowed: ['active', 'stopped', 'error', 'rebooting', 'rebooting_hard'],
  event: ({ body }) => (isHard(body) ? 'rebootHard' : 'rebootSoft'),
  history: 'reboot',
  task: ({ server, body }) => work(isHard(body) ? hardRebootTask : softRebootTask, { serverId: server.id }),
})

const rebootTask = (type: 'reboot-soft' | 'reboot-hard') =>
  powerTask({
    kind: `compute.server.${type}`,
    event: 'compute_reboot_instance',
    change: (spec, id) => ({
      ...spec,
      power: 'running',
      // The agent remembers by id what it has done, so only the newest need to be told; a hard reboot is in place of all before.
      actions: spec.actions.some((action) => action.id === id)
        ? spec.actions
        : [...(type === 'reboot-hard' ? [] : spec.actions.slice(-3)), { id, type }],
    }),
    succeeds: type === 'reboot-hard' ? 'rebootedHard' : 'rebootedSoft',
    fails: 'rebootFailed',
    interrupts: type === 'reboot-hard',
  })
export const softRebootTask = rebootTask('reboot-soft')
export const hardRebootTask = rebootTask('reboot-hard')
