import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { freePort } from '../../src/testing/free-port.ts'
import { buildBundle } from './bundle.ts'

const root = join(import.meta.dirname, '../..')
const out = '.cache/test-bundle' // inside the clone, where native packages are found
const dataDir = mkdtempSync(join(tmpdir(), 'nephos-bundle-'))
after(() => {
  rmSync(join(root, out), { recursive: true, force: true })
  rmSync(dataDir, { recursive: true, force: true })
})

test('the bundle starts a cloud that answers', async () => {
  await buildBundle(out)
  const port = await freePort()
  const args = ['up', '--host', 'fake', '--data-dir', dataDir, '--single-port', String(port), '--metrics-port', '0', '--log-level', 'error']
  const child = spawn(process.execPath, [join(root, out, 'nephos.js'), ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk))
  const ended = once(child, 'close')
  try {
    await Promise.race([
      ended,
      new Promise<void>((resolve) => child.stdout.on('data', () => output.includes('Ctrl-C stops it') && resolve())),
    ])
    assert.equal(child.exitCode, null, output)
    const answer = await fetch(`http://127.0.0.1:${port}/identity/v3`)
    assert.equal(answer.status, 200)
    assert.match(((await answer.json()) as { version: { id: string } }).version.id, /^v3/)
  } finally {
    child.kill('SIGTERM')
    assert.equal((await ended)[0], 0, output)
  }
})
