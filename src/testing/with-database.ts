// A database of a test's own, without a cloud around it.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Database } from '../db/database.ts'
import { openDatabase } from '../db/open.ts'
import { testDatabaseUrl } from './database.ts'

/** Runs `work` with an empty database, which is gone afterwards. */
export async function withDatabase(work: (database: Database) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'nephos-db-'))
  const { url, drop } = await testDatabaseUrl()
  const database = await openDatabase({ databaseUrl: url, file: join(folder, 'test.db') })
  try {
    await work(database)
  } finally {
    await database.close()
    await drop()
    rmSync(folder, { recursive: true })
  }
}
