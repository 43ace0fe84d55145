import { Type } from 'typebox'
import { action, work } from '../../../api/action.ts'
import { Closed } from '../../../api/types.ts'
import { rule } from '../../../auth/policy.ts'
import { type Task, task } from '../../../tasks/task.ts'
import { memberOrAdmin } from '../rules.ts'
import { locksOf, ServerInput, serverOf } from './create-task.ts'
import { changeGuest, endsWith, guestSettled } from './power-task.ts'
import { servers } from './resource.ts'
import { followGuest } from './watch-guests.ts'

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

/** Seconds that the host has for a reboot: a minute for a soft one to shut down, and the start. */
const rebootSeconds = 240

/** A guest that is off is only started; else the reboot is a job of its document, under the task's id. */
function rebootTask(type: 'reboot-soft' | 'reboot-hard'): Task<ServerInput> {
  const isHard = type === 'reboot-hard'
  const ends = endsWith({
    event: 'compute_reboot_instance',
    told: 'reboot',
    succeeds: isHard ? 'rebootedHard' : 'rebootedSoft',
    fails: 'rebootFailed',
  })
  const interrupts = isHard ? ['compute.server.reboot-soft', 'compute.server.reboot-hard'] : undefined
  return task(`compute.server.${type}`, { input: ServerInput, locks: locksOf, interrupts })
    .step('change', {
      async run(input, context) {
        const { cloud, db, taskId } = context
        const { host } = await serverOf(input, context)
        const spec = host ? await cloud.hosts.get(db, host, 'guest', input.serverId) : undefined
        if (host && spec?.power === 'running') {
          const job = { id: taskId, type, input: {}, timeoutSeconds: rebootSeconds }
          await cloud.hosts.startJob(context, host, 'guest', input.serverId, job)
        } else await changeGuest(input, context, (off) => ({ ...off, power: 'running' }))
      },
      async undo(input, context) {
        const { host } = await serverOf(input, context)
        if (host) await context.cloud.hosts.withdrawJob(context, host, 'guest', input.serverId, context.taskId)
      },
    })
    .step('settled', {
      async run(input, context) {
        const { cloud, db, taskId } = context
        const { host, vm_state } = await serverOf(input, context)
        // Without a job a server that runs was to be rebooted by the agent of an earlier version, which is gone.
        if (vm_state === 'active' || (await cloud.hosts.jobState(db, host!, 'guest', input.serverId, taskId)))
          await cloud.hosts.jobResult(db, host!, 'guest', input.serverId, { id: taskId, type })
        else await guestSettled(input, context)
      },
    })
    .ends({
      done: ends.done,
      async failed(input, context) {
        await ends.failed(input, context)
        if (context.interrupted) return
        const { host } = await serverOf(input, context)
        // What the host told of the guest meanwhile nobody has heard: the reboot was to decide.
        const { power } = host ? await context.cloud.hosts.status(context.db, host, 'guest', input.serverId) : {}
        if (host) await followGuest(context.cloud, context, host, input.serverId, power)
      },
    })
}
export const softRebootTask = rebootTask('reboot-soft')
export const hardRebootTask = rebootTask('reboot-hard')
