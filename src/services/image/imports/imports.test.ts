import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Persona } from '../../../testing/persona.ts'
import { type TestCloud, testCloud } from '../../../testing/test-cloud.ts'
import { until } from '../../../testing/until.ts'

const settings = { importPorts: 'any', importPrivate: true }
const images = '/image/v2/images'
const octets = { 'content-type': 'application/octet-stream' }
const raw = { disk_format: 'raw', container_format: 'bare' }

async function serve(answer: http.RequestListener) {
  const server = http.createServer(answer)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/image`
  return {
    url,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

/** The first task of the image, once it has ended. */
async function ended(persona: Persona, id: string) {
  const first = async () => (await persona.get(`${images}/${id}/tasks`)).body.tasks[0]
  await until('the task ends', async () => !['pending', 'processing', undefined].includes((await first())?.status))
  return first()
}

const files = ({ cloud }: TestCloud) => readdirSync(join(cloud.config.dataDir, 'images'), { recursive: true }).map(String).sort()
const create = async (persona: Persona, more = {}) => (await persona.post(images, { ...raw, ...more }, 201)).body.id as string
const importFrom = (persona: Persona, id: string, uri: string, expected = 202) =>
  persona.post(`${images}/${id}/import`, { method: { name: 'web-download', uri } }, expected)

test('staged data waits over a restart and becomes the image by its import', async () => {
  await using cloud = await testCloud({ settings })
  const member = await cloud.as('member')
  const id = await create(member)
  const body = { method: { name: 'glance-direct' } }
  await member.post(`${images}/${id}/import`, body, 409)
  await member.request('PUT', `${images}/${id}/stage`, { raw: 'staged', headers: octets, expected: 204 })
  assert.equal((await member.get(`${images}/${id}`)).body.status, 'uploading')
  await member.request('PUT', `${images}/${id}/stage`, { raw: 'again', headers: octets, expected: 409 })
  await member.request('GET', `${images}/${id}/file`, { expected: 204 })
  await cloud.restart()
  const answer = await member.post(`${images}/${id}/import`, body, 202)
  const task = await ended(member, id)
  assert.equal(task.status, 'success')
  assert.equal(task.type, 'api_image_import')
  assert.equal(task.request_id, answer.headers.get('x-openstack-request-id'))
  assert.equal(task.input.import_req.method.name, 'glance-direct')
  const image = (await member.get(`${images}/${id}`)).body
  assert.deepEqual([image.status, image.size, image.stores], ['active', 6, 'file'])
  assert.deepEqual([image.os_glance_importing_to_stores, image.os_glance_failed_import], ['', ''])
  assert.equal(image.os_hash_value, createHash('sha512').update('staged').digest('hex'))
  assert.equal((await member.get(`${images}/${id}/file`)).text, 'staged')
  await until('the staged file is gone', () => files(cloud).length === 2)
  assert.deepEqual(files(cloud), [id, 'incoming'].sort())
  const { body: usage } = await cloud.admin.get(`/image/v2/images/${id}`)
  assert.equal(usage.checksum, createHash('md5').update('staged').digest('hex'))
})

test('data is fetched from an address', async () => {
  const data = Buffer.alloc(3 * 2 ** 20, 7)
  await using server = await serve((_, response) => response.end(data))
  await using cloud = await testCloud({ settings })
  const member = await cloud.as('member')
  const id = await create(member)
  await importFrom(member, id, server.url)
  assert.equal((await ended(member, id)).status, 'success')
  const image = (await member.get(`${images}/${id}`)).body
  assert.deepEqual([image.status, image.size], ['active', data.length])
  await importFrom(member, id, server.url, 409)
})

test('what fails leaves a queued image and no file', async () => {
  await using server = await serve((request, response) => {
    if (request.headers.host?.startsWith('nowhere')) response.end()
    response.writeHead(200, { 'content-length': 5 * 2 ** 20 })
    response.write(Buffer.alloc(2 ** 20), () => response.destroy())
  })
  await using missing = await serve((_, response) => response.writeHead(404).end())
  await using evil = await serve((_, response) => response.end(Buffer.concat([Buffer.from('QFI\xfb', 'latin1'), Buffer.alloc(4096)])))
  await using large = await serve((_, response) => response.writeHead(200, { 'content-length': 2 ** 40 }).end('x'))
  await using cloud = await testCloud({ settings: { ...settings, maxImageBytes: 2 ** 24 } })
  const member = await cloud.as('member')
  const cases: [string, RegExp][] = [
    [server.url, /broke off/],
    [missing.url, /status 404/],
    [evil.url, /format|qcow2|image/i],
    [large.url, /maximum allowed size/],
    ['http://127.0.0.1:1/', /cannot be reached/],
  ]
  for (const [url, message] of cases) {
    const id = await create(member)
    await importFrom(member, id, url)
    const task = await ended(member, id)
    assert.equal(task.status, 'failure')
    assert.match(task.message, message)
    assert.ok(task.expires_at)
    const image = (await member.get(`${images}/${id}`)).body
    assert.deepEqual([image.status, image.size, image.os_glance_failed_import], ['queued', null, 'file'])
    await until('no file', () => files(cloud).join() === 'incoming') // removed after the transaction that says so
  }
})

test('an import goes on after a restart, and one whose image was deleted leaves nothing', async () => {
  let open: http.ServerResponse | null = null
  let requests = 0
  await using server = await serve((_, response) => {
    if (requests++) response.end('whole')
    else {
      open = response
      response.write('half')
    }
  })
  await using cloud = await testCloud({ settings })
  const member = await cloud.as('member')
  const id = await create(member)
  await importFrom(member, id, server.url)
  await until('the request for the data', () => open !== null)
  assert.equal((await member.get(`${images}/${id}`)).body.status, 'importing')
  await cloud.restart()
  assert.equal((await ended(member, id)).status, 'success')
  assert.equal((await member.get(`${images}/${id}/file`)).text, 'whole')
  ;(open as http.ServerResponse | null)?.destroy()

  requests = 0
  open = null
  const doomed = await create(member)
  await importFrom(member, doomed, server.url)
  await until('the request for the data', () => open !== null)
  await member.delete(`${images}/${doomed}`)
  ;(open as unknown as http.ServerResponse).end(' and half')
  await until('other files are gone', () => files(cloud).length <= 2)
  assert.deepEqual(files(cloud), [id, 'incoming'].sort())
})

test('the quota of bytes holds for imports and for what waits for one', async () => {
  await using server = await serve((_, response) => response.end(Buffer.alloc(600)))
  await using cloud = await testCloud({ settings })
  const member = await cloud.as('member')
  const projectId = await member.projectId()
  await cloud.cloud.database.write(async ({ db }) => {
    await db.insertInto('quota_limits').values({ project_id: projectId, resource: 'image.image_size_total', hard_limit: 1000 }).execute()
  })
  const first = await create(member)
  await member.request('PUT', `${images}/${first}/stage`, { raw: Buffer.alloc(700), headers: octets, expected: 204 })
  const second = await create(member)
  await member.request('PUT', `${images}/${second}/stage`, { raw: Buffer.alloc(400), headers: octets, expected: 413 })
  const usage = async (persona: Persona) =>
    Object.values((await persona.get('/image/v2/info/usage')).body.usage as Record<string, { limit: number; usage: number }>)
  const told = (limits: number[], used: number[]) => used.map((one, index) => ({ limit: limits[index], usage: one }))
  assert.deepEqual(await usage(member), told([0, -1, 1000, -1], [0, 1, 2, 1]))
  assert.deepEqual(await usage(await cloud.as('reader', 'project-2')), told([2 ** 20, -1, 1000, -1], [0, 0, 0, 0]))
  await importFrom(member, second, server.url)
  assert.match((await ended(member, second)).message, /size/)
  await member.post(`${images}/${first}/import`, { method: { name: 'glance-direct' } }, 202)
  assert.equal((await ended(member, first)).status, 'success')
  assert.deepEqual(await usage(member), told([0, -1, 1000, -1], [1, 0, 2, 0]))
})

test('copying to the one store there is checks the data', async () => {
  await using cloud = await testCloud({ settings })
  const { admin } = cloud
  const member = await cloud.as('member')
  const id = await create(member)
  const copy = (more: object) => ({ method: { name: 'copy-image' }, ...more })
  await member.request('PUT', `${images}/${id}/file`, { raw: 'data', headers: octets, expected: 204 })
  await member.post(`${images}/${id}/import`, copy({ all_stores: true }), 403)
  await admin.post(`${images}/${id}/import`, copy({ stores: ['file'] }), 409)
  await admin.post(`${images}/${id}/import`, copy({ stores: ['other'] }), 409)
  await admin.post(`${images}/${id}/import`, copy({ all_stores: true }), 202)
  assert.equal((await ended(member, id)).status, 'success')
  writeFileSync(join(cloud.cloud.config.dataDir, 'images', id), 'dada')
  await cloud.cloud.database.write(async ({ db }) => void (await db.deleteFrom('image_tasks').execute()))
  await admin.post(`${images}/${id}/import`, copy({ all_stores: true }), 202)
  assert.match((await ended(member, id)).message, /damaged/)
  assert.equal((await member.get(`${images}/${id}`)).body.status, 'active')
})

test('administrators import by tasks, which expire', async () => {
  await using server = await serve((_, response) => response.end('by task'))
  let now = Date.parse('2030-01-01T00:00:00Z')
  const clock = { now: () => now, sleep: (ms: number, signal?: AbortSignal) => sleep(ms, signal) }
  await using cloud = await testCloud({ settings: { ...settings, tokenLifetime: 10 * 86_400 }, clock: clock as never })
  const { admin } = cloud
  const member = await cloud.as('member')
  const body = {
    type: 'import',
    input: { import_from: server.url, import_from_format: 'raw', image_properties: { name: 'i', container_format: 'bare' } },
  }
  await member.post('/image/v2/tasks', body, 403)
  await member.get('/image/v2/tasks', 403)
  for (const bad of [{}, { type: 'export', input: body.input }, { type: 'import' }, { type: 'import', input: {} }, { ...body, more: 1 }])
    await admin.post('/image/v2/tasks', bad, 400)
  await admin.post('/image/v2/tasks', { ...body, input: { ...body.input, import_from: 'ftp://example.org/' } }, 400)
  const made = await admin.post('/image/v2/tasks', body, 201)
  assert.ok(made.headers.get('location')!.endsWith(`/v2/tasks/${made.body.id}`))
  assert.equal(made.body.status, 'pending')
  const done = await ended(admin, made.body.image_id)
  assert.deepEqual(done.result, { image_id: made.body.image_id })
  assert.equal(done.expires_at, '2030-01-03T00:00:00Z')
  assert.equal((await admin.get(`/image/v2/tasks/${made.body.id}`)).body.status, 'success')
  assert.equal((await admin.get(`${images}/${made.body.image_id}`)).body.name, 'i')
  const list = async (query: string) => (await admin.get(`/image/v2/tasks?${query}`)).body.tasks.length
  assert.deepEqual(await Promise.all([list('status=success'), list('status=failure'), list('type=import'), list('limit=0')]), [1, 0, 1, 0])
  await admin.get('/image/v2/tasks?status=odd', 400)
  await admin.get('/image/v2/tasks/none', 404)
  now += 49 * 3600_000
  const { purgeTasks } = await import('../tasks/tasks.ts')
  await purgeTasks(cloud.cloud)
  await admin.get(`/image/v2/tasks/${made.body.id}`, 404)
})

const sleep = (ms: number, signal?: AbortSignal) =>
  new Promise<void>((resolve) => {
    if (signal?.aborted) return resolve()
    const timer = setTimeout(resolve, ms)
    signal?.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })

test('what may be imported and where it goes can be asked', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  assert.deepEqual((await member.get('/image/v2/info/import')).body['import-methods'].value, [
    'glance-direct',
    'web-download',
    'copy-image',
  ])
  assert.equal((await member.get('/image/v2/info/stores')).body.stores[0].id, 'file')
  await member.get('/image/v2/info/stores/detail', 403)
  assert.equal((await cloud.admin.get('/image/v2/info/stores/detail')).body.stores[0].type, 'file')
  const id = await create(member)
  const stranger = await cloud.as('member', 'project-2')
  const reader = await cloud.as('reader')
  const body = { method: { name: 'web-download', uri: 'http://example.org/' } }
  await stranger.post(`${images}/${id}/import`, body, 404)
  await stranger.get(`${images}/${id}/tasks`, 404)
  await reader.post(`${images}/${id}/import`, body, 403)
  await stranger.request('PUT', `${images}/${id}/stage`, { raw: 'x', headers: octets, expected: 404 })
  await reader.request('PUT', `${images}/${id}/stage`, { raw: 'x', headers: octets, expected: 403 })
  await member.request('PUT', `${images}/${id}/stage`, { raw: 'x', headers: { 'content-type': 'text/plain' }, expected: 415 })
  const bad = [
    {},
    { method: 'x' },
    { method: { name: 'other' } },
    { method: { name: 'web-download' } },
    { ...body, more: 1 },
    { ...body, stores: ['file'], all_stores: true },
  ]
  for (const wrong of bad) await member.post(`${images}/${id}/import`, wrong, 400)
})
