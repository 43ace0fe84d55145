// Starting, stopping and rebooting (reference 3.4): the guest's document says what shall be, its agent does it.
import { Type } from 'typebox'
import { conflict } from '../../../api/faults.ts'
import { type BaseContext, operation, reply } from '../../../api/operation.ts'
import { Closed } from '../../../api/types.ts'
import { rule } from '../../../auth/policy.ts'
import type { Cloud } from '../../../cloud.ts'
import type { GuestSpec } from '../../../host/guests/document.ts'
import { type StepContext, type TaskDeclaration, TaskFailure } from '../../../tasks/task.ts'
import { revokeConsoles } from '../console/tokens.ts'
import { memberOrAdmin } from '../rules.ts'
import { lockOf, recordEnd, type ServerInput, serverOf } from './create-task.ts'
import { servers } from './resource.ts'
import { type Beginning, beginTask, insertAction, type Server, updateServer } from './store.ts'
import { powerStates, type VmState } from './tables.ts'
import { followGuest } from './watch-guests.ts'

async function changeGuest(input: ServerInput, context: StepContext<Cloud>, change: (spec: GuestSpec) => GuestSpec): Promise<void> {
  const { cloud, db } = context
  const { host } = await serverOf(input, context)
  const spec = host ? await cloud.hosts.get(db, host, 'guest', input.serverId) : undefined
  if (!host || !spec) throw new TaskFailure('The server has no guest on any host.')
  await cloud.hosts.put(context, host, 'guest', input.serverId, change(spec))
}

async function guestSettled(input: ServerInput, context: StepContext<Cloud>): Promise<void> {
  const { host } = await serverOf(input, context)
  await context.cloud.hosts.settled(context.db, host!, 'guest', input.serverId)
}

interface Verb {
  kind: string
  event: string
  change(spec: GuestSpec): GuestSpec
  /** Back to what was, when the host could not do it. */
  back?(spec: GuestSpec): GuestSpec
  after: { vm_state: VmState; power_state: number }
  /** Earlier tasks of the server give way. */
  interrupts?: boolean
}

function powerTask({ kind, event, change, back, after, interrupts = false }: Verb): TaskDeclaration<ServerInput, Cloud> {
  const at = (context: StepContext<Cloud>) => new Date(context.environment.clock.now()).toISOString()
  return {
    kind,
    lock: lockOf,
    interrupts,
    steps: {
      change: {
        run: (input, context) => changeGuest(input, context, change),
        undo: async (input, context) => {
          if (back && !context.interrupted) await changeGuest(input, context, back)
        },
      },
      settled: { run: guestSettled },
    },
    async done(input, context) {
      await updateServer(context.db, input.serverId, { ...after, task_state: null, updated_at: at(context) })
      await recordEnd(input, context, event)
    },
    async failed(input, context) {
      await recordEnd(input, context, event)
      if (context.interrupted) return
      const now = at(context)
      const fault = { code: 500, created: now, message: context.error ?? 'The host could not do it.' }
      await updateServer(context.db, input.serverId, { task_state: null, updated_at: now, fault })
    },
  }
}

const running = { vm_state: 'active', power_state: powerStates.running } as const
export const startTask = powerTask({
  kind: 'compute.server.start',
  event: 'compute_start_instance',
  change: (spec) => ({ ...spec, power: 'running' }),
  back: (spec) => ({ ...spec, power: 'off' }),
  after: running,
})
export const stopTask = powerTask({
  kind: 'compute.server.stop',
  event: 'compute_stop_instance',
  change: (spec) => ({ ...spec, power: 'off' }),
  after: { vm_state: 'stopped', power_state: powerStates.shutdown },
})
/** Seconds that the host has for a reboot: a minute for a soft one to shut down, and the start. */
const rebootSeconds = 240

/** A guest that is off is only started; else the reboot is a job of its document, under the task's id. */
function reboot(type: 'reboot-soft' | 'reboot-hard'): TaskDeclaration<ServerInput, Cloud> {
  const verb = powerTask({
    kind: `compute.server.${type}`,
    event: 'compute_reboot_instance',
    change: (spec) => ({ ...spec, power: 'running' }),
    after: running,
    interrupts: type === 'reboot-hard',
  })
  return {
    ...verb,
    steps: {
      change: {
        async run(input, context) {
          const { cloud, db, taskId } = context
          const { host } = await serverOf(input, context)
          const spec = host ? await cloud.hosts.get(db, host, 'guest', input.serverId) : undefined
          if (host && spec?.power === 'running') {
            const job = { id: taskId, type, input: {}, timeoutSeconds: rebootSeconds }
            await cloud.hosts.startJob(context, host, 'guest', input.serverId, job)
          } else await verb.steps.change!.run(input, context)
        },
        async undo(input, context) {
          const { host } = await serverOf(input, context)
          if (host) await context.cloud.hosts.withdrawJob(context, host, 'guest', input.serverId, context.taskId)
        },
      },
      settled: {
        async run(input, context) {
          const { cloud, db, taskId } = context
          const { host, vm_state } = await serverOf(input, context)
          // Without a job a server that runs was to be rebooted by the agent of an earlier version, which is gone.
          if (vm_state === 'active' || (await cloud.hosts.jobState(db, host!, 'guest', input.serverId, taskId)))
            await cloud.hosts.jobResult(db, host!, 'guest', input.serverId, { id: taskId, type })
          else await guestSettled(input, context)
        },
      },
    },
    async failed(input, context) {
      await verb.failed!(input, context)
      if (context.interrupted) return
      const { host } = await serverOf(input, context)
      // What the host told of the guest meanwhile nobody has heard: the reboot was to decide.
      const { power } = host ? await context.cloud.hosts.status(context.db, host, 'guest', input.serverId) : {}
      if (host) await followGuest(context.cloud, context, host, input.serverId, power)
    },
  }
}
export const softRebootTask = reboot('reboot-soft')
export const hardRebootTask = reboot('reboot-hard')

async function begin(
  context: BaseContext & { server: Server },
  verb: Beginning & { action: string; task: TaskDeclaration<ServerInput, Cloud> },
): Promise<void> {
  const { server, tx, now, who, requestId, start } = context
  if (!(await beginTask(tx.db, server.id, verb, now))) {
    throw conflict(`Cannot '${verb.action}' instance ${server.id}: something else is being done with it.`)
  }
  await insertAction(tx.db, {
    server_id: server.id,
    action: verb.action,
    request_id: requestId,
    user_id: who.user.id,
    project_id: server.project_id,
    start_time: now,
    updated_at: now,
    message: null,
    events: [],
  })
  await start(verb.task, { serverId: server.id })
}

const path = '/servers/{server_id}/action'

export const startServer = operation({
  id: 'servers.start',
  method: 'POST',
  path,
  action: 'os-start',
  summary: 'Start a stopped server',
  catalog: ['compute-v2.1.servers-actions.start-server'],
  status: 202,
  policy: rule('os_compute_api:servers:start', memberOrAdmin, 'Start a server.'),
  on: servers,
  allowed: ['stopped'],
  async handle(context) {
    await begin(context, { action: 'start', from: ['stopped'], to: 'powering-on', task: startTask })
    return reply({ status: 202 })
  },
})

export const stopServer = operation({
  id: 'servers.stop',
  method: 'POST',
  path,
  action: 'os-stop',
  summary: 'Stop a running server',
  catalog: ['compute-v2.1.servers-actions.stop-server'],
  status: 202,
  policy: rule('os_compute_api:servers:stop', memberOrAdmin, 'Stop a server.'),
  on: servers,
  allowed: ['active', 'error'],
  async handle(context) {
    await begin(context, { action: 'stop', from: ['active', 'error'], to: 'powering-off', task: stopTask })
    await revokeConsoles(context.tx, context.server.id)
    return reply({ status: 202 })
  },
})

export const rebootServer = operation({
  id: 'servers.reboot',
  method: 'POST',
  path,
  action: 'reboot',
  summary: 'Reboot a server',
  catalog: ['compute-v2.1.servers-actions.reboot-server'],
  status: 202,
  policy: rule('os_compute_api:servers:reboot', memberOrAdmin, 'Reboot a server.'),
  on: servers,
  body: Closed({ reboot: Closed({ type: Type.Unsafe<string>({ enum: ['HARD', 'Hard', 'hard', 'SOFT', 'Soft', 'soft'] }) }) }),
  allowed: ['active', 'stopped', 'error', 'rebooting', 'rebooting_hard'],
  async handle(context) {
    const { server, body } = context
    const hard = body.reboot.type.toUpperCase() === 'HARD'
    if (!hard && (server.vm_state !== 'active' || server.task_state !== null)) {
      const state = server.task_state ? `task_state ${server.task_state}` : `vm_state ${server.vm_state}`
      throw conflict(`Cannot 'reboot' instance ${server.id} while it is in ${state}`)
    }
    const verb: Beginning = hard
      ? { from: ['active', 'stopped', 'error'], instead: ['rebooting', 'rebooting_hard'], to: 'rebooting_hard' }
      : { from: ['active'], to: 'rebooting' }
    await begin(context, { ...verb, action: 'reboot', task: hard ? hardRebootTask : softRebootTask })
    return reply({ status: 202 })
  },
})
