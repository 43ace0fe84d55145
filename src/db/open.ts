import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Database } from './database.ts'

/** Opens the database a `postgres://` address names, or the SQLite file when there is none. Drivers are loaded on demand. */
export async function openDatabase(options: { databaseUrl: string | null; file: string }): Promise<Database> {
  if (options.databaseUrl) return (await import('./postgres.ts')).openPostgres(options.databaseUrl)
  mkdirSync(dirname(options.file), { recursive: true, mode: 0o700 })
  return (await import('./sqlite.ts')).openSqlite(options.file)
}
