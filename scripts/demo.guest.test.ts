// The demo is the widest test that there is: public APIs, real guests, SSH, a closed port, and the proof that nothing is left.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { nephosProgram } from '../src/cli/clone.ts'

test('the demo does the main job and leaves nothing behind', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'nephos-demo-test-'))
  const env = { ...process.env, NEPHOS_DATA_DIR: dataDir, NEPHOS_PORT_OFFSET: '20000', NEPHOS_METRICS_PORT: '0', NEPHOS_HOST: 'linux' }
  const runProgram = async (program: string, ...args: string[]) => {
    const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk))
    const [code] = (await once(child, 'close')) as [number]
    return { code, output }
  }
  try {
    const { code, output } = await runProgram(process.execPath, join(import.meta.dirname, 'demo.ts'))
    assert.equal(code, 0, output)
    for (const shown of [
      /login prompt: .*login:/,
      /SSH with the injected key: \S+/,
      / 0% packet loss/,
      /8080 silent, and answered once/,
      /nothing is left: .*processes, files, rows as before/,
    ]) {
      assert.match(output, shown)
    }
  } finally {
    await runProgram(nephosProgram(), 'reset', '--yes')
    rmSync(dataDir, { recursive: true, force: true })
  }
})
