import assert from 'node:assert/strict'
import { readdirSync, statfsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { run } from '../../../host/commands/exec.ts'
import { withContainer } from '../../../testing/object-store/store.ts'
import { testCloud } from '../../../testing/test-cloud.ts'
import { prepareFolders } from './data.ts'

const MiB = 2 ** 20

test('on a full disk an upload is refused with 507, and the object of before stays', async () => {
  await using cloud = await testCloud()
  const { call } = await withContainer(cloud)
  const folder = join(cloud.cloud.config.dataDir, 'object-store')
  await run('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', folder])
  try {
    prepareFolders(cloud.cloud)
    await call('PUT', 'o', 201, { raw: Buffer.alloc(MiB, 'a') })
    const free = statfsSync(folder).bfree
    await call('PUT', 'o', 507, { raw: Buffer.alloc(12 * MiB, 'b') })
    assert.equal(statfsSync(folder).bfree, free)
    assert.deepEqual(readdirSync(join(folder, 'incoming')), [])
    assert.equal((await call('GET', 'o', 200)).text, 'a'.repeat(MiB))
    await run('mount', ['-o', 'remount,ro', folder])
    await call('PUT', 'o', 503, { raw: Buffer.alloc(MiB, 'b') })
    assert.equal((await call('GET', 'o', 200)).text.length, MiB)
  } finally {
    await run('umount', ['-l', folder])
  }
})
