import assert from 'node:assert/strict'
import { readdirSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { withContainer } from '../../../testing/object-store/store.ts'
import { testCloud } from '../../../testing/test-cloud.ts'
import { createAuditor } from './auditor.ts'

test('a file that has become shorter is put aside, and all behind it is audited', async () => {
  await using cloud = await testCloud()
  const { call } = await withContainer(cloud, 'c')
  for (const name of ['a', 'b']) await call('PUT', name, 201, { raw: Buffer.alloc(100_000, name) })
  const folder = join(cloud.cloud.config.dataDir, 'object-store')
  const data = join(folder, 'data')
  const files = readdirSync(data).flatMap((shard) => readdirSync(join(data, shard)).map((name) => join(data, shard, name)))
  files.forEach((path, i) => {
    truncateSync(path, i * 10)
  })
  assert.equal(await createAuditor(cloud.cloud).step(), 2)
  for (const name of ['a', 'b']) await call('GET', name, 404)
  assert.equal(readdirSync(join(folder, 'quarantined')).length, 2)
})
