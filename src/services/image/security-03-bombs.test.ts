import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { testCloud } from '../../testing/test-cloud.ts'
import { until } from '../../testing/until.ts'
import { parallelDownloads } from './imports/jobs.ts'

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
    await using cloud = await testCloud({ settings: { importPorts: 'any', importPrivate: true } })
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
    await until('as many as may go on', () => sum() === parallelDownloads.inAll)
    await cloud.settled()
    assert.equal(sum(), parallelDownloads.inAll)
    assert.ok(count().every((one) => one <= parallelDownloads.ofProject))
    // What has ended makes room for the next, until all are there.
    let ended = 0
    await until('all have ended', async () => {
      for (const waiting of open.values()) {
        for (const response of waiting) {
          assert.ok(sum() <= parallelDownloads.inAll)
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
