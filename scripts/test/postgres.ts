// A PostgreSQL of the tests' own: temporary folder, unix socket only, no durability.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { findProgram, type HostProgram } from '../../src/cli/host-programs.ts'
import { run } from '../../src/host/commands/exec.ts'

/** Folders of PostgreSQL's programs, newest first: Debian keeps them out of PATH. */
const folders = (): string[] => {
  const base = '/usr/lib/postgresql'
  const versions = existsSync(base) ? readdirSync(base).sort((a, b) => Number(b) - Number(a)) : []
  return versions.map((version) => join(base, version, 'bin'))
}

export const findPostgres = (program: string): string | undefined => findProgram(program, folders().join(':')) ?? findProgram(program)

export const postgresPrograms: readonly HostProgram[] = [
  { program: 'initdb', package: 'postgresql', use: 'the second database of the tests' },
]

export interface TestPostgres {
  url: string
  stop(): Promise<void>
}

/** Starts it and resolves when it answers. As root it runs as the user postgres, which Debian's package made. */
export async function startPostgres(): Promise<TestPostgres> {
  const folder = mkdtempSync(join(tmpdir(), 'nephos-pg-'))
  const asUser = process.getuid?.() === 0 ? ['setpriv', '--reuid=postgres', '--regid=postgres', '--clear-groups', '--'] : []
  const command = (...args: string[]) => [...asUser, ...args] as [string, ...string[]]
  if (asUser.length > 0) await run('chown', ['postgres:postgres', folder])
  chmodSync(folder, 0o700)
  const data = join(folder, 'data')
  const [init, ...initArgs] = command(
    findPostgres('initdb')!,
    '-D',
    data,
    '--no-sync',
    '-A',
    'trust',
    '-U',
    'nephos',
    '-E',
    'UTF8',
    '--locale=C',
  )
  await run(init, initArgs, { timeout: 120_000 })
  const settings = [
    'listen_addresses=',
    `unix_socket_directories=${folder}`,
    'fsync=off',
    'full_page_writes=off',
    'max_connections=200',
    'shared_buffers=64MB',
  ]
  const [program, ...args] = command(findPostgres('postgres')!, '-D', data, ...settings.flatMap((s) => ['-c', s]))
  const server = spawn(program, args, { stdio: 'ignore', cwd: '/' })
  const stop = async () => {
    await end(server)
    rmSync(folder, { recursive: true, force: true })
  }
  const ready = findPostgres('pg_isready')!
  for (let tries = 0; ; tries++) {
    if (
      await run(ready, ['-q', '-h', folder, '-U', 'nephos']).then(
        () => true,
        () => false,
      )
    )
      break
    if (tries > 100 || server.exitCode !== null) {
      await stop()
      throw new Error('PostgreSQL did not start')
    }
    await sleep(100)
  }
  return { url: `postgres://nephos@${encodeURIComponent(folder)}/postgres`, stop }
}

/** Fast shutdown: it waits for no client. */
async function end(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return
  server.kill('SIGINT')
  const killed = setTimeout(() => server.kill('SIGQUIT'), 10_000)
  await once(server, 'exit')
  clearTimeout(killed)
}
