import type { Command } from 'commander'
import { UserError } from '../config.ts'
import { NotRunning } from './control.ts'
import { configOf } from './options.ts'
import { type CloudProcess, cloudProcessOf } from './process.ts'

/** Stops the cloud of the data folder and waits until it has ended. Guests and networks stay. */
export async function down(command: Command): Promise<void> {
  const { dataDir } = configOf(command)
  const { timeout, kill } = command.opts<{ timeout: string; kill?: true }>()
  if (!/^\d{1,5}$/.test(timeout)) throw new UserError(`--timeout must be a number of seconds, not ${JSON.stringify(timeout)}.`, 2)
  const cloud = cloudProcessOf(dataDir)
  if (!cloud) throw new NotRunning(`No cloud runs on ${dataDir}.`)
  const begin = Date.now()
  send(cloud, 'SIGTERM')
  let how = 'Stopped'
  if (!(await hasEnded(cloud, Number(timeout) * 1000))) {
    if (!kill)
      throw new UserError(`The cloud (process ${cloud.pid}) has not ended within ${timeout} s. Mend: nephos down --kill ends it at once.`)
    send(cloud, 'SIGKILL')
    await hasEnded(cloud, 10_000)
    how = 'Killed'
  }
  const took = ((Date.now() - begin) / 1000).toFixed(1)
  process.stdout.write(`${how} the cloud on ${dataDir} (process ${cloud.pid}) in ${took} s; guests go on running.\n`)
}

function send(cloud: CloudProcess, signal: NodeJS.Signals): void {
  try {
    if (cloud.isAlive()) process.kill(cloud.pid, signal)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EPERM') throw new UserError(`The cloud (process ${cloud.pid}) is another user's: stop it as that user, or as root.`)
    if (code !== 'ESRCH') throw error
  }
}

async function hasEnded(cloud: CloudProcess, ms: number): Promise<boolean> {
  const end = Date.now() + ms
  while (cloud.isAlive()) {
    if (Date.now() > end) return false
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return true
}
