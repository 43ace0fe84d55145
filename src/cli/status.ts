import type { Command } from 'commander'
import { getControl } from './control.ts'
import { configOf } from './options.ts'

/** As src/control.ts answers. */
export interface Status {
  endpoints: { service: string; url: string }[]
  /** Null where they are not served. */
  metrics: string | null
  database: string
  pid: number
  memoryMiB: number
  hosts: {
    name: string
    up: boolean
    enabled: boolean
    secondsSinceContact: number
    hypervisor: string
    accelerator: string
    /** Since when it runs, and whether the one before it was killed. */
    agent: { seconds: number; afterKill: boolean } | null
    failing: Failing[]
  }[]
  tasks: {
    id: string
    kind: string
    locks: string[]
    state: string
    /** The step that it is at, and which of how many that is. */
    step: string | null
    at: number
    steps: number
    /** Percent, where it says so, and what it does. */
    progress: number | null
    note: string | null
    since: string
    request: string
    waitsFor: string
    givesUpAt: string | null
    error: string | null
  }[]
}

/** What a host cannot make as asked; see HostTrouble. */
export interface Failing {
  kind: string
  id: string
  step: string
  error: string
  since: string
  times: number
  mend: string
}

/** One of them in a sentence. */
export const failingText = ({ kind, id, step, error, since, times }: Failing): string =>
  `${kind} ${id}: '${step}' fails since ${since}, ${times === 1 ? 'once' : `${times} times`}: ${error.replace(/\s+/g, ' ')}`

/** Prints what runs, and what each running task waits for. */
export async function status(command: Command): Promise<void> {
  const answer = await getControl<Status>(configOf(command).dataDir, '/status')
  process.stdout.write(command.opts().json ? `${JSON.stringify(answer, null, 2)}\n` : statusText(answer, Date.now()))
}

function stepText({ state, step, at, steps, progress, note }: Status['tasks'][number]): string {
  const where = step === null ? '' : `${state === 'undoing' ? 'takes back ' : ''}step ${at} of ${steps} (${step}), `
  const done = progress === null ? '' : `${progress} %${note === null ? '' : `: ${note}`}, `
  return where + done
}

/** The same for people. `now` in milliseconds, for the age of tasks. */
export function statusText({ endpoints, metrics, database, pid, memoryMiB, hosts, tasks }: Status, now: number): string {
  const lines = [`Running: process ${pid}, ${memoryMiB} MiB, database ${database}`, '', 'Endpoints']
  for (const { service, url } of endpoints) lines.push(`  ${service.padEnd(20)} ${url}`)
  if (metrics) lines.push(`  ${'metrics'.padEnd(20)} ${metrics}`)
  lines.push('', 'Hosts')
  if (hosts.length === 0) lines.push('  none has reported yet')
  for (const host of hosts) {
    const state = `${host.up ? 'up' : `away for ${host.secondsSinceContact} s`}${host.enabled ? '' : ', disabled'}`
    const killed = host.agent?.afterKill ? `, agent started ${host.agent.seconds} s ago after it was killed` : ''
    lines.push(`  ${host.name.padEnd(20)} ${state}, ${host.hypervisor}${host.accelerator ? ` (${host.accelerator})` : ''}${killed}`)
    for (const failing of host.failing) lines.push(`    ! ${failingText(failing)}`, `      mend: ${failing.mend}`)
  }
  lines.push('', 'Tasks')
  if (tasks.length === 0) lines.push('  none is running')
  for (const task of tasks) {
    const age = Math.round((now - Date.parse(task.since)) / 1000)
    lines.push(`  ${task.kind.padEnd(28)} ${task.locks.join(' ')}`)
    lines.push(
      `    ${stepText(task)}for ${age} s, waits for ${task.waitsFor}${task.givesUpAt ? ` until ${task.givesUpAt} at the latest` : ''} (${task.request})`,
    )
    if (task.error) lines.push(`    ${task.error}`)
  }
  return `${lines.join('\n')}\n`
}
