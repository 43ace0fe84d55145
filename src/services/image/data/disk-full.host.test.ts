import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { run } from '../../../host/commands/exec.ts'
import { testCloud } from '../../../testing/test-cloud.ts'
import { until } from '../../../testing/until.ts'

const MiB = 2 ** 20

test('on a full disk the upload is refused with 507, and the image is queued with all space given back', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const folder = join(cloud.cloud.config.dataDir, 'images')
  await run('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', folder])
  try {
    mkdirSync(join(folder, 'incoming'))
    const free = statfsSync(folder).bfree
    const { id } = (await member.post('/image/v2/images', { disk_format: 'raw', container_format: 'bare' }, 201)).body
    const path = `/image/v2/images/${id}`
    const put = (bytes: number, expected: number) =>
      member.request('PUT', `${path}/file`, {
        raw: Buffer.alloc(bytes, 1),
        headers: { 'content-type': 'application/octet-stream' },
        expected,
      })
    await put(12 * MiB, 507)
    assert.equal((await member.get(path)).body.status, 'queued')
    assert.deepEqual(readdirSync(folder, { recursive: true }), ['incoming'])
    assert.equal(statfsSync(folder).bfree, free)
    await put(2 * MiB, 204)
    assert.equal((await member.get(path)).body.size, 2 * MiB)
  } finally {
    await run('umount', ['-l', folder])
  }
})

test('a full store is told like that: 507 for an upload, a failed store for an import that may go on', async () => {
  const other = mkdtempSync(join(tmpdir(), 'nephos-full-'))
  const imageStores = join(other, 'stores.yaml')
  const small = join(other, 'small')
  mkdirSync(small)
  await run('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', small])
  try {
    writeFileSync(imageStores, `stores: {file: {type: file}, small: {type: file, path: ${small}}}`)
    await using cloud = await testCloud({ settings: { imageStores } })
    const member = await cloud.as('member')
    const { id } = (await member.post('/image/v2/images', { disk_format: 'raw', container_format: 'bare' }, 201)).body
    const path = `/image/v2/images/${id}`
    const data = { raw: Buffer.alloc(4 * MiB, 1), headers: { 'content-type': 'application/octet-stream' } }
    const headers = { ...data.headers, 'x-image-meta-store': 'small' }
    await member.request('PUT', `${path}/file`, { ...data, headers, expected: 507 })
    assert.equal((await member.get(path)).body.status, 'queued')
    await member.request('PUT', `${path}/stage`, { ...data, expected: 204 })
    const body = { method: { name: 'glance-direct' }, stores: ['small', 'file'], all_stores_must_succeed: false }
    await member.post(`${path}/import`, body, 202)
    const task = async () => (await member.get(`${path}/tasks`)).body.tasks[0].status
    await until('the import ends', async () => ['success', 'failure'].includes(await task()))
    const image = (await member.get(path)).body
    assert.deepEqual([image.status, image.stores, image.os_glance_failed_import], ['active', 'file', 'small'])
    await cloud.cloud.image.scrubber.run()
    assert.deepEqual(readdirSync(small), [])
  } finally {
    await run('umount', ['-l', small])
    rmSync(other, { recursive: true, force: true })
  }
})
