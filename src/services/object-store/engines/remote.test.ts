// The object store with its bytes in S3 services: one that we did not write, and another cloud of ours.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { chmodSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { stringify } from 'yaml'
import { createEnvironment } from '../../../environment.ts'
import { createS3Client, type S3Settings } from '../../../s3-client/client.ts'
import { withContainer } from '../../../testing/object-store/store.ts'
import { ownS3Bucket, s3Server } from '../../../testing/s3-server.ts'
import { type TestCloud, testCloud } from '../../../testing/test-cloud.ts'
import { knownData } from '../storage/sweep.ts'
import { remoteOf } from './remote.ts'

const prefix = 'nephos/'

async function configure(cloud: TestCloud, settings: S3Settings): Promise<void> {
  const { endpoint, bucket, accessKey, secretKey } = settings
  const file = join(cloud.cloud.config.dataDir, 'object-store.yaml')
  writeFileSync(file, stringify({ backend: { endpoint, bucket, prefix, 'access-key': accessKey, 'secret-key': secretKey } }))
  chmodSync(file, 0o600)
  await cloud.restart()
}

async function keysOf(settings: S3Settings): Promise<string[]> {
  const client = createS3Client(settings, createEnvironment())
  const keys: string[] = []
  for await (const { entries } of client.list(prefix)) keys.push(...entries.map(({ key }) => key))
  client.close()
  return keys
}

const known = (cloud: TestCloud) => (ids: string[]) => knownData(cloud.cloud, ids)
const md5 = (data: Buffer) => createHash('md5').update(data).digest('hex')

async function works(settings: S3Settings): Promise<void> {
  await using cloud = await testCloud()
  const { at, call, member } = await withContainer(cloud)
  const large = Buffer.alloc(11 * 1024 * 1024 + 7, 'some of the bytes of a large object, ')
  const middle = Buffer.alloc(100_000, 'middle ')
  await call('PUT', 'before', 201, { raw: middle })
  await configure(cloud, settings)
  for (const [name, raw] of Object.entries({ large, middle, small: Buffer.from('small'), empty: Buffer.alloc(0) }))
    assert.equal((await call('PUT', name, 201, { raw })).headers.get('etag'), md5(raw))
  // What is small is a row; the rest is in the bucket, and nothing is listed that is not there.
  assert.equal((await keysOf(settings)).length, 2)
  assert.equal((await call('GET', '', 200)).text, 'before\nempty\nlarge\nmiddle\nsmall\n')
  const response = await fetch(cloud.url + at('large'), { headers: { 'x-auth-token': await member.token() } })
  assert.equal(md5(Buffer.from(await response.arrayBuffer())), md5(large))
  const seam = 5 * 1024 * 1024 - 10
  const range = await call('GET', 'large', 206, { headers: { range: `bytes=${seam}-${seam + 19}` } })
  assert.equal(range.text, large.subarray(seam, seam + 20).toString())
  assert.equal((await call('GET', 'before', 200)).text.length, middle.length)
  await call('COPY', 'middle', 201, { headers: { destination: 'things/copy' } })
  await call('PUT', 'whole?multipart-manifest=put', 201, { raw: JSON.stringify([{ path: 'things/middle' }, { path: 'things/copy' }]) })
  assert.equal((await call('GET', 'whole', 200)).text.length, 2 * middle.length)
  await call('PUT', 'wrong', 422, { raw: middle, headers: { etag: md5(large) } })
  assert.equal((await keysOf(settings)).length, 3)
  await cloud.restart()
  assert.equal((await call('GET', 'copy', 200)).text, middle.toString())
  await call('PUT', 'middle', 201, { raw: 'now small' })
  for (const name of ['whole', 'large', 'copy', 'before', 'small', 'empty', 'middle']) await call('DELETE', name, 204)
  // Removal goes on after the answer.
  while ((await keysOf(settings)).length) await new Promise((resolve) => setImmediate(resolve))
}

test('objects in a service of another make', async () => {
  await using server = await s3Server()
  await works(server.settings)
})

test('objects in the object store of another cloud', async () => {
  await using other = await testCloud()
  await works(await ownS3Bucket(other))
})

test('a bucket or an address that is wrong is a service that is away, and takes nothing for absent', async () => {
  await using server = await s3Server()
  await using cloud = await testCloud()
  await configure(cloud, server.settings)
  const { call } = await withContainer(cloud)
  const raw = Buffer.alloc(50_000, 'x')
  await call('PUT', 'kept', 201, { raw })
  await using page = await anotherServer(404, '{"error": "no S3 here"}')
  for (const wrong of [{ bucket: 'none' }, { endpoint: page.url }]) {
    await configure(cloud, { ...server.settings, ...wrong })
    await assert.rejects(remoteOf(cloud.cloud)!.check())
    await call('GET', 'kept', 503)
    await call('PUT', 'new', 503, { raw })
    await assert.rejects(createS3Client({ ...server.settings, ...wrong }, createEnvironment()).delete('kept'))
  }
  await configure(cloud, server.settings)
  await remoteOf(cloud.cloud)!.check()
  assert.equal((await call('GET', 'kept', 200)).text, raw.toString())
})

/** Some web server that answers everything alike. */
async function anotherServer(status: number, text: string) {
  const server = createServer((_request, response) => response.writeHead(status).end(text)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const close = async () => {
    server.closeAllConnections()
    server.close()
  }
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, [Symbol.asyncDispose]: close }
}

test('a service that is away, and a process that died: nothing is acknowledged that is not there, and nothing is left', async () => {
  await using server = await s3Server()
  await using cloud = await testCloud()
  await configure(cloud, server.settings)
  const { call } = await withContainer(cloud)
  const raw = Buffer.alloc(50_000, 'x')
  await call('PUT', 'kept', 201, { raw })
  await call('PUT', 'gone', 201, { raw })
  // Bytes that came, and no row: as if the process had died in between.
  async function* bytes() {
    yield raw
  }
  await remoteOf(cloud.cloud)!.receive('0123456789abcdef0123456789abcdef', bytes(), 1_000_000)
  assert.equal(await remoteOf(cloud.cloud)!.settle(known(cloud)), 0)
  assert.equal((await keysOf(server.settings)).length, 3)
  await server.stop()
  await call('PUT', 'new', 503, { raw })
  await call('GET', 'kept', 503)
  await call('HEAD', 'kept', 200)
  assert.equal((await call('GET', '', 200)).text, 'gone\nkept\n')
  await call('DELETE', 'gone', 204)
  await cloud.restart()
  await server.start()
  await remoteOf(cloud.cloud)!.settle(known(cloud))
  assert.equal((await keysOf(server.settings)).length, 1)
  assert.equal((await call('GET', 'kept', 200)).text, raw.toString())
  // What no note tells of is found by looking through the bucket.
  const client = createS3Client(server.settings, createEnvironment())
  await client.put(`${prefix}ff/ff${'0'.repeat(30)}`, raw, raw.length)
  await client.put(`${prefix}something else`, raw, raw.length)
  client.close()
  assert.equal(await remoteOf(cloud.cloud)!.sweep(known(cloud)), 0)
  assert.equal(await remoteOf(cloud.cloud)!.sweep(known(cloud), -1000), 1)
  assert.equal((await keysOf(server.settings)).length, 2)
  assert.equal((await call('GET', 'kept', 200)).text, raw.toString())
})
