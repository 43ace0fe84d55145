import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { migrate } from '../src/db/migrate.ts'
import { openDatabase } from '../src/db/open.ts'
import type {} from '../src/services/image/tables.ts'
import { testDatabaseUrl } from '../src/testing/database.ts'
import { imageStores } from './0013-image-stores.ts'
import { migrations } from './index.ts'

test('images of before are in the store `file`, those without data in none', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'nephos-migrate-'))
  const { url: databaseUrl, drop } = await testDatabaseUrl()
  const database = await openDatabase({ databaseUrl, file: join(folder, 'nephos.db') })
  try {
    const before = migrations.slice(0, migrations.indexOf(imageStores))
    await migrate(database, before, Date.now)
    const created_at = '2026-01-01T00:00:00.000Z'
    const image = { owner_id: 'o', visibility: 'private', created_at, updated_at: created_at } as const
    const rows = [
      { ...image, id: 'one', status: 'active', size: 5 },
      { ...image, id: 'two', status: 'deactivated', size: 0 },
      { ...image, id: 'three', status: 'queued', size: null },
    ] as const
    await database.write(({ db }) =>
      db
        .insertInto('images')
        .values([...rows] as never)
        .execute(),
    )
    await migrate(database, [...before, imageStores], Date.now)
    const found = await database.read.selectFrom('image_locations').selectAll().orderBy('image_id').execute()
    const expected = { store: 'file', state: 'active', upload_id: null, due_at: null, tries: 0, created_at }
    assert.deepEqual(
      found.map((row) => ({ ...row })),
      [
        { ...expected, image_id: 'one', data_key: 'one', size: 5 },
        { ...expected, image_id: 'two', data_key: 'two', size: 0 },
      ],
    )
  } finally {
    await database.close()
    await drop()
    rmSync(folder, { recursive: true, force: true })
  }
})
