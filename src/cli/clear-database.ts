import { execute } from '../db/database.ts'
import { openDatabase } from '../db/open.ts'

/** Drops every table of a PostgreSQL database that is ours (it keeps our list of migrations). Gives how many. */
export async function clearDatabase(databaseUrl: string): Promise<number> {
  const database = await openDatabase({ databaseUrl, file: '' })
  try {
    const { rows } = await execute(database.read, "select table_name as name from information_schema.tables where table_schema = 'public'")
    const names = (rows as { name: string }[]).map((row) => row.name)
    if (!names.includes('schema_migrations')) return 0
    await database.write(async ({ db }) => {
      for (const name of names) await execute(db, `drop table if exists "${name.replaceAll('"', '""')}" cascade`)
    })
    return names.length
  } finally {
    await database.close()
  }
}
