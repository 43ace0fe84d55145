// `nephos service`: the cloud under systemd, at boot.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Command } from 'commander'
import { UserError } from '../../config.ts'
import { CommandError, run } from '../../host/commands/exec.ts'
import { nephosProgram } from '../clone.ts'
import { findProgram } from '../host-programs.ts'
import { configOf } from '../options.ts'
import { unitText } from './unit.ts'

const unitName = 'nephos.service'

interface Options {
  user?: true
  print?: true
}

function placeOf({ user }: Options): { path: string; systemctl: string[] } {
  const isUser = Boolean(user)
  if (!isUser && process.getuid?.() !== 0) throw new UserError('The unit of the machine is written by root; --user writes one of your own.')
  const folder = isUser ? join(process.env.XDG_CONFIG_HOME || join(homedir(), '.config'), 'systemd/user') : '/etc/systemd/system'
  return { path: join(folder, unitName), systemctl: ['systemctl', ...(isUser ? ['--user'] : [])] }
}

/** Systemd's program, where it runs this machine (or this user's session) and can be asked. */
async function systemctl(words: string[], ...args: string[]): Promise<string | undefined> {
  if (!findProgram('systemctl') || !existsSync('/run/systemd/system')) return undefined
  const [program = '', ...rest] = words
  const env: Record<string, string> = {}
  for (const name of ['XDG_RUNTIME_DIR', 'DBUS_SESSION_BUS_ADDRESS']) if (process.env[name]) env[name] = process.env[name]
  try {
    return await run(program, [...rest, ...args], { env, accept: [3], timeout: 60_000 })
  } catch (error) {
    if (error instanceof CommandError) throw new UserError(`${error.message}. The unit is written; see ${words.join(' ')} status nephos.`)
    throw error
  }
}

/** Throws for root's own session, where `up` would be root's cloud without what the unit of the machine does for it. */
function ensureNotRoot({ user }: Options): void {
  if (user && process.getuid?.() === 0)
    throw new UserError(
      '--user is for users other than root, whose unit is that of the machine: nephos service install, without --user.',
      2,
    )
}

/** Writes the unit, and starts it now and at each boot. With --print only shows it. */
export async function install(command: Command): Promise<void> {
  const options = command.opts<Options>()
  ensureNotRoot(options)
  const { dataDir } = configOf(command)
  const text = unitText({ program: [nephosProgram()], dataDir, isUser: Boolean(options.user) })
  if (options.print) return void process.stdout.write(text)
  const { path, systemctl: words } = placeOf(options)
  mkdirSync(dirname(path), { recursive: true })
  const isNew = !existsSync(path)
  writeFileSync(path, text, { mode: 0o644 })
  process.stdout.write(`${isNew ? 'Wrote' : 'Wrote anew'} ${path}.\n`)
  const reloaded = await systemctl(words, 'daemon-reload')
  if (reloaded === undefined) {
    process.stdout.write(
      `Systemd does not run here. Where it does: ${words.join(' ')} daemon-reload && ${words.join(' ')} enable --now nephos\n`,
    )
  } else {
    await systemctl(words, 'enable', '--now', 'nephos')
    process.stdout.write(`Started, now and at each boot. Its log: journalctl ${options.user ? '--user ' : ''}-u nephos -f\n`)
  }
  if (options.user) process.stdout.write('To start it at boot and not at your login: loginctl enable-linger\n')
}

/** Stops the cloud and takes the unit away; the data stay, and so do guests. */
export async function uninstall(command: Command): Promise<void> {
  const { path, systemctl: words } = placeOf(command.opts<Options>())
  if (!existsSync(path)) throw new UserError(`There is no ${path}: nothing is installed.`)
  await systemctl(words, 'disable', '--now', 'nephos')
  rmSync(path)
  await systemctl(words, 'daemon-reload')
  process.stdout.write(`Removed ${path}; data and guests stay (nephos reset deletes them).\n`)
}

/** Prints where the unit is and what systemd says of it. Exit code 1 where it is not installed. */
export async function serviceStatus(command: Command): Promise<void> {
  const { path, systemctl: words } = placeOf(command.opts<Options>())
  if (!existsSync(path)) throw new UserError(`There is no ${path}: nothing is installed. Mend: nephos service install`)
  const start = /^ExecStart=(.*)$/m.exec(readFileSync(path, 'utf8'))?.[1]
  process.stdout.write(`${path}\n  starts: ${start}\n`)
  process.stdout.write((await systemctl(words, 'status', '--no-pager', 'nephos')) ?? '  systemd does not run here\n')
}
