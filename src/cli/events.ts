import { setTimeout as sleep } from 'node:timers/promises'
import type { Command } from 'commander'
import { UserError } from '../config.ts'
import type { ToldEvent } from '../events/event.ts'
import { getControl } from './control.ts'
import { configOf } from './options.ts'

/** As src/control.ts answers. */
export interface EventPage {
  events: ToldEvent[]
  /** After which to ask for more. */
  place: number
}

const pollMs = 1000

/** Prints what happened, and with `--follow` what happens, until it is ended. Nothing is taken away from other readers. */
export async function events(command: Command): Promise<void> {
  const { last, type = [], follow, json } = command.opts<{ last: string; type?: string[]; follow?: true; json?: true }>()
  if (!/^\d{1,4}$/.test(last) || Number(last) > 1000) throw new UserError('--last must be a number from 0 to 1000.', 2)
  const { dataDir } = configOf(command)
  const types = type.map((one): [string, string] => ['type', one])
  const ask = (which: [string, string]) => getControl<EventPage>(dataDir, `/events?${new URLSearchParams([which, ...types])}`)
  const show = ({ events }: EventPage) => {
    for (const event of events) process.stdout.write(json ? `${JSON.stringify(event)}\n` : eventLine(event))
  }
  let page = await ask(['last', last])
  show(page)
  while (follow) {
    await sleep(pollMs)
    page = await ask(['after', String(page.place)])
    show(page)
  }
}

/** The same for people: when, what, to which thing, in whose project, by whom. */
export function eventLine({ told_at, type, resource, project_id, user_id, request_id, payload }: ToldEvent): string {
  const { name, display_name, message } = payload as { name?: string | null; display_name?: string; message?: string }
  const called = name ?? display_name
  const parts = [
    told_at,
    type.padEnd(32),
    `${resource.kind} ${resource.id}${called ? ` (${called})` : ''}`,
    ...(project_id ? [`project ${project_id}`] : []),
    ...(user_id ? [`user ${user_id}`] : []),
    ...(request_id ? [request_id] : []),
    ...(message ? [`: ${message.replace(/\s+/g, ' ')}`] : []),
  ]
  // What users call their things may hold what a terminal obeys.
  return `${parts.join(' ').replace(/[\p{Cc}\p{Cf}]/gu, '?')}\n`
}
