// One image in several stores, through the API: folders, the object store and S3 at once.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { stringify } from 'yaml'
import {
  bytesOf,
  cloudAt,
  ended,
  images,
  octets,
  raw,
  rowsOf,
  settingsFile,
  shown,
  until,
  withData,
} from '../../../testing/image/stores.ts'
import type { Persona } from '../../../testing/persona.ts'
import { s3Server } from '../../../testing/s3-server.ts'
import { testCloud } from '../../../testing/test-cloud.ts'

test('stores are told without their secrets; an upload goes to the one that is named', async () => {
  await using server = await s3Server()
  using file = settingsFile(server.settings)
  await using cloud = await testCloud({ settings: { imageStores: file.path } })
  const member = await cloud.as('member')
  const { body } = await member.get('/image/v2/info/stores')
  assert.deepEqual(
    body.stores.map((store: { id: string; default?: boolean }) => [store.id, store.default]),
    [
      ['file', true],
      ['objects', undefined],
      ['archive', undefined],
    ],
  )
  await member.get('/image/v2/info/stores/detail', 403)
  const detail = await cloud.admin.get('/image/v2/info/stores/detail')
  assert.deepEqual(
    detail.body.stores.map(({ type }: { type: string }) => type),
    ['file', 'object-store', 's3'],
  )
  assert.ok(!detail.text.includes(server.settings.secretKey) || server.settings.secretKey === server.settings.bucket)
  assert.equal((await member.post(images, raw, 201)).headers.get('openstack-image-store-ids'), 'file,objects,archive')

  const data = randomBytes(6 * 2 ** 20 + 5)
  for (const store of ['file', 'objects', 'archive']) {
    const id = await withData(member, data, store)
    const image = await shown(member, id)
    assert.deepEqual([image.status, image.stores, image.size], ['active', store, data.length])
    assert.ok((await bytesOf(cloud, member, id)).equals(data))
    assert.ok((await bytesOf(cloud, member, id, 'bytes=5242870-5242889')).equals(data.subarray(5242870, 5242890)))
    const forHosts = (await cloud.cloud.image.data(cloud.cloud.database.read, id))!
    assert.equal(forHosts.size, data.length)
    ;(await forHosts.read()).destroy()
  }
  const { id } = (await member.post(images, raw, 201)).body
  const headers = { ...octets, 'x-image-meta-store': 'nowhere' }
  await member.request('PUT', `${images}/${id}/file`, { raw: 'x', headers, expected: 400 })
  assert.deepEqual(readdirSync(join(cloud.cloud.config.dataDir, 'images', 'incoming')), [])
})

test('an import goes to several stores, more get a copy, and it leaves them one by one', async () => {
  await using server = await s3Server()
  using file = settingsFile(server.settings)
  await using cloud = await testCloud({ settings: { imageStores: file.path } })
  const member = await cloud.as('member')
  const stranger = await cloud.as('member', 'project-2')
  const reader = await cloud.as('reader')
  const { id } = (await member.post(images, raw, 201)).body
  await member.request('PUT', `${images}/${id}/stage`, { raw: 'staged', headers: octets, expected: 204 })
  await member.post(`${images}/${id}/import`, { method: { name: 'glance-direct' }, stores: ['objects', 'nowhere'] }, 409)
  await member.post(`${images}/${id}/import`, { method: { name: 'glance-direct' }, stores: ['objects', 'file'] }, 202)
  assert.equal((await ended(member, id)).status, 'success')
  let image = await shown(member, id)
  assert.deepEqual([image.status, image.stores.split(',').sort()], ['active', ['file', 'objects']])
  assert.deepEqual([image.os_glance_importing_to_stores, image.os_glance_failed_import], ['', ''])

  const copy = { method: { name: 'copy-image' } }
  await cloud.admin.post(`${images}/${id}/import`, { ...copy, stores: ['archive', 'file'] }, 409)
  await cloud.admin.post(`${images}/${id}/import`, { ...copy, all_stores: true }, 202)
  assert.equal((await ended(member, id)).status, 'success')
  image = await shown(member, id)
  assert.deepEqual(image.stores.split(',').sort(), ['archive', 'file', 'objects'])
  for (const row of await rowsOf(cloud, id)) assert.deepEqual([row.state, row.size], ['active', 6])

  const leave = (persona: Persona, store: string, expected: number) => persona.delete(`/image/v2/stores/${store}/${id}`, expected)
  await leave(stranger, 'file', 404)
  await leave(reader, 'file', 403)
  await leave(member, 'nowhere', 409)
  await leave(member, 'file', 204)
  await leave(member, 'file', 404)
  await leave(member, 'archive', 204)
  await leave(member, 'objects', 403)
  await until(async () => (await rowsOf(cloud, id)).length === 1)
  assert.equal((await shown(member, id)).stores, 'objects')
  assert.equal((await bytesOf(cloud, member, id)).toString(), 'staged')
  assert.deepEqual(readdirSync(join(cloud.cloud.config.dataDir, 'images'), { recursive: true }), ['incoming'])
  await member.delete(`${images}/${id}`)
  await until(async () => (await rowsOf(cloud, id)).length === 0)
  const left = await cloud.cloud.database.read.selectFrom('object_store_objects').select('name').execute()
  assert.deepEqual(left, [])
})

test('a store that is away: others give the data, failures are told, and what is to go there or away from there is made up for', async () => {
  await using server = await s3Server()
  using file = settingsFile(server.settings, { weight: 5 })
  const { cloud: made, pass } = await cloudAt(file)
  await using cloud = made
  const member = await cloud.as('member')
  const both = await withData(member, 'in both', 'archive')
  await cloud.admin.post(`${images}/${both}/import`, { method: { name: 'copy-image' }, stores: ['objects'] }, 202)
  assert.equal((await ended(member, both)).status, 'success')
  const one = await withData(member, 'in one', 'archive')

  await server.stop()
  assert.equal((await bytesOf(cloud, member, both)).toString(), 'in both')
  await member.get(`${images}/${one}/file`, 503)
  const { id: refused } = (await member.post(images, raw, 201)).body
  const headers = { ...octets, 'x-image-meta-store': 'archive' }
  await member.request('PUT', `${images}/${refused}/file`, { raw: 'x', headers, expected: 503 })
  assert.equal((await shown(member, refused)).status, 'queued')
  await member.delete(`${images}/${one}`)

  const strict = { method: { name: 'glance-direct' }, all_stores: true }
  await member.request('PUT', `${images}/${refused}/stage`, { raw: 'again', headers: octets, expected: 204 })
  await member.post(`${images}/${refused}/import`, strict, 202)
  const failed = await ended(member, refused)
  assert.equal(failed.status, 'failure')
  assert.match(failed.message, /archive did not take/)
  assert.deepEqual((await shown(member, refused)).status, 'queued')
  // Each try that fails leaves its own piece there, to be removed when the store is back.
  for (let i = 0; i < 2; i++) {
    const headers = { ...octets, 'x-image-meta-store': 'archive' }
    await member.request('PUT', `${images}/${refused}/file`, { raw: 'x', headers, expected: 503 })
  }
  await until(async () => (await rowsOf(cloud, refused)).every(({ store }) => store === 'archive'))
  await member.request('PUT', `${images}/${refused}/stage`, { raw: 'again', headers: octets, expected: 204 })
  await member.post(`${images}/${refused}/import`, { ...strict, all_stores_must_succeed: false }, 202)
  assert.equal((await ended(member, refused)).status, 'success')
  const image = await shown(member, refused)
  assert.deepEqual(
    [image.status, image.stores.split(',').sort(), image.os_glance_failed_import],
    ['active', ['file', 'objects'], 'archive'],
  )

  await server.start()
  pass(600) // S3 takes no signature that is a quarter of an hour off
  await cloud.cloud.image.scrubber.run()
  assert.deepEqual(await rowsOf(cloud, one), [])
  const left: string[] = []
  for await (const { key } of cloud.cloud.image.stores.get('archive')!.keys()) left.push(key)
  assert.deepEqual(left, [both])
})

test('data is removed when nobody reads it any more, and whoever reads gets all of it', async () => {
  using file = settingsFile()
  await using cloud = await testCloud({ settings: { imageStores: file.path } })
  const member = await cloud.as('member')
  const data = randomBytes(40 * 2 ** 20)
  const id = await withData(member, data, 'objects')
  const answer = await fetch(`${cloud.url}${images}/${id}/file`, { headers: { 'x-auth-token': await member.token() } })
  const reader = answer.body!.getReader()
  const parts = [(await reader.read()).value!]
  await member.delete(`${images}/${id}`)
  await cloud.cloud.image.scrubber.run()
  assert.equal((await rowsOf(cloud, id))[0]!.state, 'removing')
  for (let part = await reader.read(); !part.done; part = await reader.read()) parts.push(part.value)
  assert.ok(Buffer.concat(parts).equals(data))
  await until(async () => (await rowsOf(cloud, id)).length === 0)
})

test('a store that breaks off in the middle is followed by another one, from the very byte', async () => {
  using file = settingsFile()
  await using cloud = await testCloud({ settings: { imageStores: file.path } })
  const member = await cloud.as('member')
  const data = randomBytes(5 * 2 ** 20 + 3)
  const id = await withData(member, data, 'objects')
  await cloud.admin.post(`${images}/${id}/import`, { method: { name: 'copy-image' }, stores: ['file'] }, 202)
  assert.equal((await ended(member, id)).status, 'success')
  const { image, database } = cloud.cloud
  // The default store is asked first: its file has lost its end, the other's segments a part in the middle.
  await cloud.cloud.database.write(async ({ db }) => {
    await db.updateTable('object_store_objects').set({ etag: 'x' }).where('name', 'like', '%/000001').execute()
  })
  writeFileSync(join(cloud.cloud.config.dataDir, 'images', id), data.subarray(0, 3 * 2 ** 20))
  assert.ok((await bytesOf(cloud, member, id)).equals(data))
  assert.ok((await bytesOf(cloud, member, id, 'bytes=4194304-')).equals(data.subarray(4194304)))
  assert.ok(image.stores.get('file') && database)
})

test('deleted images keep their data for the scrub time when the settings say so', async () => {
  await using server = await s3Server()
  using file = settingsFile(server.settings)
  const { cloud: made, pass } = await cloudAt(file, { imageDelayedDelete: true, imageScrubTime: 60 })
  await using cloud = made
  const member = await cloud.as('member')
  const id = await withData(member, 'kept a while', 'archive')
  const empty = (await member.post(images, raw, 201)).body.id
  await member.delete(`${images}/${empty}`)
  await member.delete(`${images}/${id}`)
  await member.get(`${images}/${id}`, 404)
  await cloud.admin.get(`${images}/${id}`, 404)
  assert.deepEqual((await cloud.admin.get(images)).body.images, [])
  await member.post(images, { id, ...raw }, 409)
  const { database, image, quota } = cloud.cloud
  const used = await quota.show(database.read, await member.projectId(), 'image.')
  assert.deepEqual([used.image_size_total!.in_use, used.image_count_total!.in_use], [0, 0])
  const status = () => database.read.selectFrom('images').select('status').where('id', '=', id).executeTakeFirst()
  assert.equal((await status())?.status, 'pending_delete')
  await image.scrubber.run()
  assert.equal(await image.stores.get('archive')!.size(id), 12)
  await cloud.restart()
  pass(61)
  await cloud.cloud.image.scrubber.run()
  assert.equal(await cloud.cloud.image.stores.get('archive')!.size(id), null)
  assert.equal(await cloud.cloud.database.read.selectFrom('images').select('id').where('id', '=', id).executeTakeFirst(), undefined)
  await member.post(images, { id, ...raw }, 409)
})

test('a file of settings that is not understood stops the start with a sentence', async () => {
  const { readStores } = await import('./settings.ts')
  const { configWith } = await import('../../../config.ts')
  const folder = mkdtempSync(join(tmpdir(), 'nephos-stores-'))
  const path = join(folder, 'stores.yaml')
  const config = configWith({ imageStores: path })
  const cases: [unknown, RegExp][] = [
    ['x', /there is no setting|must have/],
    [{ stores: { a: { type: 'tape' } } }, /type of the store a/],
    [{ stores: { a: { type: 'file', size: 5 } } }, /has no setting size/],
    [{ stores: { a: { type: 's3', bucket: 'b' } } }, /needs endpoint/],
    [{ stores: { 'a b': { type: 'file' } } }, /no name for a store/],
    [{ default: 'b', stores: { a: { type: 'file' } } }, /`default` must name/],
    [{ stores: { a: { type: 'file', path: 'relative' } } }, /begin with \//],
    [{ stores: { a: { type: 'file' }, b: { type: 'file' } } }, /same folder/],
    [{ stores: {} }, /`default` must name/],
  ]
  try {
    assert.throws(() => readStores(config), /does not exist/)
    for (const [content, message] of cases) {
      writeFileSync(path, stringify(content), { mode: 0o600 })
      assert.throws(() => readStores(config), message, JSON.stringify(content))
    }
    rmSync(path)
    const secret = { type: 's3', endpoint: 'http://h', bucket: 'b', 'access-key': 'a', 'secret-key': 's' }
    writeFileSync(path, stringify({ stores: { a: secret } }), { mode: 0o644 })
    assert.throws(() => readStores(config), /can be read by others/)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test('locations are shown where the operator lets them be, and can only be removed, all but the last', async () => {
  using file = settingsFile()
  await using cloud = await testCloud({ settings: { imageStores: file.path, showMultipleLocations: true } })
  const member = await cloud.as('member')
  const id = await withData(member, 'here', 'objects')
  await cloud.admin.post(`${images}/${id}/import`, { method: { name: 'copy-image' }, stores: ['file'] }, 202)
  assert.equal((await ended(member, id)).status, 'success')
  const { locations } = await shown(member, id)
  assert.deepEqual(
    locations.map(({ url, metadata }: { url: string; metadata: { store: string } }) => [url.split(':')[0], metadata.store]),
    [
      ['swift+local', 'objects'],
      ['file', 'file'],
    ],
  )
  assert.deepEqual((await member.post(images, raw, 201)).body.locations, [])
  const patch = (persona: Persona, body: object[], expected: number) =>
    persona.request('PATCH', `${images}/${id}`, {
      raw: JSON.stringify(body),
      headers: { 'content-type': 'application/openstack-images-v2.1-json-patch' },
      expected,
    })
  const remove = { op: 'remove', path: '/locations/0' }
  await patch(await cloud.as('member', 'project-2'), [remove], 404)
  await patch(await cloud.as('reader'), [remove], 403)
  await patch(member, [{ op: 'add', path: '/locations/-', value: { url: 'file:///etc/passwd', metadata: {} } }], 403)
  await patch(member, [{ op: 'replace', path: '/locations', value: [] }], 403)
  await patch(member, [{ op: 'remove', path: '/locations/7' }], 409)
  await patch(member, [remove, remove], 403)
  assert.equal((await shown(member, id)).stores, 'objects,file')
  const changed = await patch(member, [remove], 200)
  assert.deepEqual([changed.body.stores, changed.body.locations.length], ['file', 1])
  await until(async () => (await rowsOf(cloud, id)).length === 1)
  assert.equal((await bytesOf(cloud, member, id)).toString(), 'here')
  await patch(member, [remove], 403)
})
