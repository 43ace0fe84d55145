import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { onlyOne } from './agent-main.ts'

test('a data folder has one agent: another is refused while it lives, whether it is `agent` or `up`', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'nephos-agent-'))
  const file = join(folder, 'pid')
  try {
    for (const words of [
      ['dist/nephos.js', 'up'],
      ['src/cli/main.ts', 'agent', '--child'],
    ]) {
      const other = spawn(process.execPath, ['-e', 'process.stdin.resume()', ...words], { stdio: ['pipe', 'ignore', 'inherit'] })
      writeFileSync(file, String(other.pid))
      assert.throws(() => onlyOne(file, folder), new RegExp(`An agent already runs on ${folder} \\(process ${other.pid}\\)`))
      other.stdin!.end()
      await once(other, 'exit')
      assert.equal(onlyOne(file, folder), other.pid, 'it had no time to take its file away')
      assert.equal(readFileSync(file, 'utf8'), String(process.pid))
      onlyOne(file, folder) // itself is no other
    }
    rmSync(file)
    assert.equal(onlyOne(file, folder), null, 'nothing is told after a good end')
    utimesSync(file, 1, 1)
    assert.equal(onlyOne(file, folder), null, 'nor after a start of the machine')
    writeFileSync(file, String(process.ppid)) // a number that another program has got
    onlyOne(file, folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
