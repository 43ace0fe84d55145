// Commands inside a guest over SSH, through the `nephos connect` of this clone.
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { nephosProgram } from '../../src/cli/clone.ts'
import { CommandError, run } from '../../src/host/commands/exec.ts'

export interface GuestShell {
  /** Runs one command line in the guest's shell; gives its output. Throws CommandError. */
  run(commandLine: string): Promise<string>
  /** True when a TCP connection to `port` of the guest's floating IP is answered within the seconds. */
  answers(port: number, seconds: number): Promise<boolean>
}

export function guestShell(parts: { address: string; user: string; key: string; folder: string; dataDir: string }): GuestShell {
  const { address, user, key, folder, dataDir } = parts
  const options = {
    ProxyCommand: `'${nephosProgram()}' connect --data-dir '${dataDir}' %h %p`,
    UserKnownHostsFile: join(folder, 'known_hosts'),
    StrictHostKeyChecking: 'accept-new',
    PasswordAuthentication: 'no', // only the injected key counts
    IdentitiesOnly: 'yes',
    ConnectTimeout: '10',
    LogLevel: 'ERROR',
  }
  const args = [...Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`]), '-i', key, '-l', user, address]
  return {
    run: (commandLine) => run('ssh', [...args, '--', commandLine], { timeout: 60_000, env: { HOME: folder } }),
    async answers(port, seconds) {
      try {
        // The first byte that the guest sends ends it; what does not answer is ended by the time limit.
        const text = await run(nephosProgram(), ['connect', '--data-dir', dataDir, address, String(port)], { timeout: seconds * 1000 })
        return text.length > 0
      } catch (error) {
        if (error instanceof CommandError) return false
        throw error
      }
    },
  }
}

/** Calls `attempt` until it gives something, half a second apart. Throws what it threw last when `seconds` are over. */
export async function eventually<T>(seconds: number, what: string, attempt: () => Promise<T | undefined>): Promise<T> {
  const end = Date.now() + seconds * 1000
  for (;;) {
    let failure: unknown = new Error(`${what}: not within ${seconds} s`)
    try {
      const found = await attempt()
      if (found !== undefined) return found
    } catch (error) {
      failure = error
    }
    if (Date.now() > end) throw failure
    await sleep(500)
  }
}
