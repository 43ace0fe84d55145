// What starting, stopping and rebooting have in common (reference 3.4): the guest's document says what shall be, its agent does it.
import type { Cloud } from '../../../cloud.ts'
import type { GuestSpec } from '../../../host/guests/document.ts'
import { type StepContext, type Task, TaskFailure, task } from '../../../tasks/task.ts'
import { locksOf, recordEnd, ServerInput, serverOf } from './create-task.ts'
import type { ServerVerb } from './events.ts'
import { type ServerEvent, serverMachine } from './machine.ts'

/** Asks the host for the guest as `change` has it. */
export async function changeGuest(input: ServerInput, context: StepContext<Cloud>, change: (spec: GuestSpec) => GuestSpec): Promise<void> {
  const { cloud, db } = context
  const { host } = await serverOf(input, context)
  const spec = host ? await cloud.hosts.get(db, host, 'guest', input.serverId) : undefined
  if (!host || !spec) throw new TaskFailure('The server has no guest on any host.')
  await cloud.hosts.put(context, host, 'guest', input.serverId, change(spec))
}

/** Waits until the host has made it so. */
export async function guestSettled(input: ServerInput, context: StepContext<Cloud>): Promise<void> {
  const { host } = await serverOf(input, context)
  await context.cloud.hosts.settled(context.db, host!, 'guest', input.serverId)
}

interface Ends {
  /** What the server's history calls it. */
  event: string
  /** What others are told of it. */
  told: ServerVerb
  /** What happens to the server when it is done, and when it could not be. */
  succeeds: ServerEvent
  fails: ServerEvent
}

interface Verb extends Ends {
  kind: string
  change(spec: GuestSpec): GuestSpec
  /** Back to what was, when the host could not do it. */
  back?(spec: GuestSpec): GuestSpec
}

/** How what was begun with a server ends: its state, its history, and what others are told. */
export const endsWith = ({ event, told, succeeds, fails }: Ends) => ({
  async done(input: ServerInput, context: StepContext<Cloud>) {
    await serverMachine.move(context, input.serverId, succeeds, { updated_at: at(context) })
    await recordEnd(input, context, event, told)
  },
  async failed(input: ServerInput, context: StepContext<Cloud>) {
    await recordEnd(input, context, event, told)
    if (context.interrupted) return
    const now = at(context)
    const fault = { code: 500, created: now, message: context.error ?? 'The host could not do it.' }
    await serverMachine.move(context, input.serverId, fails, { updated_at: now, fault })
  },
})
const at = (context: StepContext<Cloud>) => new Date(context.environment.clock.now()).toISOString()

export const powerTask = ({ kind, change, back, ...ends }: Verb): Task<ServerInput> =>
  task(kind, { input: ServerInput, locks: locksOf })
    .step('change', {
      run: (input, context) => changeGuest(input, context, change),
      undo: async (input, context) => {
        if (back && !context.interrupted) await changeGuest(input, context, back)
      },
    })
    .step('settled', { run: guestSettled })
    .ends(endsWith(ends))
