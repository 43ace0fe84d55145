import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, readdirSync, readlinkSync, utimesSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import { join } from 'node:path'
import { test } from 'node:test'
import { steppedClock } from '../../../environment.ts'
import { withContainer } from '../../../testing/object-store/store.ts'
import { testCloud } from '../../../testing/test-cloud.ts'
import { until } from '../../../testing/until.ts'
import { expireObjects } from '../objects/expire.ts'
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
  assert.equal(await auditor.step(), 0) // older versions
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
  mkdirSync(join(orphan, '..'), { recursive: true })
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
    await until(`${count} files that come in`, () => readdirSync(incoming).length === count)
  }
  await settle(1)
  request.destroy()
  await settle(0)
  assert.equal((await call('GET', 'o', 200)).text, 'before')
})

test('older versions are audited too, and stay when the time of the object is over', async () => {
  const clock = steppedClock()
  await using cloud = await testCloud({ clock })
  const { call } = await withContainer(cloud, 'things', { 'x-versions-enabled': 'true' })
  const root = join(cloud.cloud.config.dataDir, 'object-store')
  const rotten = (await call('PUT', 'o', 201, { raw: Buffer.alloc(50_000, 'x') })).headers.get('x-object-version-id')
  const [file] = readdirSync(join(root, 'data'), { recursive: true }).filter((f) => String(f).length > 4)
  const ending = (await call('PUT', 'o', 201, { raw: 'ending', headers: { 'x-delete-after': '10' } })).headers.get('x-object-version-id')
  await call('PUT', 'o', 201, { raw: 'present' })
  const auditor = createAuditor(cloud.cloud)
  assert.deepEqual([await auditor.step(), await auditor.step(), await auditor.step()], [1, 2, 1])
  await call('GET', `o?version-id=${rotten}`, 200)
  writeFileSync(join(root, 'data', String(file)), Buffer.alloc(50_000, 'y'))
  await auditor.step()
  await call('GET', `o?version-id=${rotten}`, 404)
  assert.equal(readdirSync(join(root, 'quarantined')).length, 1)
  const bytes = async () => (await call('HEAD', '', 204)).headers.get('x-container-bytes-used')
  assert.equal(await bytes(), String('ending'.length + 'present'.length))
  await call('GET', `o?version-id=${ending}`, 200)
  await clock.advance(11_000)
  await expireObjects(cloud.cloud)
  assert.equal((await call('GET', `o?version-id=${ending}`, 200)).headers.get('x-delete-at'), null)
  assert.equal((await call('GET', 'o', 200)).text, 'present')
  // The present one ends, and is a version from then on.
  const last = (await call('PUT', 'o', 201, { raw: 'last', headers: { 'x-delete-after': '10' } })).headers.get('x-object-version-id')
  await clock.advance(11_000)
  for (const expire of [async () => {}, () => expireObjects(cloud.cloud)]) {
    await expire()
    await call('GET', 'o', 404)
    assert.equal((await call('GET', `o?version-id=${last}`, 200)).text, 'last')
  }
  assert.equal(await bytes(), String('endingpresentlast'.length))
})

test('a slow reader gets the object that it began with, and holds nobody up', async () => {
  await using cloud = await testCloud()
  const { call, at, member } = await withContainer(cloud)
  const body = randomBytes(20_000_000)
  await call('PUT', 'o', 201, { raw: body })
  const headers = { 'x-auth-token': await member.token() }
  const answer = await new Promise<http.IncomingMessage>((resolve, reject) =>
    http.get(cloud.url + at('o'), { headers }, resolve).on('error', reject),
  )
  answer.pause()
  await call('PUT', 'o', 201, { raw: 'new' })
  assert.equal((await call('GET', 'o', 200)).text, 'new')
  await call('DELETE', 'o', 204)
  const chunks: Buffer[] = []
  for await (const chunk of answer) chunks.push(chunk)
  assert.ok(Buffer.concat(chunks).equals(body))
})

test('clients that leave in the midst leave no open file behind', async () => {
  await using cloud = await testCloud()
  const { call, at, member } = await withContainer(cloud)
  await call('PUT', 'o', 201, { raw: Buffer.alloc(20_000_000) })
  const token = { 'x-auth-token': await member.token() }
  const files = () =>
    readdirSync('/proc/self/fd').filter((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`).includes('/object-store/')
      } catch {
        return false // closed meanwhile
      }
    }).length
  const leaving = Array.from({ length: 20 }, (_, index) => {
    const url = cloud.url + at(index % 2 ? 'o' : `new${index}`)
    const request =
      index % 2 ? http.get(url, { headers: token }) : http.request(url, { method: 'PUT', headers: { ...token, 'content-length': 9e6 } })
    request.on('error', () => {})
    if (index % 2 === 0) request.write(Buffer.alloc(2_000_000))
    return { request, begun: index % 2 ? once(request, 'response') : Promise.resolve() }
  })
  await Promise.all(leaving.map(({ begun }) => begun))
  await until('20 open files', () => files() === 20)
  for (const { request } of leaving) request.destroy()
  await until('no open file', () => files() === 0)
})
