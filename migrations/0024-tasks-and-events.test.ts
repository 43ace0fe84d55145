import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { execute } from '../src/db/database.ts'
import { migrate } from '../src/db/migrate.ts'
import { openDatabase } from '../src/db/open.ts'
import { testDatabaseUrl } from '../src/testing/database.ts'
import { migrations } from './index.ts'

test('tasks that had not ended before the upgrade keep their lock', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'nephos-migration-'))
  const { url, drop } = await testDatabaseUrl()
  const database = await openDatabase({ databaseUrl: url, file: join(folder, 'test.db') })
  try {
    const before = migrations.filter(({ name }) => name < '0024')
    await migrate(database, before, Date.now)
    await database.write(async ({ db }) => {
      for (const [id, state] of Object.entries({ first: 'done', second: 'waiting', third: 'ready' })) {
        const columns = 'id, kind, input, lock_key, interrupts, state, run_at, request_id, created_at'
        await execute(db, `insert into tasks (${columns}) values ('${id}', 'k', '{}', 'server:1', 0, '${state}', 0, 'r', '')`)
      }
    })
    await migrate(database, migrations, Date.now)
    const locks = await database.read.selectFrom('task_locks').selectAll().orderBy('seq').execute()
    assert.deepEqual(locks, [
      { lock_key: 'server:1', seq: 2, task_id: 'second' },
      { lock_key: 'server:1', seq: 3, task_id: 'third' },
    ])
  } finally {
    await database.close()
    await drop()
    rmSync(folder, { recursive: true })
  }
})
