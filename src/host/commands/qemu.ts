// Starts QEMU so that it outlives this process. (Its own -daemonize needs setsid, which its sandbox forbids.)

import { spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { chmod, stat } from 'node:fs/promises'
import { searchPath } from './exec.ts'

export interface Launch {
  /** Folder to start in: the arguments name files relative to it, so that no folder above has to be open to `uid`. */
  folder: string
  args: string[]
  uid: number
  /** Further group, for /dev/kvm. */
  gid?: number
  /** Network namespace with the taps. */
  netns: string | null
  /** File in `folder` that gets what QEMU says. */
  log: string
}

/** The words of the command line that starts QEMU in its namespace as an unprivileged user; pure. */
export function qemuCommand({ args, uid, gid, netns }: Pick<Launch, 'args' | 'uid' | 'gid' | 'netns'>): [string, ...string[]] {
  const groups = gid === undefined ? ['--clear-groups'] : ['--groups', String(gid)]
  const command = ['setpriv', '--reuid', String(uid), '--regid', String(uid), ...groups, '--no-new-privs', 'qemu-system-x86_64', ...args]
  return netns === null ? (command as [string, ...string[]]) : ['ip', 'netns', 'exec', netns, ...command]
}

/** Starts it in a session of its own. `exited` resolves with the exit code, or null after a signal or when it could not be started. */
export function startQemu(launch: Launch): { pid: number | undefined; exited: Promise<number | null> } {
  const [program, ...args] = qemuCommand(launch)
  const log = openSync(`${launch.folder}/${launch.log}`, 'a', 0o600) // appending, so that it may be cut while QEMU writes
  try {
    const env = { PATH: searchPath, LC_ALL: 'C' }
    const child = spawn(program, args, { cwd: launch.folder, detached: true, stdio: ['ignore', log, log], env })
    const exited = new Promise<number | null>((resolve) => {
      child.once('exit', (code) => resolve(code))
      child.once('error', () => resolve(null))
    })
    child.unref()
    return { pid: child.pid, exited }
  } finally {
    closeSync(log)
  }
}

/** Everywhere but in bare containers any user may open it; a tap lets in only the user it was made for. */
export async function openTunDevice(): Promise<void> {
  const { mode } = await stat('/dev/net/tun')
  if ((mode & 0o006) !== 0o006) await chmod('/dev/net/tun', 0o666)
}
