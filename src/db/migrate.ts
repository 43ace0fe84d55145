import { UserError } from '../config.ts'
import { type Database, execute } from './database.ts'
import { type Migration, SchemaChange } from './schema.ts'

/** Runs the migrations that the database has not had yet, each in its own transaction; gives their names. Throws when the database is newer than the program. */
export async function migrate(database: Database, migrations: Migration[], now: () => number): Promise<string[]> {
  const changes = migrations.map((migration) => {
    const schema = new SchemaChange(database.dialect)
    migration.change(schema)
    return { name: migration.name, statements: schema.statements }
  })
  await database.write(async ({ db }) => {
    await execute(db, 'create table if not exists schema_migrations (name text primary key, applied_at text not null)')
  })
  const result = await execute(database.read, 'select name from schema_migrations')
  const applied = new Set((result.rows as { name: string }[]).map((row) => row.name))
  const known = new Set(changes.map((change) => change.name))
  const unknown = [...applied].filter((name) => !known.has(name))
  if (unknown.length) throw new UserError(`The database was made by a newer Nephos (it has had ${unknown.join(', ')}): start that one.`)
  const done: string[] = []
  for (const { name, statements } of changes) {
    if (applied.has(name)) continue
    await database.write(async ({ db }) => {
      if (database.dialect === 'postgres') await execute(db, 'select pg_advisory_xact_lock(8774)') // two processes that start at once
      const again = await execute(db, `select name from schema_migrations where name = '${name}'`)
      if (again.rows.length) return
      for (const statement of statements) await execute(db, statement)
      await execute(db, `insert into schema_migrations (name, applied_at) values ('${name}', '${new Date(now()).toISOString()}')`)
      done.push(name)
    })
  }
  return done
}
