import { join } from 'node:path'
import type { Command } from 'commander'
import { migrations } from '../../migrations/index.ts'
import { UserError } from '../config.ts'
import { migrate } from '../db/migrate.ts'
import { openDatabase } from '../db/open.ts'
import { isRunning } from './control.ts'
import { asOwnerOf } from './data-folder.ts'
import { configOf } from './options.ts'

/** Brings the database to the newest version, as each start does. */
export async function dbMigrate(command: Command): Promise<void> {
  const { dataDir, databaseUrl } = configOf(command)
  if (!databaseUrl && (await isRunning(dataDir))) throw new UserError(`A cloud runs on ${dataDir}. It migrates by itself at its start.`)
  const file = join(dataDir, 'nephos.db')
  await asOwnerOf(file, () => bringUp(databaseUrl, file))
}

async function bringUp(databaseUrl: string | null, file: string): Promise<void> {
  const database = await openDatabase({ databaseUrl, file })
  try {
    const done = await migrate(database, migrations, () => Date.now())
    for (const name of done) process.stdout.write(`${name}\n`)
    process.stdout.write(done.length > 0 ? `${done.length} migrations done.\n` : 'The database is at the newest version.\n')
  } finally {
    await database.close()
  }
}
