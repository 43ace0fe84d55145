import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { migrations } from '../../migrations/index.ts'
import { configWith } from '../../src/config.ts'
import { execute } from '../../src/db/database.ts'
import { migrate } from '../../src/db/migrate.ts'
import { openDatabase } from '../../src/db/open.ts'
import { look, residue } from './residue.ts'

const dataDir = mkdtempSync(join(tmpdir(), 'nephos-residue-'))
after(() => rmSync(dataDir, { recursive: true }))

test('what is there twice and was there once is residue', () => {
  const before = { files: ['a', 'b'], rows: ['x'] }
  assert.deepEqual(residue(before, { files: ['b', 'a'], rows: [] }), [])
  assert.deepEqual(residue(before, { files: ['a', 'a', 'b'], rows: ['x', 'y'] }), ['files: a', 'rows: y'])
})

test('a file and a row that are left behind are seen', async () => {
  const config = configWith({ dataDir })
  const database = await openDatabase({ databaseUrl: null, file: join(dataDir, 'nephos.db') })
  await migrate(database, migrations, Date.now)
  const before = await look(config, false)
  assert.deepEqual(residue(before, await look(config, false)), [])
  mkdirSync(join(dataDir, 'cache'))
  writeFileSync(join(dataDir, 'cache/accelerator.json'), '{}') // the host found it out meanwhile
  mkdirSync(join(dataDir, 'disks'))
  writeFileSync(join(dataDir, 'disks/x.qcow2'), '')
  await database.write(({ db }) =>
    execute(db, 'create table leftovers (id text)').then(() => execute(db, "insert into leftovers values ('y')")),
  )
  assert.deepEqual(residue(before, await look(config, false)), [`files: ${dataDir}/disks/x.qcow2`, 'rows: leftovers: y'])
  await database.close()
})
