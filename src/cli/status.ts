import type { Command } from 'commander'
import { getControl } from './control.ts'
import { configOf } from './options.ts'

/** As src/control.ts answers. */
export interface Status {
  endpoints: { service: string; url: string }[]
  database: string
  pid: number
  memoryMiB: number
  hosts: { name: string; up: boolean; enabled: boolean; secondsSinceContact: number; hypervisor: string; accelerator: string }[]
  tasks: {
    id: string
    kind: string
    lock: string
    state: string
    since: string
    request: string
    waitsFor: string
    givesUpAt: string | null
    error: string | null
  }[]
}

/** Prints what runs, and what each running task waits for. */
export async function status(command: Command): Promise<void> {
  const answer = await getControl<Status>(configOf(command).dataDir, '/status')
  process.stdout.write(command.opts().json ? `${JSON.stringify(answer, null, 2)}\n` : statusText(answer, Date.now()))
}

/** The same for people. `now` in milliseconds, for the age of tasks. */
export function statusText({ endpoints, database, pid, memoryMiB, hosts, tasks }: Status, now: number): string {
  const lines = [`Running: process ${pid}, ${memoryMiB} MiB, database ${database}`, '', 'Endpoints']
  for (const { service, url } of endpoints) lines.push(`  ${service.padEnd(20)} ${url}`)
  lines.push('', 'Hosts')
  if (hosts.length === 0) lines.push('  none has reported yet')
  for (const host of hosts) {
    const state = `${host.up ? 'up' : `away for ${host.secondsSinceContact} s`}${host.enabled ? '' : ', disabled'}`
    lines.push(`  ${host.name.padEnd(20)} ${state}, ${host.hypervisor}${host.accelerator ? ` (${host.accelerator})` : ''}`)
  }
  lines.push('', 'Tasks')
  if (tasks.length === 0) lines.push('  none is running')
  for (const task of tasks) {
    const age = Math.round((now - Date.parse(task.since)) / 1000)
    lines.push(`  ${task.kind.padEnd(28)} ${task.lock}`)
    lines.push(
      `    for ${age} s, waits for ${task.waitsFor}${task.givesUpAt ? ` until ${task.givesUpAt} at the latest` : ''} (${task.request})`,
    )
    if (task.error) lines.push(`    ${task.error}`)
  }
  return `${lines.join('\n')}\n`
}
