// What starting, stopping and rebooting have in common (reference 3.4): the guest's document says what shall be, its agent does it.
import type { Cloud } from '../../../cloud.ts'
import type { GuestSpec } from '../../../host/documents.ts'
import { type StepContext, type TaskDeclaration, TaskFailure } from '../../../tasks/task.ts'
import { lockOf, recordEnd, type ServerInput, serverOf } from './create-task.ts'
import { type ServerEvent, serverMachine } from './machine.ts'

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
  /** What the server's history calls it. */
  event: string
  change(spec: GuestSpec, taskId: string): GuestSpec
  /** Back to what was, when the host could not do it. */
  back?(spec: GuestSpec): GuestSpec
  /** What happens to the server when it is done, and when it could not be. */
  succeeds: ServerEvent
  fails: ServerEvent
  /** Earlier tasks of the server give way. */
  interrupts?: boolean
}

export function powerTask({ kind, event, change, back, succeeds, fails, interrupts = false }: Verb): TaskDeclaration<ServerInput, Cloud> {
  const at = (context: StepContext<Cloud>) => new Date(context.environment.clock.now()).toISOString()
  return {
    kind,
    lock: lockOf,
    interrupts,
    steps: {
      change: {
        run: (input, context) => changeGuest(input, context, (spec) => change(spec, context.taskId)),
        undo: async (input, context) => {
          if (back && !context.interrupted) await changeGuest(input, context, back)
        },
      },
      settled: { run: guestSettled },
    },
    async done(input, context) {
      await serverMachine.move(context, input.serverId, succeeds, { updated_at: at(context) })
      await recordEnd(input, context, event)
    },
    async failed(input, context) {
      await recordEnd(input, context, event)
      if (context.interrupted) return
      const now = at(context)
      const fault = { code: 500, created: now, message: context.error ?? 'The host could not do it.' }
      await serverMachine.move(context, input.serverId, fails, { updated_at: now, fault })
    },
  }
}
