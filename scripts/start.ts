// npm start [-- settings]: prepares the machine and becomes `nephos up`.
import { readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { Command, CommanderError } from 'commander'
import { explained } from '../src/cli/faults.ts'
import { addSettings, configOf } from '../src/cli/options.ts'
import { UserError } from '../src/config.ts'
import { bundlePath } from './host/bundle.ts'
import { prepare } from './host/prepare.ts'

const args = process.argv.slice(2)
const command = addSettings(new Command('npm start --').description('Starts the cloud; what it needs is installed first.')).exitOverride()
try {
  command.parse(args, { from: 'user' })
  const signals = (['SIGINT', 'SIGTERM', 'SIGHUP'] as const).map((signal) => [signal, () => giveUp(signal)] as const)
  for (const [signal, listener] of signals) process.on(signal, listener)
  await prepare(configOf(command))
  for (const [signal, listener] of signals) process.off(signal, listener)
} catch (error) {
  if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : 2)
  const fault = explained(error as Error, command)
  if (!(fault instanceof UserError)) throw fault
  console.error(`nephos: ${fault.message}`)
  process.exit(fault.exitCode)
}

/** Ends what was started to prepare the machine, and goes. */
function giveUp(signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP'): never {
  for (const pid of readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').split(' ').filter(Boolean)) {
    try {
      process.kill(Number(pid), 'SIGTERM')
    } catch {} // it has just ended
  }
  process.exit(128 + constants.signals[signal])
}
process.execve!(
  process.execPath,
  [
    process.execPath,
    '--disable-warning=ExperimentalWarning',
    '--max-semi-space-size=4',
    '--heap-growing-percent=40',
    bundlePath,
    'up',
    '--with-parent',
    ...args,
  ],
  { MALLOC_ARENA_MAX: '1', ...process.env } as Record<string, string>, // as bin/nephos has it
)
