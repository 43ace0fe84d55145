import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { readdirSync } from 'node:fs'
import http from 'node:http'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import type { Persona } from '../../../testing/persona.ts'
import { type TestCloud, testCloud } from '../../../testing/test-cloud.ts'
import { fill } from '../stores/place.ts'
import { rangeOf } from './download.ts'
import { claim } from './uploads.ts'

const octets = { 'content-type': 'application/octet-stream' }
const MiB = 2 ** 20
const filesOf = ({ cloud }: TestCloud) => readdirSync(join(cloud.config.dataDir, 'images'), { recursive: true }).sort()

async function newImage(persona: Persona, more: object = {}): Promise<{ id: string; path: string; status(): Promise<string> }> {
  const { id } = (await persona.post('/image/v2/images', { disk_format: 'raw', container_format: 'bare', ...more }, 201)).body
  const path = `/image/v2/images/${id}`
  return { id, path, status: async () => (await persona.get(path)).body.status }
}

/** A chunked upload that the caller feeds by hand. */
async function openUpload(cloud: TestCloud, persona: Persona, path: string) {
  const request = http.request(`${cloud.url}${path}/file`, { method: 'PUT', headers: { ...octets, 'x-auth-token': await persona.token() } })
  const answer = new Promise<number>((resolve, reject) => {
    request.on('response', (response) => response.resume().on('end', () => resolve(response.statusCode!))).on('error', reject)
  })
  answer.catch(() => {})
  return { request, answer }
}

/** Waits for it; gives up after long enough, so that a fault is a failure and no endless run. */
const until = async (what: () => Promise<boolean> | boolean) => {
  const end = Date.now() + 20_000
  while (!(await what())) {
    assert.ok(Date.now() < end, 'it did not come about')
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

test('chunked data arrives whole, with its hashes; a range of it is given back', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const image = await newImage(member)
  const data = randomBytes(5 * MiB + 17)
  const response = await fetch(`${cloud.url}${image.path}/file`, {
    method: 'PUT',
    headers: { ...octets, 'x-auth-token': await member.token() },
    duplex: 'half',
    body: Readable.toWeb(Readable.from([data.subarray(0, 10), data.subarray(10, 3 * MiB), data.subarray(3 * MiB)])) as ReadableStream,
  } as RequestInit)
  assert.equal(response.status, 204)
  const shown = (await member.get(image.path)).body
  assert.equal(shown.checksum, createHash('md5').update(data).digest('hex'))
  assert.equal(shown.os_hash_value, createHash('sha512').update(data).digest('hex'))
  assert.equal(shown.size, data.length)
  const headers = { 'x-auth-token': await member.token() }
  const whole = await fetch(`${cloud.url}${image.path}/file`, { headers })
  assert.ok(Buffer.from(await whole.arrayBuffer()).equals(data))
  const part = await fetch(`${cloud.url}${image.path}/file`, { headers: { ...headers, range: 'bytes=100-299' } })
  assert.equal(part.status, 206)
  assert.equal(part.headers.get('content-range'), `bytes 100-299/${data.length}`)
  assert.ok(Buffer.from(await part.arrayBuffer()).equals(data.subarray(100, 300)))
  const beyond = await fetch(`${cloud.url}${image.path}/file`, { headers: { ...headers, range: `bytes=${data.length}-` } })
  assert.equal(beyond.status, 416)
  const { read: _, ...facts } = (await cloud.cloud.image.data(cloud.cloud.database.read, image.id))!
  assert.deepEqual(facts, { size: data.length, sha512: shown.os_hash_value, format: 'raw' })
})

test('ranges', () => {
  assert.deepEqual(rangeOf('bytes=0-0', 10), { start: 0, end: 0 })
  assert.deepEqual(rangeOf('bytes=5-', 10), { start: 5, end: 9 })
  assert.deepEqual(rangeOf('bytes=5-500', 10), { start: 5, end: 9 })
  assert.deepEqual(rangeOf('bytes=-3', 10), { start: 7, end: 9 })
  assert.deepEqual(rangeOf('bytes 2-4/*', 10), { start: 2, end: 4 })
  assert.equal(rangeOf(undefined, 10), null)
  for (const bad of ['bytes=10-', 'bytes=4-3', 'bytes=-0', 'bytes=a-b', 'bytes=0-1,3-4', 'lines=0-1', 'bytes=-'])
    assert.throws(() => rangeOf(bad, 10), { status: 416 }, bad)
})

test('an upload is refused without formats, with another media type, and while or after another one', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const bare = await newImage(member, { disk_format: null })
  await member.request('PUT', `${bare.path}/file`, { raw: Buffer.from('x'), headers: octets, expected: 400 })
  assert.equal(await bare.status(), 'queued')
  const image = await newImage(member)
  await member.request('PUT', `${image.path}/file`, { raw: '{}', headers: { 'content-type': 'application/json' }, expected: 415 })
  const first = await openUpload(cloud, member, image.path)
  first.request.write(Buffer.alloc(1000))
  await until(async () => (await image.status()) === 'saving')
  await member.request('PUT', `${image.path}/file`, { raw: Buffer.from('x'), headers: octets, expected: 409 })
  await member.request('GET', `${image.path}/file`, { expected: 204 })
  first.request.end(Buffer.alloc(24))
  assert.equal(await first.answer, 204)
  assert.equal((await member.get(image.path)).body.size, 1024)
  await member.request('PUT', `${image.path}/file`, { raw: Buffer.from('x'), headers: octets, expected: 409 })
  assert.deepEqual(filesOf(cloud), [image.id, 'incoming'].sort())
})

test('when the client goes away the image is queued again and nothing stays', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const image = await newImage(member)
  const { request } = await openUpload(cloud, member, image.path)
  request.write(Buffer.alloc(3 * MiB))
  await until(async () => (await image.status()) === 'saving')
  request.destroy()
  await until(async () => (await image.status()) === 'queued')
  await until(() => filesOf(cloud).length === 1)
  assert.deepEqual(filesOf(cloud), ['incoming'])
  await member.request('PUT', `${image.path}/file`, { raw: Buffer.from('x'), headers: octets, expected: 204 })
})

test('beyond the size limit: 413 with and without a declared length, and the image is queued again', async () => {
  await using cloud = await testCloud({ settings: { maxImageBytes: MiB } })
  const member = await cloud.as('member')
  const image = await newImage(member)
  await member.request('PUT', `${image.path}/file`, { raw: Buffer.alloc(MiB + 1), headers: octets, expected: 413 })
  const { request, answer } = await openUpload(cloud, member, image.path)
  for (let i = 0; i < 5; i++) request.write(Buffer.alloc(MiB / 2))
  assert.equal(await answer, 413) // while the client would still go on
  request.destroy()
  assert.equal(await image.status(), 'queued')
  assert.deepEqual(filesOf(cloud), ['incoming'])
  await member.request('PUT', `${image.path}/file`, { raw: Buffer.alloc(MiB), headers: octets, expected: 204 })
})

test('the quota of bytes holds for uploads side by side, and is given back', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const projectId = await member.projectId()
  const { quota, database } = cloud.cloud
  await database.write((tx) => quota.setLimits(tx, projectId, { 'image.image_size_total': 1000 }))
  const images = await Promise.all(Array.from({ length: 6 }, () => newImage(member)))
  const put = ({ path }: { path: string }) => member.request('PUT', `${path}/file`, { raw: Buffer.alloc(400), headers: octets })
  const answers = await Promise.all(images.map(put))
  assert.deepEqual(answers.map(({ status }) => status).sort(), [204, 204, 413, 413, 413, 413])
  const used = async () => (await quota.show(database.read, projectId, 'image.')).image_size_total!.in_use
  assert.equal(await used(), 800)
  const active = (await member.get('/image/v2/images?status=active')).body.images
  assert.equal(active.length, 2)
  await member.delete(`/image/v2/images/${active[0].id}`)
  assert.equal(await used(), 400)
  await until(() => filesOf(cloud).length === 2)
})

test('an image that is deleted during its upload leaves no file', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const image = await newImage(member)
  const { request, answer } = await openUpload(cloud, member, image.path)
  request.write(Buffer.alloc(MiB))
  await until(async () => (await image.status()) === 'saving')
  await member.delete(image.path)
  request.end()
  assert.equal(await answer, 410)
  await until(() => filesOf(cloud).length === 1)
})

test('a download that has begun goes on to its end although the image is deleted', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const image = await newImage(member)
  const data = randomBytes(40 * MiB)
  await member.request('PUT', `${image.path}/file`, { raw: data, headers: octets, expected: 204 })
  const response = await fetch(`${cloud.url}${image.path}/file`, { headers: { 'x-auth-token': await member.token() } })
  const reader = response.body!.getReader()
  const parts = [(await reader.read()).value!]
  await member.delete(image.path)
  await until(() => filesOf(cloud).length === 1)
  for (let part = await reader.read(); !part.done; part = await reader.read()) parts.push(part.value)
  assert.ok(Buffer.concat(parts).equals(data))
})

test('after a crash between storing the data and noting it, the image is queued and its data gone; other data stays', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const done = await newImage(member)
  await member.request('PUT', `${done.path}/file`, { raw: Buffer.from('done'), headers: octets, expected: 204 })
  const moved = await newImage(member)
  const begun = await newImage(member)
  const { store } = cloud.cloud.image
  for (const [image, uploadId] of [
    [moved, 'upload-1'],
    [begun, 'upload-2'],
  ] as const) {
    await store.begin(uploadId)
    const { location } = await claim(cloud.cloud, image.id, uploadId, 'file')
    if (image === moved) await fill(cloud.cloud, location!, uploadId, 0)
  }
  assert.deepEqual(filesOf(cloud).length, 5)
  await cloud.restart()
  assert.deepEqual([await moved.status(), await begun.status(), await done.status()], ['queued', 'queued', 'active'])
  await until(() => filesOf(cloud).length === 2)
  assert.deepEqual(filesOf(cloud), [done.id, 'incoming'].sort())
  assert.equal((await member.get(`${done.path}/file`)).text, 'done')
  await member.request('PUT', `${moved.path}/file`, { raw: Buffer.from('again'), headers: octets, expected: 204 })
})
