import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { type Log, silentLog } from './log.ts'
import { superviseAgent } from './supervise-agent.ts'
import { until } from './testing/until.ts'

test('an agent that is killed is started again, and the log says how it ended', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'nephos-supervised-'))
  const file = join(folder, 'pids')
  const said: string[] = []
  const log: Log = { ...silentLog, error: (fields, message) => void said.push(`${message} ${JSON.stringify(fields)}`) }
  const program = `require('node:fs').appendFileSync(${JSON.stringify(file)}, process.pid + '\\n'); setInterval(() => {}, 1000)`
  const agent = superviseAgent([process.execPath, '-e', program], log)
  const pids = () => {
    try {
      return readFileSync(file, 'utf8').trim().split('\n').map(Number)
    } catch {
      return []
    }
  }
  try {
    await until('it runs', () => pids().length === 1)
    process.kill(pids()[0]!, 'SIGKILL')
    await until('another runs', () => pids().length === 2)
    const second = pids()[1]!
    await agent.stop()
    assert.throws(() => process.kill(second, 0), { code: 'ESRCH' })
    assert.equal(said.length, 1)
    assert.match(said[0]!, /the agent ended; it is started again.*signal SIGKILL \(kill -9, or the kernel for want of memory/)
  } finally {
    await agent.stop()
    rmSync(folder, { recursive: true })
  }
})
