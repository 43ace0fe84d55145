import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import type { Persona } from '../../testing/persona.ts'
import { type TestCloud, testCloud } from '../../testing/test-cloud.ts'
import { until } from '../../testing/until.ts'
import { withinRoom } from './data/arrivals.ts'

const MiB = 2 ** 20
const images = '/image/v2/images'
const octets = { 'content-type': 'application/octet-stream' }

test('compressed data that becomes more than an image may have is refused, and leaves nothing', async () => {
  await using cloud = await testCloud({ settings: { importDecompression: true, maxImageBytes: MiB } })
  const member = await cloud.as('member')
  const { id } = (await member.post(images, { disk_format: 'raw', container_format: 'compressed' }, 201)).body
  const bomb = gzipSync(Buffer.alloc(64 * MiB))
  assert.ok(bomb.length < MiB / 8)
  await member.request('PUT', `${images}/${id}/stage`, { raw: bomb, headers: octets, expected: 204 })
  await member.post(`${images}/${id}/import`, { method: { name: 'glance-direct' } }, 202)
  await until('the image is queued', async () => (await member.get(`${images}/${id}`)).body.status === 'queued')
  assert.match((await member.get(`${images}/${id}/tasks`)).body.tasks[0].message, /maximum allowed size/)
  const incoming = join(cloud.cloud.config.dataDir, 'images', 'incoming')
  await until('nothing is left', () => readdirSync(incoming).length === 0)
})

async function bytesQuota({ cloud }: TestCloud, member: Persona, size: number): Promise<void> {
  const projectId = await member.projectId()
  await cloud.database.write((tx) => cloud.quota.setLimits(tx, projectId, { 'image.image_size_total': size }))
}

test('what is unpacked counts against the quota while it is written, whatever it was packed in', async () => {
  await using cloud = await testCloud({ settings: { importDecompression: true } })
  const member = await cloud.as('member')
  await bytesQuota(cloud, member, 8 * MiB)
  const incoming = join(cloud.cloud.config.dataDir, 'images', 'incoming')
  const bring = async (content: Buffer) => {
    const { id } = (await member.post(images, { disk_format: 'raw', container_format: 'compressed' }, 201)).body
    await member.request('PUT', `${images}/${id}/stage`, { raw: content, headers: octets, expected: 204 })
    await member.post(`${images}/${id}/import`, { method: { name: 'glance-direct' } }, 202)
    return id
  }
  // A quarter of a MiB that would be a quarter of a GiB, and four of them at once.
  const bomb = gzipSync(Buffer.alloc(256 * MiB))
  assert.ok(bomb.length < MiB / 3)
  for (const id of await Promise.all(Array.from({ length: 4 }, () => bring(bomb)))) {
    await until('the image is queued', async () => (await member.get(`${images}/${id}`)).body.status === 'queued')
    const told = async () => (await member.get(`${images}/${id}/tasks`)).body.tasks[0].message
    await until('the task says why', async () => (await told()) !== '')
    assert.match(await told(), /maximum allowed size/)
  }
  await until('nothing is left', () => readdirSync(incoming).length === 0)
  const fits = await bring(gzipSync(Buffer.alloc(6 * MiB)))
  await until('the image is active', async () => (await member.get(`${images}/${fits}`)).body.status === 'active')
  const quota = await cloud.cloud.quota.show(cloud.cloud.database.read, await member.projectId(), 'image.')
  assert.equal(quota.image_size_total!.in_use, 6 * MiB)
})

test('uploads that go on at the same time have the quota together', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  await bytesQuota(cloud, member, 4 * MiB)
  const make = async () => (await member.post(images, { disk_format: 'raw', container_format: 'bare' }, 201)).body.id as string
  const [slow, other] = [await make(), await make()]
  const headers = { ...octets, 'x-auth-token': await member.token() }
  const request = http.request(`${cloud.url}${images}/${slow}/file`, { method: 'PUT', headers })
  const answer = once(request, 'response')
  request.write(Buffer.alloc(3 * MiB))
  const { arrivals } = cloud.cloud.image
  const owner = await member.projectId()
  await until('it has come', () => arrivals.of(owner) >= 3 * MiB)
  await member.request('PUT', `${images}/${other}/file`, { raw: Buffer.alloc(3 * MiB), headers: octets, expected: 413 })
  request.end()
  assert.equal((await answer)[0].statusCode, 204)
  assert.equal(arrivals.of(owner), 0)
  await member.request('PUT', `${images}/${other}/file`, { raw: Buffer.alloc(MiB), headers: octets, expected: 204 })
})

test('whatever comes at once, no more than the quota is let through', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  await bytesQuota(cloud, member, 8 * MiB + 1)
  const owner_id = await member.projectId()
  let passed = 0
  async function* endless() {
    for (;;) {
      await new Promise(setImmediate)
      yield Buffer.alloc(MiB / 16)
    }
  }
  const drain = async (key: string) => {
    cloud.cloud.image.arrivals.begin(key, owner_id)
    for await (const chunk of withinRoom(cloud.cloud, { id: key, owner_id }, key, endless())) passed += chunk.length
  }
  const ends = await Promise.allSettled(Array.from({ length: 16 }, (_, i) => drain(`upload-${i}`)))
  for (const end of ends) assert.equal(end.status === 'rejected' && (end.reason as { status: number }).status, 413)
  assert.ok(passed > 6 * MiB && passed <= 8 * MiB + 1, String(passed))
})

const most = { importDownloads: 6, importDownloadsOfProject: 3 }

test('of many downloads only some go on at the same time, and one project does not take all of them', async () => {
  const open = new Map<string, Set<http.ServerResponse>>()
  const source = http.createServer((request, response) => {
    const project = request.url!
    const waiting = open.get(project) ?? new Set()
    open.set(project, waiting.add(response))
    response.on('close', () => waiting.delete(response))
    response.write('begun')
  })
  await new Promise<void>((resolve) => source.listen(0, '127.0.0.1', resolve))
  try {
    await using cloud = await testCloud({ settings: { importPorts: 'any', importPrivate: true, ...most } })
    const count = () => [...open.values()].map((waiting) => waiting.size)
    const sum = () => count().reduce((all, one) => all + one, 0)
    const ids: [project: string, id: string][] = []
    for (const project of ['a', 'b', 'c']) {
      const member = await cloud.as('member', project)
      for (let i = 0; i < 8; i++) {
        const { id } = (await member.post(images, { disk_format: 'raw', container_format: 'bare' }, 201)).body
        const uri = `http://127.0.0.1:${(source.address() as AddressInfo).port}/${project}`
        await member.post(`${images}/${id}/import`, { method: { name: 'web-download', uri } }, 202)
        ids.push([project, id])
      }
    }
    await until('as many as may go on', () => sum() === most.importDownloads)
    await cloud.settled()
    assert.equal(sum(), most.importDownloads)
    assert.ok(count().every((one) => one <= most.importDownloadsOfProject))
    // What has ended makes room for the next, until all are there.
    let ended = 0
    await until('all have ended', async () => {
      for (const waiting of open.values()) {
        for (const response of waiting) {
          assert.ok(sum() <= most.importDownloads)
          waiting.delete(response)
          response.end()
          ended++
        }
      }
      return ended === ids.length
    })
    for (const [project, id] of ids) {
      const member = await cloud.as('member', project)
      await until('the image is active', async () => (await member.get(`${images}/${id}`)).body.status === 'active')
    }
  } finally {
    source.closeAllConnections()
    source.close()
  }
})
