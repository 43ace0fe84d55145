// Programs that outlive this process, as guests and networks do: in a session of their own, with a file for what they say.
import { spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { searchPath } from './exec.ts'

export interface Outliving {
  command: readonly [string, ...string[]]
  /** Where it is started. */
  folder: string
  /** File in the folder that gets what it says; only root reads it. */
  log: string
  env?: Record<string, string>
}

/** How a program ended, in words; null when it could not be started. */
export interface Ended {
  code: number | null
  how: string
}

/** Starts it. It leads a process group, and `exited` never fails. */
export function startOutliving({ command: [program, ...args], folder, log, env }: Outliving): {
  pid: number | undefined
  exited: Promise<Ended>
} {
  const output = openSync(join(folder, log), 'a', 0o600) // appending, so that it may be cut while the program writes
  try {
    const child = spawn(program, args, {
      cwd: folder,
      detached: true,
      stdio: ['ignore', output, output],
      env: { PATH: searchPath, LC_ALL: 'C', ...env },
    })
    const exited = new Promise<Ended>((resolve) => {
      child.once('exit', (code, signal) => resolve({ code, how: signal ? `signal ${signal}` : `exit ${code}` }))
      child.once('error', (error) => resolve({ code: null, how: error.message }))
    })
    child.unref()
    return { pid: child.pid, exited }
  } finally {
    closeSync(output)
  }
}

/** Who a daemon is and what it may have; root without limits where it gives up its rights by itself. */
export interface Bounds {
  user?: { uid: number; gid: number }
  limits?: { memoryBytes?: number; openFiles?: number; processes?: number }
}

/** The programs that stand before a daemon's own. */
export const starters: ReadonlySet<string> = new Set(['nsenter', 'prlimit', 'setpriv'])

/** The words that start a daemon in a namespace (by name), as its user, within its limits; pure. Each of them becomes the next. */
export function daemonCommand(program: string, args: readonly string[], namespace: string | null, bounds: Bounds): [string, ...string[]] {
  const { user, limits = {} } = bounds
  const { memoryBytes, openFiles, processes } = limits
  const words = [
    ...(namespace === null ? [] : ['nsenter', `--net=/run/netns/${namespace}`]),
    'prlimit',
    '--core=0',
    ...(memoryBytes === undefined ? [] : [`--as=${memoryBytes}`]),
    ...(openFiles === undefined ? [] : [`--nofile=${openFiles}`]),
    ...(processes === undefined ? [] : [`--nproc=${processes}`]),
    ...(user ? ['setpriv', '--reuid', String(user.uid), '--regid', String(user.gid), '--clear-groups', '--no-new-privs'] : []),
  ]
  return [...words, program, ...args] as [string, ...string[]]
}
