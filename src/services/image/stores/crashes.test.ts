// The process dies in the midst of bringing data to stores, or out of them: what was promised is there afterwards, and nothing else.
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { stringify } from 'yaml'
import { migrations } from '../../../../migrations/index.ts'
import { createEnvironment, systemClock } from '../../../environment.ts'
import { createS3Client } from '../../../s3-client/client.ts'
import { cloudProcess } from '../../../testing/cloud-process.ts'
import { testDatabaseUrl } from '../../../testing/database.ts'
import { images, octets, raw, rowsOf, until } from '../../../testing/image/stores.ts'
import type { Persona } from '../../../testing/persona.ts'
import { ownS3Bucket } from '../../../testing/s3-server.ts'
import { type TestCloud, testCloud } from '../../../testing/test-cloud.ts'
import { findOrphans } from './verify.ts'

const task = async (persona: Persona, id: string) => (await persona.get(`${images}/${id}/tasks`)).body.tasks[0]
const hasEnded = async (persona: Persona, id: string) => ['success', 'failure'].includes((await task(persona, id))?.status)

/** Tries `check` until it passes; throws what it threw last when it does not for a minute. */
async function eventually(check: () => Promise<void>): Promise<void> {
  for (const end = Date.now() + 60_000; ; ) {
    try {
      return await check()
    } catch (error) {
      if (Date.now() > end) throw error
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}

/** Runs the import in a cloud that dies after its first transaction, then in one that dies after the second ..., or after each `step`th; gives how often it could have died. */
async function dying(
  imageStores: string,
  begin: (cloud: TestCloud, member: Persona) => Promise<string>,
  check: (cloud: TestCloud, member: Persona, id: string) => Promise<void>,
  step = 1,
): Promise<number> {
  const clock = { now: systemClock.now, sleep: (ms: number, signal?: AbortSignal) => systemClock.sleep(ms / 20, signal) }
  for (let after = 1; ; after += step) {
    await using cloud = await testCloud({ settings: { imageStores }, clock })
    const member = await cloud.as('member')
    let died = false
    void cloud.cloud.tasks.dieAfter('image.import', after).then(() => {
      died = true
    })
    const id = await begin(cloud, member)
    await until(async () => died || (await hasEnded(member, id)))
    // The last transaction may be the one that it was to die after.
    died ||= !(await cloud.cloud.tasks.idle())
    if (died) await cloud.restart()
    await until(() => hasEnded(member, id))
    await until(() => readdirSync(join(cloud.cloud.config.dataDir, 'images', 'incoming')).length === 0)
    // What the try that died had written is removed soon after, not before the task has ended.
    await eventually(async () => {
      await check(cloud, member, id)
      const { orphans } = await findOrphans({ database: cloud.cloud.database, stores: cloud.cloud.image.stores })
      assert.deepEqual(
        orphans.filter(({ key }) => key.startsWith(id)),
        [],
        `after ${after}`,
      )
    })
    if (!died) return after - 1
  }
}

async function stage(member: Persona, body: object): Promise<string> {
  const { id } = (await member.post(images, raw, 201)).body
  await member.request('PUT', `${images}/${id}/stage`, { raw: 'staged', headers: octets, expected: 204 })
  await member.post(`${images}/${id}/import`, { method: { name: 'glance-direct' }, ...body }, 202)
  return id
}

test('an import to two stores, and a copy to another one, survive a death after any step', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'nephos-crash-'))
  try {
    const path = join(folder, 'stores.yaml')
    const stores = { file: { type: 'file' }, objects: { type: 'object-store' }, other: { type: 'file', path: join(folder, 'other') } }
    writeFileSync(path, stringify({ stores }))
    const whole = (wanted: string[]) => async (cloud: TestCloud, member: Persona, id: string) => {
      assert.equal((await task(member, id)).status, 'success')
      const image = (await member.get(`${images}/${id}`)).body
      assert.deepEqual([image.status, image.stores.split(',').sort()], ['active', wanted])
      assert.deepEqual([image.os_glance_importing_to_stores, image.os_glance_failed_import], ['', ''])
      assert.equal((await member.get(`${images}/${id}/file`)).text, 'staged')
      assert.ok((await rowsOf(cloud, id)).every(({ state }) => state === 'active'))
    }
    const anyhow = { stores: ['other', 'file'], all_stores_must_succeed: false }
    const deaths = await dying(path, (_, member) => stage(member, anyhow), whole(['file', 'other']), 2)
    assert.ok(deaths >= 4, String(deaths))
    await dying(
      path,
      async (cloud, member) => {
        const { id } = (await member.post(images, raw, 201)).body
        await member.request('PUT', `${images}/${id}/file`, { raw: 'staged', headers: octets, expected: 204 })
        await cloud.admin.post(`${images}/${id}/import`, { method: { name: 'copy-image' }, stores: ['objects'] }, 202)
        return id
      },
      whole(['file', 'objects']),
      3,
    )
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test('an import that fails in its second store leaves nothing in the first, whenever the process dies', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'nephos-crash-'))
  try {
    const path = join(folder, 'stores.yaml')
    const away = { type: 's3', endpoint: 'http://127.0.0.1:1', bucket: 'b', 'access-key': 'a', 'secret-key': 's' }
    writeFileSync(path, stringify({ stores: { file: { type: 'file' }, away } }), { mode: 0o600 })
    await dying(
      path,
      (_, member) => stage(member, { all_stores: true }),
      async (cloud, member, id) => {
        assert.match((await task(member, id)).message, /away did not take/)
        const image = (await member.get(`${images}/${id}`)).body
        assert.deepEqual([image.status, image.stores, image.os_glance_failed_import], ['queued', undefined, 'file,away'])
        // What the store that is away may have got is removed when it is back.
        await until(async () => (await rowsOf(cloud, id)).every(({ store, state }) => store === 'away' && state === 'removing'))
      },
      2,
    )
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

/** Passes bytes on to the port until `limit` of them have gone there; then it keeps still until it is opened. */
async function gate(port: number) {
  let passed = 0
  let limit = Number.POSITIVE_INFINITY
  const sockets = new Set<net.Socket>()
  const server = net.createServer((inner) => {
    const outer = net.connect(port, '127.0.0.1')
    for (const socket of [inner, outer]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        sockets.delete(socket)
        inner.destroy()
        outer.destroy()
      })
    }
    inner.on('data', (bytes) => {
      passed += bytes.length
      if (passed > limit) return void inner.pause()
      outer.write(bytes)
    })
    outer.pipe(inner)
  })
  server.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  return {
    port: (server.address() as net.AddressInfo).port,
    isShut: () => passed > limit,
    shutAfter(bytes: number) {
      passed = 0
      limit = bytes
    },
    open() {
      limit = Number.POSITIVE_INFINITY
    },
    [Symbol.dispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}

test('killed while data goes to S3, and while it is removed from there, the cloud finds its way back', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'nephos-crash-'))
  await using service = await testCloud()
  const bucket = await ownS3Bucket(service)
  using way = await gate(Number(new URL(service.url).port))
  const client = createS3Client(bucket, createEnvironment())
  const { url: databaseUrl, drop } = await testDatabaseUrl(migrations)
  const imageStores = join(folder, 'stores.yaml')
  const endpoint = bucket.endpoint.replace(/:\d+\//, `:${way.port}/`)
  const archive = {
    type: 's3',
    endpoint,
    bucket: bucket.bucket,
    'access-key': bucket.accessKey,
    'secret-key': bucket.secretKey,
    'part-mib': 5,
  }
  writeFileSync(imageStores, stringify({ stores: { archive } }), { mode: 0o600 })
  const settings = { dataDir: join(folder, 'data'), databaseUrl, imageStores }
  let cloud = await cloudProcess(settings)
  const objects = async () => {
    const keys: string[] = []
    for await (const { entries } of client.list('')) keys.push(...entries.map(({ key }) => key))
    for await (const { entries } of client.uploads('')) keys.push(...entries.map(({ key }) => `upload of ${key}`))
    return keys
  }
  try {
    const { id } = (await cloud.admin.post(images, raw, 201)).body
    const data = Buffer.alloc(16 * 2 ** 20, 'data')
    const headers = { ...octets, 'x-auth-token': await cloud.admin.token() }
    way.shutAfter(8 * 2 ** 20)
    const request = http.request(`${cloud.url}${images}/${id}/file`, { method: 'PUT', headers })
    request.on('error', () => {})
    request.end(data)
    await until(() => way.isShut())
    assert.deepEqual(await objects(), [`upload of ${id}`])
    await cloud.kill()
    way.open()

    cloud = await cloudProcess(settings)
    assert.equal((await cloud.admin.get(`${images}/${id}`)).body.status, 'queued')
    await until(async () => (await objects()).length === 0)
    assert.deepEqual(readdirSync(join(settings.dataDir, 'images', 'incoming')), [])
    await cloud.admin.request('PUT', `${images}/${id}/file`, { raw: data, headers, expected: 204 })
    await cloud.kill()

    cloud = await cloudProcess(settings)
    const kept = await cloud.admin.get(`${images}/${id}/file`)
    assert.equal(kept.text, data.toString())
    way.shutAfter(0)
    await cloud.admin.delete(`${images}/${id}`)
    await until(() => way.isShut())
    await cloud.kill()
    assert.equal((await objects()).length, 1)
    way.open()

    cloud = await cloudProcess(settings)
    await cloud.admin.get(`${images}/${id}`, 404)
    await until(async () => (await objects()).length === 0)
  } finally {
    await cloud.kill()
    client.close()
    await drop()
    rmSync(folder, { recursive: true, force: true })
  }
})
