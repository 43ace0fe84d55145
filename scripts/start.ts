// npm start [-- settings]: prepares the machine and becomes `nephos up`.
import { Command, CommanderError } from 'commander'
import { addSettings, configOf } from '../src/cli/options.ts'
import { UserError } from '../src/config.ts'
import { bundlePath } from './host/bundle.ts'
import { prepare } from './host/prepare.ts'

const args = process.argv.slice(2)
const command = addSettings(new Command('npm start --').description('Starts the cloud; what it needs is installed first.')).exitOverride()
try {
  command.parse(args, { from: 'user' })
  await prepare(configOf(command))
} catch (error) {
  if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : 2)
  if (!(error instanceof UserError)) throw error
  console.error(`nephos: ${error.message}`)
  process.exit(error.exitCode)
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
    ...args,
  ],
  { MALLOC_ARENA_MAX: '1', ...process.env } as Record<string, string>, // as bin/nephos has it
)
