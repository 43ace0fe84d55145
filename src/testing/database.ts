// A fresh database for a test: SQLite in a temporary folder, or one of its own on the PostgreSQL that the test script started.
import { randomBytes } from 'node:crypto'
import pg from 'pg'

/** Which database the tests run on, from NEPHOS_TEST_DB and NEPHOS_TEST_DATABASE_URL. */
export async function testDatabaseUrl(): Promise<{ url: string | null; drop(): Promise<void> }> {
  if (process.env.NEPHOS_TEST_DB !== 'postgres') return { url: null, drop: async () => {} }
  const admin = process.env.NEPHOS_TEST_DATABASE_URL
  if (!admin) throw new Error('NEPHOS_TEST_DB=postgres needs NEPHOS_TEST_DATABASE_URL')
  const name = `nephos_${randomBytes(6).toString('hex')}`
  const sql = async (text: string) => {
    const client = new pg.Client({ connectionString: admin })
    await client.connect()
    await client.query(text)
    await client.end()
  }
  await sql(`create database ${name}`)
  const url = admin.replace(/\/[^/?]*(\?|$)/, `/${name}$1`)
  return { url, drop: () => sql(`drop database if exists ${name} with (force)`) }
}
