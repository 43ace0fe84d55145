import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import http from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { testDatabaseUrl } from '../../../testing/database.ts'
import { Persona } from '../../../testing/persona.ts'

const program = `
import { loadConfig } from ${JSON.stringify(new URL('../../../config.ts', import.meta.url).href)}
import { startCloud } from ${JSON.stringify(new URL('../../../main.ts', import.meta.url).href)}
const [dataDir, databaseUrl] = process.argv.slice(1)
const flags = { dataDir, host: 'fake', adminPassword: 'test-admin', metricsPort: 0, passwordCost: 4, logLevel: 'silent' }
const config = { ...loadConfig({ flags }), singlePort: 0, databaseUrl: databaseUrl || null }
await startCloud(config)
console.log('port ' + config.singlePort)
`

/** A cloud in a process of its own; gives its port once it listens. */
async function start(dataDir: string, databaseUrl: string | null): Promise<{ child: ChildProcess; port: number }> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', program, dataDir, databaseUrl ?? ''], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  for await (const chunk of child.stdout!) {
    output += chunk
    const match = /port (\d+)\n/.exec(output)
    if (match) return { child, port: Number(match[1]) }
  }
  throw new Error('the cloud did not start')
}

test('killed in the midst of an upload, the cloud comes back without a trace of it', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'nephos-kill-'))
  const { url: databaseUrl, drop } = await testDatabaseUrl()
  const folder = join(dataDir, 'images')
  let cloud = await start(dataDir, databaseUrl)
  try {
    const admin = new Persona(() => `http://127.0.0.1:${cloud.port}`, { name: 'admin', password: 'test-admin', project: 'admin' })
    const { id } = (await admin.post('/image/v2/images', { disk_format: 'raw', container_format: 'bare' }, 201)).body
    const path = `/image/v2/images/${id}`
    const headers = { 'content-type': 'application/octet-stream', 'x-auth-token': await admin.token() }
    const request = http.request(`http://127.0.0.1:${cloud.port}${path}/file`, { method: 'PUT', headers })
    request.on('error', () => {})
    for (let i = 0; i < 8; i++) request.write(Buffer.alloc(2 ** 20, i))
    const written = () => readdirSync(join(folder, 'incoming')).some((name) => statSync(join(folder, 'incoming', name)).size >= 2 ** 22)
    for (let i = 0; i < 4000 && !written(); i++) await new Promise((resolve) => setTimeout(resolve, 5))
    assert.ok(written())
    assert.equal((await admin.get(path)).body.status, 'saving')
    cloud.child.kill('SIGKILL')
    await once(cloud.child, 'exit')

    cloud = await start(dataDir, databaseUrl)
    assert.equal((await admin.get(path)).body.status, 'queued')
    assert.deepEqual(readdirSync(folder, { recursive: true }), ['incoming'])
    await admin.request('GET', `${path}/file`, { expected: 204 })
    await admin.request('PUT', `${path}/file`, { raw: Buffer.from('whole'), headers, expected: 204 })
    assert.equal(readdirSync(folder).filter((name) => name.startsWith(id)).length, 1)

    cloud.child.kill('SIGKILL')
    await once(cloud.child, 'exit')
    cloud = await start(dataDir, databaseUrl)
    assert.equal((await admin.get(`${path}/file`)).text, 'whole')
  } finally {
    cloud.child.kill('SIGKILL')
    await once(cloud.child, 'exit').catch(() => {})
    await drop()
    rmSync(dataDir, { recursive: true, force: true })
  }
})
