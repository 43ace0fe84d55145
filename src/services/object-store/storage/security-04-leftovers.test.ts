import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { test } from 'node:test'
import { silentLog } from '../../../log.ts'
import { accountOf, withContainer } from '../../../testing/object-store/store.ts'
import { testCloud } from '../../../testing/test-cloud.ts'
import { until } from '../../../testing/until.ts'
import { dataFolder } from './data.ts'

const secret = 'pattern of another tenant '
const MiB = 1024 * 1024

function files(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name)
    return statSync(path).isDirectory() ? files(path) : [path]
  })
}

/** Sends so much of a body that says it is longer, and goes. */
function breakOff(url: string, token: string, headers: Record<string, string>, part: Buffer): Promise<void> {
  return new Promise((resolve) => {
    const sent = request(url, { method: 'PUT', headers: { 'x-auth-token': token, ...headers } })
    sent.once('error', () => resolve())
    sent.write(part, () => sent.destroy())
    sent.once('close', resolve)
  })
}

test('nothing that was removed, replaced or broken off is seen again by anybody, or stays on the disk', async () => {
  const errors: object[] = []
  await using cloud = await testCloud({ log: { ...silentLog, error: (fields) => void errors.push(fields) } })
  const { member, at, call } = await withContainer(cloud)
  const sizes = [1, 100, 16 * 1024, 16 * 1024 + 1, 3 * MiB]
  const body = (size: number) => Buffer.alloc(size, secret)
  for (const size of sizes) {
    await call('PUT', `d${size}`, 201, { raw: body(size) })
    await call('PUT', `r${size}`, 201, { raw: body(size) })
  }
  for (const size of sizes) {
    await call('DELETE', `d${size}`, 204)
    await call('PUT', `r${size}`, 201, { raw: 'new' })
  }
  const token = await member.token()
  for (const size of sizes) {
    const headers = [{ 'content-length': String(size * 2) }, { 'transfer-encoding': 'chunked' }] as Record<string, string>[]
    for (const one of headers) await breakOff(`${cloud.url}${at(`broken${size}`)}`, token, one, body(size))
  }
  await breakOff(`${cloud.url}${at('?extract-archive=tar.gz')}`, token, { 'content-length': '9999' }, body(100))
  const folder = dataFolder(cloud.cloud)
  await until('no file is left', () => files(folder).length === 0)
  for (const size of sizes) await call('GET', `broken${size}`, 404)
  const blobs = await cloud.cloud.database.read.selectFrom('object_store_blobs').select('data').execute()
  for (const { data } of blobs) assert.equal(data.toString(), 'new')
  assert.deepEqual(errors, [], 'a client who goes is nothing that an operator must act on')

  // Another tenant's objects of the same sizes hold only what he sent, in every range.
  const other = await cloud.as('member', 'project-2')
  const place = `${await accountOf(other)}/c`
  await other.request('PUT', place, { expected: 201 })
  for (const size of sizes) {
    await other.request('PUT', `${place}/o`, { raw: Buffer.alloc(size), expected: 201 })
    for (const range of ['', 'bytes=0-', `bytes=${size - 1}-${size * 4}`, `bytes=-${size * 9}`, `bytes=0-0,${size - 1}-${size + 70_000}`]) {
      const headers: Record<string, string> = range ? { range } : {}
      const { text } = await other.request('GET', `${place}/o`, { headers })
      assert.ok(!text.includes('pattern') && !text.includes('tenant'), `${size} ${range}`)
    }
    await other.request('GET', `${place}/o`, { headers: { range: `bytes=${size}-` }, expected: 416 })
    await other.request('DELETE', `${place}/o`, { expected: 204 })
  }
})

test('an object whose file is shorter than its row ends the answer, and is filled up with nothing', async () => {
  await using cloud = await testCloud()
  const { member, at, call } = await withContainer(cloud)
  await call('PUT', 'o', 201, { raw: Buffer.alloc(MiB, 'a') })
  const [file] = files(dataFolder(cloud.cloud))
  const { truncateSync } = await import('node:fs')
  truncateSync(file!, 1000)
  await assert.rejects(member.request('GET', at('o')))
  assert.equal(readFileSync(file!).length, 1000)
  await call('PUT', 'p', 201, { raw: Buffer.alloc(MiB, 'b') })
  const { text } = await call('GET', 'p', 200)
  assert.equal(text, 'b'.repeat(MiB))
})
