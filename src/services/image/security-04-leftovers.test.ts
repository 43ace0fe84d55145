// Of data that was deleted, refused or broken off no byte stays in the data folder, nor comes to whoever stores something there next.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import http from 'node:http'
import { join } from 'node:path'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { testCloud } from '../../testing/test-cloud.ts'
import { until } from '../../testing/until.ts'

const MiB = 2 ** 20
const images = '/image/v2/images'
const octets = { 'content-type': 'application/octet-stream' }
const canary = 'canary-of-the-first-tenant '
const secret = Buffer.alloc(2 * MiB, canary)

/** Files below the folder that hold the canary. */
const holding = (folder: string): string[] =>
  readdirSync(folder, { recursive: true })
    .map((name) => join(folder, String(name)))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile() && readFileSync(path).includes(canary))

test('what is gone is gone, however far it came', async () => {
  await using cloud = await testCloud({ settings: { importDecompression: true } })
  const folder = join(cloud.cloud.config.dataDir, 'images')
  const first = await cloud.as('member')
  const make = async (fields: object = {}) =>
    (await first.post(images, { disk_format: 'raw', container_format: 'bare', ...fields }, 201)).body.id as string
  const put = (id: string, what: 'file' | 'stage', raw: Buffer, expected: number) =>
    first.request('PUT', `${images}/${id}/${what}`, { raw, headers: octets, expected })
  const status = async (id: string) => (await first.get(`${images}/${id}`)).body.status

  const whole = await make()
  await put(whole, 'file', secret, 204)
  assert.equal(holding(folder).length, 1)
  await first.delete(`${images}/${whole}`)

  const staged = await make()
  await put(staged, 'stage', secret, 204)
  await first.delete(`${images}/${staged}`)

  const refused = await make({ disk_format: 'qcow2' })
  await put(refused, 'file', secret, 400)

  const damaged = await make({ container_format: 'compressed' })
  await put(damaged, 'stage', gzipSync(secret, { level: 0 }).subarray(0, MiB), 204)
  await first.post(`${images}/${damaged}/import`, { method: { name: 'glance-direct' } }, 202)
  await until('the import has failed', async () => (await status(damaged)) === 'queued')

  const broken = await make()
  const headers = { ...octets, 'x-auth-token': await first.token() }
  const request = http.request(`${cloud.url}${images}/${broken}/file`, { method: 'PUT', headers })
  request.on('error', () => {})
  request.write(secret)
  await until('it has come', () => holding(folder).length > 0)
  request.destroy()
  await until('it is given up', async () => (await status(broken)) === 'queued')
  await until('no file holds it', () => holding(folder).length === 0)
})

test('what another tenant stores next is its own, to the last byte', async () => {
  await using cloud = await testCloud()
  const first = await cloud.as('member')
  const second = await cloud.as('member', 'other')
  const store = async (persona: typeof first, raw: Buffer) => {
    const { id } = (await persona.post(images, { disk_format: 'raw', container_format: 'bare' }, 201)).body
    await persona.request('PUT', `${images}/${id}/file`, { raw, headers: octets, expected: 204 })
    return id as string
  }
  const content = Buffer.concat([Buffer.alloc(MiB, 'mine '), Buffer.from('end')])
  // The same memory and the same places, in turn and at once.
  for (let round = 0; round < 3; round++) {
    const [old, id] = await Promise.all([store(first, secret), store(second, content)])
    await first.delete(`${images}/${old}`)
    for (const [range, expected] of [
      [undefined, content],
      [`bytes=${content.length - 3}-`, Buffer.from('end')],
      ['bytes=0-4', Buffer.from('mine ')],
    ] as const) {
      const answer = await second.request('GET', `${images}/${id}/file`, { headers: range ? { range } : {}, expected: range ? 206 : 200 })
      assert.equal(answer.text, expected.toString())
    }
    await second.get(`${images}/${old}/file`, 404)
  }
})
