import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { stringify } from 'yaml'
import { withContainer } from '../../../testing/object-store/store.ts'
import { testCloud } from '../../../testing/test-cloud.ts'
import { syncContainers } from './worker.ts'

test('a manifest without its segments keeps back no other name and no other container', async () => {
  await using cloud = await testCloud()
  const { account, member } = await withContainer(cloud, 'to', { 'x-container-sync-key': 'secret' })
  const headers = { 'x-container-sync-to': `${cloud.url}${account}/to`, 'x-container-sync-key': 'secret' }
  // More of them than containers are copied at the same time.
  for (let i = 0; i < 5; i++) {
    const below = `${account}/from${i}`
    await member.request('PUT', below, { headers, expected: 201 })
    await member.request('PUT', `${below}/segment`, { raw: 'text', expected: 201 })
    await member.request('PUT', `${below}/a${i}?multipart-manifest=put`, {
      raw: JSON.stringify([{ path: `from${i}/segment` }]),
      expected: 201,
    })
    await member.request('DELETE', `${below}/segment`, { expected: 204 })
    await member.request('PUT', `${below}/b${i}`, { raw: 'text', expected: 201 })
  }
  await syncContainers(cloud.cloud)
  assert.equal((await member.request('GET', `${account}/to`)).text, 'b0\nb1\nb2\nb3\nb4\n')
})

test('a partner that never ends its answer, or changes the protocol, holds no connection and no lane', { timeout: 60_000 }, async () => {
  await using cloud = await testCloud()
  const held = new Set<Socket>()
  let upgrades = false
  const partner = createServer((socket) => {
    held.add(socket.on('error', () => {}).on('close', () => held.delete(socket)))
    socket.once('data', () => {
      if (upgrades) return void socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n')
      socket.write('HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n')
      const piece = `4000\r\n${'x'.repeat(0x4000)}\r\n`
      const more = setInterval(() => socket.write(piece), 10)
      socket.once('close', () => clearInterval(more))
    })
  })
  partner.listen(0, '127.0.0.1')
  await once(partner, 'listening')
  try {
    const host = `127.0.0.1:${(partner.address() as AddressInfo).port}`
    writeFileSync(join(cloud.cloud.config.dataDir, 'object-store.yaml'), stringify({ sync: { hosts: [host] } }))
    await cloud.restart()
    const { call } = await withContainer(cloud, 'c', { 'x-container-sync-to': `http://${host}/v1/a/c`, 'x-container-sync-key': 'k' })
    await call('PUT', 'o', 201, { raw: 'text' })
    await syncContainers(cloud.cloud)
    for (let i = 0; held.size && i < 500; i++) await new Promise((done) => setTimeout(done, 10))
    assert.equal(held.size, 0)
    upgrades = true
    await call('PUT', 'o', 201, { raw: 'more' })
    await syncContainers(cloud.cloud)
    assert.equal((await cloud.cloud.database.read.selectFrom('object_store_sync').selectAll().execute()).length, 1)
  } finally {
    for (const socket of held) socket.destroy()
    partner.close()
  }
})
