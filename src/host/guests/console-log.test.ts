import assert from 'node:assert/strict'
import { appendFile, mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { cutConsoleLog, readConsoleLog } from './console-log.ts'

async function folder() {
  const path = await mkdtemp(join(tmpdir(), 'console-'))
  return { path, log: join(path, 'console.log'), [Symbol.asyncDispose]: () => rm(path, { recursive: true }) }
}

test('no log yet is an empty one', async () => {
  await using at = await folder()
  assert.equal(await readConsoleLog(at.path), '')
})

test('the last lines, with or without an unfinished one', async () => {
  await using at = await folder()
  await appendFile(at.log, 'a\nb\nc\n')
  assert.equal(await readConsoleLog(at.path, 2), 'b\nc\n')
  await appendFile(at.log, 'login: ')
  assert.equal(await readConsoleLog(at.path, 2), 'c\nlogin: ')
  assert.equal(await readConsoleLog(at.path, 100), 'a\nb\nc\nlogin: ')
  assert.equal(await readConsoleLog(at.path, 0), '')
})

test('a log without end stays bounded and its last part is kept', async () => {
  await using at = await folder()
  for (let round = 0; round < 5; round++) {
    await appendFile(at.log, `${'x'.repeat(99)}\n`.repeat(11_000))
    await appendFile(at.log, `round ${round}\n`)
    await cutConsoleLog(at.path)
    assert.ok((await stat(at.log)).size <= 2 ** 20)
    assert.equal(await readConsoleLog(at.path, 1), `round ${round}\n`)
    assert.ok((await readConsoleLog(at.path)).length <= 2 ** 20)
  }
})
