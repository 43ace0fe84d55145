import { join } from 'node:path'
import type { Command } from 'commander'
import { migrations } from '../../migrations/index.ts'
import { UserError } from '../config.ts'
import { migrate } from '../db/migrate.ts'
import { openDatabase } from '../db/open.ts'
import { isRunning } from './control.ts'
import { becomeOwnerOf } from './data-folder.ts'
import { configOf } from './options.ts'

/** Brings the database to the newest version, as each start does. */
export async function dbMigrate(command: Command): Promise<void> {
  const { dataDir, databaseUrl } = configOf(command)
  if (!databaseUrl && (await isRunning(dataDir))) throw new UserError(`A cloud runs on ${dataDir}. It migrates by itself at its start.`)
  if (!databaseUrl) becomeOwnerOf(join(dataDir, 'nephos.db'))
  const database = await openDatabase({ databaseUrl, file: join(dataDir, 'nephos.db') })
  try {
    const done = await migrate(database, migrations, () => Date.now())
    for (const name of done) process.stdout.write(`${name}\n`)
    process.stdout.write(done.length > 0 ? `${done.length} migrations done.\n` : 'The database is at the newest version.\n')
  } finally {
    await database.close()
  }
}
