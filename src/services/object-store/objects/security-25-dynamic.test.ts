import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import type { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { BaseContext } from '../../../api/operation.ts'
import { withContainer } from '../../../testing/object-store/store.ts'
import { testCloud } from '../../../testing/test-cloud.ts'
import { longestTurn } from '../../../testing/turns.ts'
import type { TempUrl } from '../access/temp-url.ts'
import { contentOf } from './content.ts'

const count = 10_000
const nameOf = (index: number) => `s/${String(index).padStart(6, '0')}${'x'.repeat(800)}`

/** Ten thousand segments of one byte each, with a manifest among them that names them all. */
async function segmented(cloud: Awaited<ReturnType<typeof testCloud>>) {
  const made = await withContainer(cloud)
  await made.call('PUT', 's/manifest', 201, { headers: { 'x-object-manifest': 'things/s/' } })
  await made.call('PUT', nameOf(0), 201, { raw: 'x' })
  const { database } = cloud.cloud
  const row = await database.read.selectFrom('object_store_objects').selectAll().where('name', '=', nameOf(0)).executeTakeFirstOrThrow()
  for (let from = 1; from < count; from += 500)
    await database.write(({ db }) => {
      const rows = Array.from({ length: Math.min(500, count - from) }, (_, i) => ({ ...row, name: nameOf(from + i) }))
      return db.insertInto('object_store_objects').values(rows).execute()
    })
  const one = database.read.selectFrom('object_store_objects').selectAll().where('name', '=', 's/manifest')
  const [container, manifest] = [
    await database.read.selectFrom('object_store_containers').selectAll().executeTakeFirstOrThrow(),
    await one.executeTakeFirstOrThrow(),
  ]
  const context = { cloud: cloud.cloud, who: null } as unknown as BaseContext
  return { ...made, etag: row.etag, open: () => contentOf(context, { temp: { scope: 'account' } as TempUrl, container }, manifest) }
}

test('security-25: bytes of a manifest of ten thousand segments are found without a look at all others', async () => {
  await using cloud = await testCloud()
  const { call, open, etag } = await segmented(cloud)
  const range = (bytes: string) => call('GET', 's/manifest', 206, { headers: { range: `bytes=${bytes}` } })
  const head = await call('HEAD', 's/manifest', 200)
  assert.equal(head.headers.get('content-length'), String(count))
  assert.equal(head.headers.get('etag'), `"${createHash('md5').update(etag.repeat(count)).digest('hex')}"`)
  for (const [bytes, length] of [
    ['0-0', 1],
    ['998-1002', 5],
    ['1999-1999', 1],
    ['9990-', 10],
    ['0-2100', 2101],
  ] as const)
    assert.equal((await range(bytes)).text, 'x'.repeat(length), bytes)
  const turns: number[] = []
  for (let round = 0; round < 3; round++) turns.push(await longestTurn(() => range('9990-')))
  assert.ok(Math.min(...turns) < 30, `${turns} ms`)
  // A segment that has another content by now ends the answer; one that has come behind all others is none of it.
  const content = await open()
  await call('PUT', 's/z', 201, { raw: 'more' })
  assert.equal((await buffer((await content.read(count - 1, count - 1)) as Readable)).toString(), 'x')
  const { database } = cloud.cloud
  await database.write(({ db }) => db.updateTable('object_store_objects').set({ etag: 'other' }).where('name', '=', nameOf(9500)).execute())
  await assert.rejects(async () => content.read(count - 1, count - 1), { status: 409 })
  await range('0-0')
})

test('security-25: what an open manifest holds does not grow with its segments', async () => {
  await using cloud = await testCloud()
  const { open } = await segmented(cloud)
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  await open()
  collect()
  const before = process.memoryUsage().heapUsed
  const contents = []
  for (let i = 0; i < 5; i++) contents.push(await open())
  collect()
  const held = process.memoryUsage().heapUsed - before
  assert.ok(held < 5_000_000, `${held} bytes`)
  assert.ok(contents.every(({ size }) => size === count))
})
