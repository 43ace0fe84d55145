import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Database } from './database.ts'

/**
 * Opens the database a `postgres://` address names, or the SQLite file when there is none. Drivers are loaded on demand.
 * A SQLite file that is `shortLived`, of a test, is never flushed to the disk: it survives a crash of the process, not of the machine.
 */
export async function openDatabase(options: { databaseUrl: string | null; file: string; shortLived?: boolean }): Promise<Database> {
  if (options.databaseUrl) return (await import('./postgres.ts')).openPostgres(options.databaseUrl)
  mkdirSync(dirname(options.file), { recursive: true, mode: 0o700 })
  return (await import('./sqlite.ts')).openSqlite(options.file, options.shortLived)
}
