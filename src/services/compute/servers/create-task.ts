// How a server comes to be: a host is chosen, its ports are bound there, and the host makes the guest.
import { Fault } from '../../../api/faults.ts'
import type { Cloud } from '../../../cloud.ts'
import { type StepContext, type TaskDeclaration, TaskFailure } from '../../../tasks/task.ts'
import { guestSpec } from '../metadata/guest-spec.ts'
import { defaultZone, noValidHost, pickHost, whyNoHost } from '../scheduler/pick-host.ts'
import { claimOf, releaseHost } from '../scheduler/usage.ts'
import { hostAnswers } from './host-answers.ts'
import { type ServerEvent, serverMachine } from './machine.ts'
import { finishAction, getServer, type Server, updateServer } from './store.ts'

export interface ServerInput {
  serverId: string
}
type Context = StepContext<Cloud>

const iso = ({ environment }: Context) => new Date(environment.clock.now()).toISOString()

export async function serverOf({ serverId }: ServerInput, { db }: Context): Promise<Server> {
  const row = await getServer(db, serverId)
  if (!row) throw new Error(`no server ${serverId}`)
  return row
}

export const lockOf = ({ serverId }: ServerInput): string => `server:${serverId}`

/** Writes down in the server's history how the request ended. */
export async function recordEnd(input: ServerInput, context: Context, event: string): Promise<void> {
  const task = await context.db.selectFrom('tasks').select('created_at').where('id', '=', context.taskId).executeTakeFirst()
  const { error } = context
  const finish_time = iso(context)
  await finishAction(context.db, input.serverId, context.requestId, {
    event,
    start_time: task?.created_at ?? finish_time,
    finish_time,
    result: error === null ? 'Success' : 'Error',
    traceback: error,
  })
}

/** Makes an event happen that nothing but a deletion, which undoes the task, can have overtaken. */
async function mustMove(context: Context, serverId: string, event: ServerEvent, set: Record<string, unknown>): Promise<void> {
  if (!(await serverMachine.move(context, serverId, event, set))) throw new TaskFailure('The server was changed while it was being made.')
}

/** Asks the host for no guest (any more) and waits until it has none; a host that is away will do it when it is back. */
export async function removeGuest(input: ServerInput, context: Context): Promise<void> {
  const { cloud, db } = context
  const { host } = await serverOf(input, context)
  if (!host) return
  await cloud.hosts.remove(context, host, 'guest', input.serverId)
  if (await hostAnswers(context, host, `the guest of server ${input.serverId}`))
    await cloud.hosts.settled(db, host, 'guest', input.serverId)
}

export async function removePorts(input: ServerInput, context: Context): Promise<void> {
  const { cloud, db } = context
  const { host } = await serverOf(input, context)
  await cloud.network.unbindPorts(context, input.serverId)
  if (!host || (await hostAnswers(context, host, `the ports of server ${input.serverId}`)))
    await cloud.network.portsUnbound(db, input.serverId)
}

export async function leaveHost(input: ServerInput, context: Context): Promise<void> {
  const server = await serverOf(input, context)
  if (!server.host) return
  await releaseHost(context.db, server.host, claimOf(server.flavor))
  await updateServer(context.db, server.id, { host: null })
}

export const createServer: TaskDeclaration<ServerInput, Cloud> = {
  kind: 'compute.server.create',
  lock: lockOf,
  steps: {
    schedule: {
      async run(input, context) {
        const server = await serverOf(input, context)
        if (server.host) return
        const host = await pickHost(context.cloud, context.db, server)
        await mustMove(context, server.id, 'scheduled', { host })
      },
      undo: leaveHost,
    },
    ports: {
      async run(input, context) {
        const server = await serverOf(input, context)
        const ports = context.cloud.network.bindPorts(context, {
          projectId: server.project_id,
          isAdmin: server.hints.asAdmin ?? false,
          serverId: server.id,
          hostname: server.hostname,
          host: server.host!,
          zone: server.availability_zone ?? defaultZone,
          nics: server.nics.list ?? 'auto',
          securityGroups: server.security_groups,
        })
        // What was right when it was asked for may have changed: its owner is to read why.
        await ports.catch((error) => Promise.reject(error instanceof Fault ? new TaskFailure(error.message) : error))
      },
      undo: removePorts,
    },
    waitPorts: {
      async run(input, context) {
        const { host } = await serverOf(input, context)
        await context.cloud.network.portsBound(context.db, input.serverId, host!)
      },
    },
    guest: {
      async run(input, context) {
        const { cloud, db, environment } = context
        const server = await serverOf(input, context)
        const ports = (await cloud.network.portsOf(db, [server.id])).get(server.id) ?? []
        const seed = environment.random.bytes(128).toString('base64')
        await cloud.hosts.put(context, server.host!, 'guest', server.id, guestSpec(server, ports, seed))
        await mustMove(context, server.id, 'portsBound', { admin_pass: null })
      },
      undo: removeGuest,
    },
    running: {
      async run(input, context) {
        const { host } = await serverOf(input, context)
        await context.cloud.hosts.settled(context.db, host!, 'guest', input.serverId)
      },
    },
  },
  async done(input, context) {
    const now = iso(context)
    await mustMove(context, input.serverId, 'created', { launched_at: now, updated_at: now })
    await recordEnd(input, context, 'compute__do_build_and_run_instance')
  },
  async failed(input, context) {
    const { cloud, db, interrupted, error } = context
    await recordEnd(input, context, 'compute__do_build_and_run_instance')
    if (interrupted) return // the one that interrupted says what becomes of the server
    const now = iso(context)
    const details = error === noValidHost ? await whyNoHost(cloud, db, await serverOf(input, context)) : undefined
    await serverMachine.move(context, input.serverId, 'createFailed', {
      admin_pass: null,
      updated_at: now,
      fault: { code: 500, created: now, message: error ?? 'The server could not be made.', ...(details && { details }) },
    })
  },
}
