import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, statfsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { run } from '../../../host/commands/exec.ts'
import { testCloud } from '../../../testing/test-cloud.ts'

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
