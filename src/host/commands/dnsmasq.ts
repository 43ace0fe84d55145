// dnsmasq as a process that outlives the agent: started, found again by its pid file, told to read its files, ended.
import { readFile } from 'node:fs/promises'
import type { Clock } from '../../environment.ts'
import { processNamespace, runIn } from './netns.ts'

/** Starts dnsmasq in a namespace; returns when it answers. Throws CommandError with its complaint about the configuration. */
export async function startDnsmasq(namespace: string, configFile: string): Promise<void> {
  await runIn(namespace)('dnsmasq', [`--conf-file=${configFile}`])
}

/** The process that runs with this configuration, or null. */
export async function findDnsmasq(configFile: string, pidFile: string): Promise<{ pid: number; namespace: number | null } | null> {
  const pid = Number(await readFile(pidFile, 'utf8').catch(() => ''))
  if (!pid || !(await isDnsmasq(pid, configFile))) return null
  return { pid, namespace: await processNamespace(pid) }
}

/** Whether process `pid` is that dnsmasq: a pid may have been given to another program meanwhile. */
export async function isDnsmasq(pid: number, configFile: string): Promise<boolean> {
  return (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0').includes(`--conf-file=${configFile}`)
}

/** Makes it read the files of hosts and options again. */
export function reloadDnsmasq(pid: number): void {
  process.kill(pid, 'SIGHUP')
}

/** Ends the process and waits for its end, two seconds in good terms. */
export async function stopDnsmasq(pid: number, configFile: string, clock: Clock): Promise<void> {
  for (let waited = 0; await isDnsmasq(pid, configFile); waited += 20) {
    if (waited === 0 || waited === 2000) process.kill(pid, waited ? 'SIGKILL' : 'SIGTERM')
    if (waited > 5000) throw new Error(`dnsmasq ${pid} does not end`)
    await clock.sleep(20)
  }
}
