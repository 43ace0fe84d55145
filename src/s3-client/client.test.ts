// The client against two services that were written apart: s3rver, and our own.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createEnvironment } from '../environment.ts'
import { ownS3Bucket, s3Server } from '../testing/s3-server.ts'
import { testCloud } from '../testing/test-cloud.ts'
import { createS3Client, S3Fault, type S3Settings } from './client.ts'
import { uploadStream } from './upload.ts'

const environment = createEnvironment()

async function bytesOf(body: AsyncIterable<Buffer>): Promise<Buffer> {
  const pieces: Buffer[] = []
  for await (const piece of body) pieces.push(piece)
  return Buffer.concat(pieces)
}

async function* pieces(size: number, each: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < size; at += each) yield Buffer.alloc(Math.min(each, size - at), (at / each) % 251)
}

async function collect<T>(pages: AsyncGenerator<{ entries: T[]; now: number }>): Promise<T[]> {
  const all: T[] = []
  for await (const page of pages) {
    assert.ok(Math.abs(page.now - Date.now()) < 60_000)
    all.push(...page.entries)
  }
  return all
}

async function works(settings: S3Settings): Promise<void> {
  const client = createS3Client(settings, environment)
  try {
    const odd = "folder/a b+c (ü) &~'!*.txt"
    await client.put(odd, Buffer.from('0123456789'), 10)
    await client.put('folder/stream', pieces(300_000, 7000), 300_000)
    assert.equal((await bytesOf((await client.get(odd)).body)).toString(), '0123456789')
    const part = await client.get(odd, { start: 2, end: 5 })
    assert.deepEqual([part.size, (await bytesOf(part.body)).toString()], [4, '2345'])
    assert.deepEqual(await bytesOf((await client.get('folder/stream')).body), await bytesOf(pieces(300_000, 7000)))
    assert.equal((await client.head(odd))?.size, 10)
    assert.equal(await client.head('missing'), null)
    await assert.rejects(client.get('missing'), (error) => error instanceof S3Fault && error.status === 404 && error.code === 'NoSuchKey')
    await client.copy('folder/stream', 'copy')
    assert.deepEqual(
      (await collect(client.list(''))).map(({ key, size }) => [key, size]),
      [
        ['copy', 300_000],
        [odd, 10],
        ['folder/stream', 300_000],
      ],
    )
    assert.equal((await collect(client.list('folder/'))).length, 2)

    const size = 12 * 1024 * 1024 + 5
    assert.deepEqual(await uploadStream(client, 'whole', pieces(size, 1_000_000), 5 * 1024 * 1024), { size })
    const from = 5 * 1024 * 1024 - 3
    const seam = await bytesOf((await client.get('whole', { start: from, end: from + 9 })).body)
    assert.deepEqual(seam, (await bytesOf(pieces(size, 1_000_000))).subarray(from, from + 10))
    await uploadStream(client, 'short', pieces(100, 30))
    assert.equal((await client.head('short'))?.size, 100)
    async function* breaks() {
      yield* pieces(11 * 1024 * 1024, 1_000_000)
      throw new Error('the source broke')
    }
    await assert.rejects(uploadStream(client, 'broken', breaks(), 5 * 1024 * 1024), /the source broke/)
    assert.equal(await client.head('broken'), null)
    for (const { key } of await collect(client.list(''))) await client.delete(key)
    await client.delete('never')
    assert.deepEqual(await collect(client.list('')), [])
  } finally {
    client.close()
  }
}

test('put, get, list, copy, remove and multipart work with a service of another make', async () => {
  await using server = await s3Server()
  await works(server.settings)
})

test('and with our own, which lists what was begun and not ended', async () => {
  await using cloud = await testCloud()
  const settings = await ownS3Bucket(cloud)
  await works(settings)
  const client = createS3Client(settings, environment)
  const id = await client.createUpload('a/begun')
  await client.putPart('a/begun', id, 1, Buffer.from('x'), 1)
  assert.deepEqual(
    (await collect(client.uploads('a/'))).map((upload) => [upload.key, upload.id]),
    [['a/begun', id]],
  )
  await client.abortUpload('a/begun', id)
  await client.abortUpload('a/begun', id)
  assert.deepEqual(await collect(client.uploads('')), [])
  client.close()
})

test('faults tell what is wrong', async () => {
  await using server = await s3Server()
  await using cloud = await testCloud()
  const code = (wanted: string, status: number) => (error: unknown) =>
    error instanceof S3Fault && error.code === wanted && error.status === status
  const wrong = createS3Client({ ...(await ownS3Bucket(cloud)), secretKey: 'wrong' }, environment)
  await assert.rejects(wrong.put('x', Buffer.from('x'), 1), code('SignatureDoesNotMatch', 403))
  const nowhere = createS3Client({ ...server.settings, bucket: 'none' }, environment)
  await assert.rejects(nowhere.put('x', Buffer.from('x'), 1), code('NoSuchBucket', 404))
  const client = createS3Client(server.settings, { clock: { ...environment.clock, sleep: async () => {} } })
  await client.put('x', Buffer.from('x'), 1)
  await server.stop()
  await assert.rejects(client.head('x'), code('Unreachable', 0))
  await assert.rejects(client.put('y', pieces(10, 10), 10), code('Unreachable', 0))
  await server.start()
  assert.equal((await client.head('x'))?.size, 1)
  for (const one of [wrong, nowhere, client]) one.close()
})
