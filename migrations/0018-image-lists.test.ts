import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { migrate } from '../src/db/migrate.ts'
import { openDatabase } from '../src/db/open.ts'
import type {} from '../src/services/image/tables.ts'
import { testDatabaseUrl } from '../src/testing/database.ts'
import { imageLists } from './0018-image-lists.ts'
import { migrations } from './index.ts'

test('tags and properties of before are kept, and found by the beginning of their values', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'nephos-migrate-'))
  const { url: databaseUrl, drop } = await testDatabaseUrl()
  const database = await openDatabase({ databaseUrl, file: join(folder, 'nephos.db') })
  try {
    const before = migrations.slice(0, migrations.indexOf(imageLists))
    await migrate(database, before, Date.now)
    const at = '2026-01-01T00:00:00.000Z'
    const image = { id: 'one', owner_id: 'o', status: 'queued', visibility: 'private', created_at: at, updated_at: at }
    const long = 'v'.repeat(300)
    const properties = [
      { image_id: 'one', name: 'long', value: long },
      { image_id: 'one', name: 'short', value: 'x' },
    ]
    const tag = { image_id: 'one', tag: 't' }
    await database.write(async ({ db }) => {
      await db
        .insertInto('images')
        .values(image as never)
        .execute()
      await db
        .insertInto('image_properties')
        .values(properties as never)
        .execute()
      await db.insertInto('image_tags').values(tag).execute()
    })
    await migrate(database, [...before, imageLists], Date.now)
    const found = await database.read.selectFrom('image_properties').selectAll().orderBy('name').execute()
    const keys = ['v'.repeat(255), 'x']
    assert.deepEqual(
      found.map((row) => ({ ...row })),
      properties.map((row, index) => ({ ...row, value_key: keys[index] })),
    )
    assert.deepEqual({ ...(await database.read.selectFrom('image_tags').selectAll().executeTakeFirst()) }, tag)
    const twice = database.write(({ db }) => db.insertInto('image_tags').values(tag).execute())
    await assert.rejects(twice)
    await assert.rejects(database.write(({ db }) => db.deleteFrom('images').execute()))
  } finally {
    await database.close()
    await drop()
    rmSync(folder, { recursive: true, force: true })
  }
})
