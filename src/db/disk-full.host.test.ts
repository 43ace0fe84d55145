import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { run } from '../host/commands/exec.ts'
import { ask } from './database.ts'
import { openDatabase } from './open.ts'

test('on a full disk removals are written down, and give space to others again', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'nephos-full-'))
  await run('mount', ['-t', 'tmpfs', '-o', 'size=16m', 'tmpfs', folder])
  const database = await openDatabase({ databaseUrl: null, file: join(folder, 'nephos.db') })
  const change = (sql: string, values: unknown[], frees = false) => database.write(({ db }) => ask(db, sql, values), { frees })
  const put = (id: number) => change('insert into kept values (?, ?)', [id, Buffer.alloc(16 * 1024, id)])
  const full = { code: 'SQLITE_FULL' }
  try {
    await change('create table kept (id integer primary key, data blob)', [])
    let count = 0
    await assert.rejects(async () => {
      for (;;) {
        await put(count)
        count++
      }
    }, full)
    await assert.rejects(change('delete from kept where id = ?', [0]), full)
    for (let id = 0; id < count / 2; id++) await change('delete from kept where id = ?', [id], true)
    assert.equal((await ask<{ n: number }>(database.read, 'select count(*) as n from kept', []))[0]!.n, count - Math.ceil(count / 2))
    await put(0)
  } finally {
    await database.close()
    await run('umount', ['-l', folder])
    rmSync(folder, { recursive: true, force: true })
  }
})
