import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { bytesOf, cloudAt, images, raw, settingsFile, until, withData } from '../../../testing/image/stores.ts'
import { s3Server } from '../../../testing/s3-server.ts'
import { testCloud } from '../../../testing/test-cloud.ts'

test('images of stores that are far away are kept on the local disk: asked for, or after they were read', async () => {
  await using server = await s3Server()
  using file = settingsFile(server.settings)
  const { cloud: made, pass } = await cloudAt(file, { imageCacheBytes: 10 * 2 ** 20 })
  await using cloud = made
  const member = await cloud.as('member')
  const { admin } = cloud
  const list = async () => (await admin.get('/image/v2/cache')).body
  const cachedIds = async () => (await list()).cached_images.map(({ image_id }: { image_id: string }) => image_id).sort()
  await member.get('/image/v2/cache', 403)
  const data = randomBytes(4 * 2 ** 20)
  const first = await withData(member, data, 'archive')
  const { id: queued } = (await member.post(images, raw, 201)).body
  await admin.put(`/image/v2/cache/${queued}`, undefined, 400)
  await admin.put('/image/v2/cache/none', undefined, 404)
  await member.put(`/image/v2/cache/${first}`, undefined, 403)
  await admin.put(`/image/v2/cache/${first}`, undefined, 202)
  await until(async () => (await cachedIds()).includes(first))
  await until(async () => (await list()).queued_images.length === 0)
  await server.stop()
  assert.ok((await bytesOf(cloud, member, first)).equals(data))
  assert.ok((await bytesOf(cloud, member, first, 'bytes=100-199')).equals(data.subarray(100, 200)))
  const [entry] = (await list()).cached_images
  assert.deepEqual([entry.hits, entry.size], [2, data.length])
  assert.ok(Math.abs(entry.last_accessed * 1000 - Date.now()) < 60_000)
  await server.start()

  // What was read once is kept, and what was not read for longest goes when there is no more room.
  pass(10)
  const second = await withData(member, data, 'objects')
  await bytesOf(cloud, member, second)
  await until(async () => (await cachedIds()).length === 2)
  pass(10)
  await bytesOf(cloud, member, first)
  const third = await withData(member, data, 'archive')
  await admin.put(`/image/v2/cache/${third}`, undefined, 202)
  await until(async () => (await cachedIds()).includes(third))
  await cloud.cloud.image.cache.run()
  assert.deepEqual(await cachedIds(), [first, third].sort())
  await cloud.restart()
  assert.deepEqual(await cachedIds(), [first, third].sort())

  await member.delete(`${images}/${first}`)
  await until(async () => !(await cachedIds()).includes(first))
  await admin.delete(`/image/v2/cache/${third}`)
  await admin.delete(`/image/v2/cache/${third}`, 404)
  await admin.request('DELETE', '/image/v2/cache', { headers: { 'x-image-cache-clear-target': 'invalid' }, expected: 400 })
  await admin.delete('/image/v2/cache')
  assert.deepEqual(await list(), { cached_images: [], queued_images: [] })
})

test('without a cache there is none to be asked for', async () => {
  await using cloud = await testCloud()
  await cloud.admin.get('/image/v2/cache', 404)
})
