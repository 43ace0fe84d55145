// Finds and ends the QEMU of a guest. A process is ours when it runs in the guest's folder: no pid file can name another.
import { readdir, readFile, readlink, realpath } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Clock } from '../../environment.ts'
import { isGuestId } from './files.ts'

/** Pids by guest id, of all processes that run in a guest's folder below `dataDir`. */
export async function guestProcesses(dataDir: string): Promise<Map<string, number>> {
  const found = new Map<string, number>()
  const parent = await realpath(join(dataDir, 'guests')).catch(() => null)
  if (parent === null) return found
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue
    const folder = await folderOf(Number(entry))
    if (folder === null || dirname(folder) !== parent || !isGuestId(basename(folder))) continue
    if (await isAlive(Number(entry), basename(folder))) found.set(basename(folder), Number(entry))
  }
  return found
}

// A folder that was removed while the process ran still counts.
const folderOf = async (pid: number) => (await readlink(`/proc/${pid}/cwd`).catch(() => null))?.replace(/ \(deleted\)$/, '') ?? null

/** Whether the pid is a live process with the guest's id among its arguments: no shell that happens to stand in the folder, no zombie. */
async function isAlive(pid: number, id: string): Promise<boolean> {
  try {
    const args = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0')
    return args.includes(id) && args.some((arg) => arg.endsWith('qemu-system-x86_64'))
  } catch {
    return false
  }
}

/** Kills the guest's process and waits until it is gone. Throws when it is still there after `limitMs`. */
export async function killGuest(pid: number, id: string, clock: Clock, limitMs = 10_000): Promise<void> {
  const until = clock.now() + limitMs
  if (!(await isAlive(pid, id))) return
  process.kill(pid, 'SIGKILL')
  while (await isAlive(pid, id)) {
    if (clock.now() > until) throw new Error(`the process ${pid} of the guest does not end`)
    await clock.sleep(20)
  }
}

/** Resolves true when the guest's process is gone within `limitMs`. */
export async function waitForEnd(pid: number, id: string, clock: Clock, limitMs: number): Promise<boolean> {
  const until = clock.now() + limitMs
  while (await isAlive(pid, id)) {
    if (clock.now() > until) return false
    await clock.sleep(50)
  }
  return true
}
