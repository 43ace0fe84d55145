// A fresh database for a test: SQLite in a temporary folder, or one of its own on the PostgreSQL that the test script started.
import { createHash, randomBytes } from 'node:crypto'
import pg from 'pg'
import { migrate } from '../db/migrate.ts'
import { openPostgres } from '../db/postgres.ts'
import { type Migration, SchemaChange } from '../db/schema.ts'

/**
 * Which database the tests run on, from NEPHOS_TEST_DB and NEPHOS_TEST_DATABASE_URL. On PostgreSQL it may have had `migrations`
 * already: they run once for all tests, in a database that is copied.
 */
export async function testDatabaseUrl(migrations: Migration[] = []): Promise<{ url: string | null; drop(): Promise<void> }> {
  if (process.env.NEPHOS_TEST_DB !== 'postgres') return { url: null, drop: async () => {} }
  const admin = process.env.NEPHOS_TEST_DATABASE_URL
  if (!admin) throw new Error('NEPHOS_TEST_DB=postgres needs NEPHOS_TEST_DATABASE_URL')
  const name = `nephos_${randomBytes(6).toString('hex')}`
  const from = migrations.length ? await templateOf(admin, migrations) : 'template1'
  await asAdmin(admin, (client) => client.query(`create database ${name} template ${from}`))
  return {
    url: addressOf(admin, name),
    drop: () => asAdmin(admin, (client) => client.query(`drop database if exists ${name} with (force)`)),
  }
}

const addressOf = (admin: string, name: string) => admin.replace(/\/[^/?]*(\?|$)/, `/${name}$1`)

async function asAdmin(admin: string, work: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ connectionString: admin })
  await client.connect()
  try {
    await work(client)
  } finally {
    await client.end()
  }
}

let template: Promise<string> | null = null

/** Name of the database that has had exactly these migrations; made by the process that comes first. */
function templateOf(admin: string, migrations: Migration[]): Promise<string> {
  const statements = migrations.map(({ change }) => {
    const schema = new SchemaChange('postgres')
    change(schema)
    return schema.statements
  })
  const name = `nephos_template_${createHash('sha256').update(JSON.stringify(statements)).digest('hex').slice(0, 16)}`
  const made = `${name}_in_work`
  template ??= asAdmin(admin, async (client) => {
    await client.query('select pg_advisory_lock(8775)')
    if ((await client.query('select from pg_database where datname = $1', [name])).rowCount) return
    await client.query(`drop database if exists ${made} with (force)`)
    await client.query(`create database ${made}`)
    const database = await openPostgres(addressOf(admin, made))
    await migrate(database, migrations, Date.now)
    await database.close()
    await client.query(`alter database ${made} rename to ${name}`) // only a whole one has the name
  }).then(() => name)
  return template
}
