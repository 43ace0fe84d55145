// Shows and replaces keys: through the cloud where one runs on the data folder, else in the database itself.
import { join } from 'node:path'
import type { Command } from 'commander'
import { migrations } from '../../migrations/index.ts'
import { openKeys } from '../auth/keys.ts'
import { rotateKeys } from '../auth/rotation.ts'
import type { Config } from '../config.ts'
import type { KeyReport } from '../control.ts'
import { migrate } from '../db/migrate.ts'
import { openDatabase } from '../db/open.ts'
import { createEnvironment } from '../environment.ts'
import { getControl, NotRunning } from './control.ts'
import { asOwnerOf } from './data-folder.ts'
import { configOf } from './options.ts'

export const keysStatus = (command: Command): Promise<void> => run(command, false)
export const keysRotate = (command: Command): Promise<void> => run(command, true)

async function run(command: Command, rotate: boolean): Promise<void> {
  const config = configOf(command)
  let report: KeyReport
  try {
    report = await getControl<KeyReport>(config.dataDir, rotate ? '/keys/rotate' : '/keys', rotate ? 'POST' : 'GET')
  } catch (error) {
    if (!(error instanceof NotRunning)) throw error
    report = await asOwnerOf(join(config.dataDir, 'nephos.db'), () => inDatabase(config, rotate))
  }
  process.stdout.write(command.opts().json ? `${JSON.stringify(report, null, 2)}\n` : keysText(report))
}

async function inDatabase(config: Config, rotate: boolean): Promise<KeyReport> {
  const environment = createEnvironment({ seed: config.seed ?? undefined })
  const database = await openDatabase({ databaseUrl: config.databaseUrl, file: join(config.dataDir, 'nephos.db') })
  try {
    await migrate(database, migrations, environment.clock.now)
    const keys = await openKeys({ config, environment, database })
    if (!rotate) return { keys: await keys.status(), secrets: null }
    await rotateKeys({ database, environment, keys }, 'token')
    const secrets = await rotateKeys({ database, environment, keys }, 'credential')
    return { keys: await keys.status(), secrets }
  } finally {
    await database.close()
  }
}

/** For people: a line for each key. */
export function keysText({ keys, secrets }: KeyReport): string {
  const lines = keys.map(
    ({ purpose, number, state, createdAt, dropAt }) =>
      `${purpose.padEnd(11)} ${String(number).padStart(4)}  ${state.padEnd(8)} made ${createdAt}${dropAt ? `, dropped ${dropAt}` : ''}`,
  )
  if (secrets !== null) lines.push(`${secrets} secrets were put under the new key.`)
  return `${lines.join('\n')}\n`
}
