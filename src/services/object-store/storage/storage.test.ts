import assert from 'node:assert/strict'
import { readdirSync, utimesSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import { join } from 'node:path'
import { test } from 'node:test'
import { testCloud } from '../../../testing/test-cloud.ts'
import { withContainer } from '../testing.ts'
import { createAuditor } from './auditor.ts'
import { sweepData } from './sweep.ts'

test('the auditor puts aside what has changed on the disk, and nothing else', async () => {
  await using cloud = await testCloud()
  const { call } = await withContainer(cloud)
  const root = join(cloud.cloud.config.dataDir, 'object-store')
  await call('PUT', 'rotten', 201, { raw: Buffer.alloc(50_000, 'x') })
  const [shard] = readdirSync(join(root, 'data'), { recursive: true }).filter((f) => String(f).length > 4)
  await call('PUT', 'fine', 201, { raw: Buffer.alloc(50_000, 'y') })
  await call('PUT', 'small', 201, { raw: 'small' })
  await call('PUT', 'bad', 201, { raw: 'small too' })
  const auditor = createAuditor(cloud.cloud)
  assert.equal(await auditor.step(), 4)
  assert.equal((await call('HEAD', '', 204)).headers.get('x-container-object-count'), '4')
  writeFileSync(join(root, 'data', String(shard)), Buffer.alloc(50_000, 'z'))
  await cloud.cloud.database.write(async ({ db }) => {
    const { data_id } = await db.selectFrom('object_store_objects').select('data_id').where('name', '=', 'bad').executeTakeFirstOrThrow()
    await db
      .updateTable('object_store_blobs')
      .set({ data: Buffer.from('other bytes') })
      .where('id', '=', data_id)
      .execute()
  })
  await auditor.step()
  await call('GET', 'rotten', 404)
  await call('GET', 'bad', 404)
  await call('GET', 'fine', 200)
  await call('GET', 'small', 200)
  assert.equal(readdirSync(join(root, 'quarantined')).length, 2)
  const { headers } = await call('HEAD', '', 204)
  assert.deepEqual([headers.get('x-container-object-count'), headers.get('x-container-bytes-used')], ['2', '50005'])
  assert.match(await cloud.cloud.metrics.text(), /nephos_object_store_quarantined_objects 2/)
})

test('files that belong to no object are swept, those of objects stay', async () => {
  await using cloud = await testCloud()
  const { call } = await withContainer(cloud)
  await call('PUT', 'o', 201, { raw: Buffer.alloc(50_000, 'x') })
  const orphan = join(cloud.cloud.config.dataDir, 'object-store', 'data', 'ab', `ab${'0'.repeat(30)}`)
  writeFileSync(orphan, 'x')
  utimesSync(orphan, 1, 1)
  assert.equal(await sweepData(cloud.cloud, 0), 0)
  assert.equal(await sweepData(cloud.cloud, Date.now() + 1000), 1)
  await call('GET', 'o', 200)
})

test('a client that leaves in the midst of an upload leaves nothing', async () => {
  await using cloud = await testCloud()
  const { call, at, member } = await withContainer(cloud)
  await call('PUT', 'o', 201, { raw: 'before' })
  const incoming = join(cloud.cloud.config.dataDir, 'object-store', 'incoming')
  const request = http.request(cloud.url + at('o'), {
    method: 'PUT',
    headers: { 'x-auth-token': await member.token(), 'content-length': 10_000_000 },
  })
  request.on('error', () => {})
  request.write(Buffer.alloc(3_000_000))
  const settle = async (count: number) => {
    for (let i = 0; i < 400 && readdirSync(incoming).length !== count; i++) await new Promise((resolve) => setTimeout(resolve, 5))
    assert.equal(readdirSync(incoming).length, count)
  }
  await settle(1)
  request.destroy()
  await settle(0)
  assert.equal((await call('GET', 'o', 200)).text, 'before')
})
