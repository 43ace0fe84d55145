// The cloud that the demo talks to: the one that runs, or one that it starts as npm start does, and ends again.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants, mkdirSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isRunning } from '../../src/cli/control.ts'
import { type Config, UserError } from '../../src/config.ts'
import { bundlePath } from '../host/bundle.ts'
import { prepare } from '../host/prepare.ts'
import { step } from '../progress.mjs'

/** Resolves when a cloud answers on the data folder; `stop` ends it if it was started here. `args` are settings as flags. */
export async function ensureCloud(config: Config, args: string[]): Promise<{ stop(): Promise<void> }> {
  await prepare(config)
  if (await isRunning(config.dataDir)) return { stop: async () => {} }
  mkdirSync(config.dataDir, { recursive: true, mode: 0o700 })
  const path = join(config.dataDir, 'demo.log')
  // Others may have made a link of that name: the folder is not root's alone.
  const log = openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW, 0o600)
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', bundlePath, 'up', ...args], {
    stdio: ['ignore', log, log],
    detached: true,
  })
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGTERM')
    await once(child, 'exit')
  }
  await step('cloud', async () => {
    while (!readFileSync(path, 'utf8').includes('Ctrl-C stops it')) {
      if (child.exitCode !== null) throw new UserError(`The cloud did not start:\n${readFileSync(path, 'utf8').slice(-2000)}`)
      await sleep(50)
    }
  })
  return { stop }
}
