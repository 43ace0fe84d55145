import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import http from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { migrations } from '../../../../migrations/index.ts'
import { cloudProcess } from '../../../testing/cloud-process.ts'
import { testDatabaseUrl } from '../../../testing/database.ts'
import { until } from '../../../testing/until.ts'

test('killed in the midst of an upload, the cloud comes back without a trace of it', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'nephos-kill-'))
  const { url: databaseUrl, drop } = await testDatabaseUrl(migrations)
  const folder = join(dataDir, 'images')
  const settings = { dataDir, databaseUrl }
  let cloud = await cloudProcess(settings)
  try {
    const { id } = (await cloud.admin.post('/image/v2/images', { disk_format: 'raw', container_format: 'bare' }, 201)).body
    const path = `/image/v2/images/${id}`
    const headers = { 'content-type': 'application/octet-stream', 'x-auth-token': await cloud.admin.token() }
    const request = http.request(`${cloud.url}${path}/file`, { method: 'PUT', headers })
    request.on('error', () => {})
    for (let i = 0; i < 8; i++) request.write(Buffer.alloc(2 ** 20, i))
    const written = () => readdirSync(join(folder, 'incoming')).some((name) => statSync(join(folder, 'incoming', name)).size >= 2 ** 22)
    await until('half of the data is written', written)
    assert.equal((await cloud.admin.get(path)).body.status, 'saving')
    await cloud.kill()

    cloud = await cloudProcess(settings)
    assert.equal((await cloud.admin.get(path)).body.status, 'queued')
    assert.deepEqual(readdirSync(folder, { recursive: true }), ['incoming'])
    await cloud.admin.request('GET', `${path}/file`, { expected: 204 })
    await cloud.admin.request('PUT', `${path}/file`, { raw: Buffer.from('whole'), headers, expected: 204 })
    assert.equal(readdirSync(folder).filter((name) => name.startsWith(id)).length, 1)

    await cloud.kill()
    cloud = await cloudProcess(settings)
    assert.equal((await cloud.admin.get(`${path}/file`)).text, 'whole')
  } finally {
    await cloud.kill()
    await drop()
    rmSync(dataDir, { recursive: true, force: true })
  }
})
