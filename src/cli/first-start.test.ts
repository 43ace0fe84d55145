// What a first start makes for newcomers, and that what they delete stays deleted.
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { configWith } from '../config.ts'
import { silentLog } from '../log.ts'
import { startCloud } from '../main.ts'
import { testDatabaseUrl } from '../testing/database.ts'
import { freePort } from '../testing/free-port.ts'
import { until } from '../testing/until.ts'
import { connectClient, findCredentials } from './client.ts'

type Named = { id: string; name: string; visibility?: string; status?: string }

async function withClouds(work: (start: (settings?: object) => ReturnType<typeof startCloud>, dataDir: string) => Promise<void>) {
  const dataDir = mkdtempSync(join(tmpdir(), 'nephos-first-'))
  const { url, drop } = await testDatabaseUrl()
  const config = { ...configWith(), dataDir, databaseUrl: url, host: 'fake' as const, metricsPort: 0, passwordCost: 4 }
  const started: Awaited<ReturnType<typeof startCloud>>[] = []
  const start = async (settings?: object) => {
    started.push(await startCloud({ ...config, singlePort: 0, ...settings }, { log: silentLog }))
    return started.at(-1)!
  }
  try {
    await work(start, dataDir)
  } finally {
    for (const cloud of started) await cloud.stop()
    await drop()
    rmSync(dataDir, { recursive: true, force: true })
  }
}

test('a project and a user demo with the role member, and a public guest image that is active; none comes back', () =>
  withClouds(async (start, dataDir) => {
    const first = await start()
    const admin = await connectClient(findCredentials(dataDir, {}))
    const demo = await connectClient(findCredentials(dataDir, {}, 'nephos-demo'))
    const images = async () => (await demo.request<{ images: Named[] }>('GET', 'image', '/v2/images')).body.images
    assert.deepEqual(
      (await images()).map(({ name, visibility, status }) => ({ name, visibility, status })),
      [{ name: 'nephos-guest-x86_64-disk', visibility: 'public', status: 'active' }],
    )
    await assert.rejects(demo.request('GET', 'identity', '/users'), /403/)
    await assert.rejects(demo.request('DELETE', 'image', `/v2/images/${(await images())[0]!.id}`), /403/)
    const of = async (kind: 'users' | 'projects') =>
      (await admin.request<Record<string, Named[]>>('GET', 'identity', `/${kind}?name=demo`)).body[kind]!
    await admin.request('DELETE', 'image', `/v2/images/${(await images())[0]!.id}`)
    await admin.request('DELETE', 'identity', `/users/${(await of('users'))[0]!.id}`)
    await first.stop()

    const second = await start()
    const again = await connectClient(findCredentials(dataDir, {}))
    assert.deepEqual((await again.request<{ images: Named[] }>('GET', 'image', '/v2/images')).body.images, [])
    assert.deepEqual((await again.request<{ users: Named[] }>('GET', 'identity', '/users?name=demo')).body.users, [])
    assert.equal((await again.request<{ projects: Named[] }>('GET', 'identity', '/projects?name=demo')).body.projects.length, 1)
    await second.stop()
  }))

test('a first start that ended before the guest image had its data is made up for by the next one', () =>
  withClouds(async (start, dataDir) => {
    const first = await start()
    const { database } = first.cloud
    // As a death between the row and the data leaves it.
    const none = { status: 'queued' as const, size: null, checksum: null, os_hash_value: null, virtual_size: null }
    await database.write(async ({ db }) => {
      await db
        .updateTable('images')
        .set(none as never) // as only a death leaves it
        .execute()
      await db.deleteFrom('image_locations').execute()
    })
    await first.stop()
    const second = await start()
    const demo = await connectClient(findCredentials(dataDir, {}, 'nephos-demo'))
    const { images } = (await demo.request<{ images: (Named & { size: number })[] }>('GET', 'image', '/v2/images')).body
    assert.deepEqual(
      images.map(({ name, status, size }) => [name, status, size]),
      [['nephos-guest-x86_64-disk', 'active', 2 ** 20]],
    )
    await second.stop()
  }))

test('without the setting there is none of it, also later', () =>
  withClouds(async (start, dataDir) => {
    await (await start({ demo: false })).stop()
    const later = await start()
    const admin = await connectClient(findCredentials(dataDir, {}))
    assert.deepEqual((await admin.request<{ images: Named[] }>('GET', 'image', '/v2/images')).body.images, [])
    const { users } = (await admin.request<{ users: Named[] }>('GET', 'identity', '/users')).body
    assert.deepEqual(
      users.map(({ name }) => name),
      ['admin'],
    )
    assert.throws(() => findCredentials(dataDir, {}, 'nephos-demo'), /no cloud nephos-demo/)
    await later.stop()
  }))

test('who is answered finds the files for clients, which are written after the ports are open', () =>
  withClouds(async (start, dataDir) => {
    const singlePort = await freePort()
    const openrc = join(dataDir, 'openrc')
    let first: { status: number; hasFiles: boolean } | undefined
    const answered = until('the port answers', async () => {
      const answer = await fetch(`http://127.0.0.1:${singlePort}/identity/v3`).catch(() => undefined)
      if (answer) first = { status: answer.status, hasFiles: existsSync(openrc) }
      return answer !== undefined
    })
    await start({ singlePort })
    await answered
    assert.deepEqual(first, { status: 200, hasFiles: true })
  }))

test('a folder that holds a cloud is not begun anew on an empty database', () =>
  withClouds(async (start, dataDir) => {
    await (await start()).stop()
    const { url, drop } = await testDatabaseUrl()
    try {
      if (!url) rmSync(join(dataDir, 'nephos.db'))
      await assert.rejects(start({ databaseUrl: url }), /holds a cloud, and .* is empty; .*--database-url/)
    } finally {
      await drop()
    }
  }))
