// What each store must do, against the real thing: folders of two file systems, the object store, and S3 of two makes.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { stringify } from 'yaml'
import { findProgram } from '../../../cli/host-programs.ts'
import { createEnvironment } from '../../../environment.ts'
import { CommandError } from '../../../host/commands/exec.ts'
import type { S3Settings } from '../../../s3-client/client.ts'
import { cephCluster, cephMissing } from '../../../testing/ceph.ts'
import { images, octets, raw, rowsOf, shown, until } from '../../../testing/image/stores.ts'
import { ownS3Bucket, s3Server } from '../../../testing/s3-server.ts'
import { testCloud } from '../../../testing/test-cloud.ts'
import { fileStore } from './file.ts'
import { objectsStore } from './objects.ts'
import { rbdStore } from './rbd.ts'
import { partSize, s3Store } from './s3.ts'
import { type ImageStore, MissingData } from './store.ts'

const MiB = 2 ** 20
const named = { id: 'tried', description: 'a store', weight: 0 }

async function bytesOf(source: AsyncIterable<Buffer>): Promise<Buffer> {
  const pieces: Buffer[] = []
  for await (const piece of source) pieces.push(piece)
  return Buffer.concat(pieces)
}

async function keysOf(store: ImageStore) {
  const found: [string, number][] = []
  for await (const { key, size } of store.keys()) found.push([key, size])
  return found.sort()
}

async function works(store: ImageStore): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'nephos-store-'))
  const put = async (key: string, data: Buffer, signal?: AbortSignal) => {
    const path = join(folder, randomBytes(4).toString('hex'))
    writeFileSync(path, data)
    await store.put(key, path, data.length, signal)
  }
  try {
    await store.prepare()
    assert.deepEqual(await keysOf(store), [])
    const large = randomBytes(11 * MiB + 13)
    const small = Buffer.from('0123456789')
    await put('large', large)
    await put('small', small)
    await put('empty', Buffer.alloc(0))
    assert.deepEqual(await keysOf(store), [
      ['empty', 0],
      ['large', large.length],
      ['small', 10],
    ])
    assert.ok((await bytesOf(await store.read('large', 0, large.length - 1))).equals(large))
    const seam = 5 * MiB - 3
    assert.ok((await bytesOf(await store.read('large', seam, seam + 9))).equals(large.subarray(seam, seam + 10)))
    assert.equal((await bytesOf(await store.read('small', 9, 9))).toString(), '9')
    assert.deepEqual([await store.size('large'), await store.size('none')], [large.length, null])
    await assert.rejects(store.read('none', 0, 0), MissingData)

    // Another try of the same upload takes the place of the first one, whatever that has left.
    await put('large', small)
    await put('small', large)
    assert.equal((await bytesOf(await store.read('large', 0, 9))).toString(), '0123456789')
    assert.ok((await bytesOf(await store.read('small', 0, large.length - 1))).equals(large))

    await assert.rejects(put('broken', large, AbortSignal.abort(new Error('enough'))), /enough|abort/i)
    await assert.rejects(store.put('absent', join(folder, 'absent'), 9 * MiB), /ENOENT|error opening/)
    for (const key of ['broken', 'absent', 'large', 'small', 'empty', 'empty']) await store.remove(key)
    assert.deepEqual(await keysOf(store), [])
    assert.equal(await store.size('small'), null)
  } finally {
    store.close?.()
    rmSync(folder, { recursive: true, force: true })
  }
}

const s3 = (settings: S3Settings) =>
  s3Store({ ...settings, ...named, prefix: 'images/', partBytes: 5 * MiB, threads: 3 }, createEnvironment())

test('a folder, also of another file system than the uploads', async () => {
  for (const parent of [tmpdir(), '/dev/shm']) {
    if (!existsSync(parent)) continue
    const folder = mkdtempSync(join(parent, 'nephos-store-'))
    try {
      await works(fileStore({ ...named, folder: join(folder, 'images') }))
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }
})

test('the object store of the cloud: large data in segments, none of which stay behind', async () => {
  await using cloud = await testCloud()
  const store = objectsStore({ ...named, container: 'images', partBytes: 5 * MiB }, cloud.cloud.objectStore)
  await works(store)
  const { read } = cloud.cloud.database
  assert.deepEqual(await read.selectFrom('object_store_objects').select('name').execute(), [])
  const account = await read.selectFrom('object_store_accounts').selectAll().where('account', '=', '.images').executeTakeFirstOrThrow()
  assert.deepEqual([account.objects, account.bytes_used, account.containers], [0, 0, 2])
  const admin = await cloud.admin.request('GET', '/object-store/v1/.images', {})
  assert.ok(admin.status >= 400)
})

test('S3 of another make', async () => {
  await using server = await s3Server()
  await works(s3(server.settings))
})

test('S3 of our own make, where no part of a broken upload stays behind', async () => {
  await using cloud = await testCloud()
  const settings = await ownS3Bucket(cloud)
  await works(s3(settings))
  const { createS3Client } = await import('../../../s3-client/client.ts')
  const client = createS3Client(settings, createEnvironment())
  await client.createUpload('images/half')
  await s3(settings).remove('half')
  for await (const { entries } of client.uploads('')) assert.deepEqual(entries, [])
  client.close()
})

test('a pool of a Ceph cluster', { skip: cephMissing() ?? false }, async () => {
  await using cluster = await cephCluster()
  const { conf, pool } = cluster
  await works(rbdStore({ ...named, user: 'admin', conf, pool, patience: 20 }))
})

const noRbd = findProgram('rbd') ? false : 'rbd is not installed here'

test('a cluster that is away: told after a while, nothing is left of an upload, and the start does not wait for it', {
  skip: noRbd,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'nephos-store-'))
  try {
    const conf = join(folder, 'ceph.conf')
    writeFileSync(conf, '[global]\nmon host = 127.0.0.1:1\nauth client required = none\n')
    const settings = { type: 'rbd', pool: 'images', conf, patience: 1 }
    const imageStores = join(folder, 'stores.yaml')
    writeFileSync(imageStores, stringify({ default: 'file', stores: { file: { type: 'file' }, ceph: settings } }))
    await using cloud = await testCloud({ settings: { imageStores } })
    const store = cloud.cloud.image.stores.get('ceph')!
    const member = await cloud.as('member')
    const { id } = (await member.post(images, raw, 201)).body
    const path = `${images}/${id}`
    const upload = member.request('PUT', `${path}/file`, { raw: 'x', headers: { ...octets, 'x-image-meta-store': 'ceph' } })
    const away = (error: Error) => error instanceof CommandError && error.code !== 2
    await Promise.all([assert.rejects(store.read('none', 0, 0), away), assert.rejects(store.size('none'), away), upload])
    const answer = await upload
    assert.equal(answer.status, 503)
    assert.match(answer.text, /The store ceph did not take the data/)
    assert.equal((await shown(member, id)).status, 'queued')
    assert.deepEqual(readdirSync(join(cloud.cloud.config.dataDir, 'images'), { recursive: true }), ['incoming'])
    // What it may have taken is removed when it is back; what lies elsewhere does not wait for that.
    await until(async () => (await rowsOf(cloud, id)).every(({ state, tries }) => state === 'removing' && tries > 0))
    await member.request('PUT', `${path}/file`, { raw: 'x', headers: octets, expected: 204 })
    await member.delete(path)
    await until(async () => (await rowsOf(cloud, id)).every(({ store }) => store === 'ceph'))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test('parts grow with the image, so that there are never more than a service takes', () => {
  assert.equal(partSize(100 * MiB, 16 * MiB), 16 * MiB)
  assert.equal(partSize(100 * MiB, MiB), 5 * MiB)
  for (const size of [2 ** 40, 5 * 2 ** 40]) assert.ok(Math.ceil(size / partSize(size, 16 * MiB)) <= 10_000)
})
