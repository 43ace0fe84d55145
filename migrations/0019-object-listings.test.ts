import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { ask } from '../src/db/database.ts'
import { migrate } from '../src/db/migrate.ts'
import { openDatabase } from '../src/db/open.ts'
import type {} from '../src/services/object-store/tables.ts'
import { objectListings } from './0019-object-listings.ts'
import { migrations } from './index.ts'

test('objects of before are listed after the upgrade', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'nephos-migrate-'))
  // The change is one of SQLite alone; the tests on PostgreSQL run it too.
  const database = await openDatabase({ databaseUrl: null, file: join(folder, 'nephos.db') })
  try {
    const before = migrations.slice(0, migrations.indexOf(objectListings))
    await migrate(database, before, Date.now)
    const at = 144804929646224
    const bytes = { place: 'none' as const, data_id: null, size: 0, stored: 0, etag: 'd41d8cd98f00b204e9800998ecf8427e' }
    const about = { version_id: '', content_type: 'text/"x"', metadata: {}, delete_at: null, made_at: at, changed_at: at }
    const rows = [
      { container_id: 2, name: 'b', kind: 'slo' as const },
      { container_id: 1, name: 'é"', kind: '' as const },
    ]
    for (const row of rows)
      await database.write(({ db }) =>
        db
          .insertInto('object_store_objects')
          .values({ ...row, ...bytes, ...about })
          .execute(),
      )
    await migrate(database, [...before, objectListings], Date.now)
    const listed = await ask<{ name: string; entry: string | null }>(database.read, 'select name, entry from object_store_listed', [])
    assert.deepEqual(
      listed.map(({ name, entry }) => [name, entry && JSON.parse(entry)]),
      [
        ['é"', { bytes: 0, hash: bytes.etag, name: 'é"', content_type: 'text/"x"', last_modified: '2015-11-20T19:54:56.462240' }],
        ['b', null],
      ],
    )
  } finally {
    await database.close()
    rmSync(folder, { recursive: true, force: true })
  }
})
