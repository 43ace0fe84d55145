import assert from 'node:assert/strict'
import { request } from 'node:http'
import { test } from 'node:test'
import { withContainer } from '../../../testing/object-store/store.ts'
import { testCloud } from '../../../testing/test-cloud.ts'

const MiB = 1024 * 1024

test('what a quota has no room for is refused before it is received, and copied no further', async () => {
  await using cloud = await testCloud()
  const { at, call, member, account } = await withContainer(cloud, 'things', { 'x-container-meta-quota-bytes': String(MiB) })
  const token = await member.token()
  // Says that it brings a hundred megabytes, or does not say, and sends what it may until it is answered.
  const put = (headers: Record<string, string>) =>
    new Promise<{ status: number; sent: number }>((resolve, reject) => {
      const sending = request(cloud.url + at('o'), { method: 'PUT', headers: { 'x-auth-token': token, ...headers } })
      sending.flushHeaders()
      let sent = 0
      const more = setInterval(() => {
        if (sending.writableNeedDrain) return
        sent += MiB
        sending.write(Buffer.alloc(MiB))
      }, 50)
      const late = setTimeout(() => {
        clearInterval(more)
        sending.destroy()
        reject(new Error(`no answer after ${sent} bytes`))
      }, 10_000)
      sending.on('error', () => {})
      sending.on('response', (answer) => {
        clearInterval(more)
        clearTimeout(late)
        sending.destroy()
        resolve({ status: answer.statusCode!, sent })
      })
    })
  for (const headers of [{ 'content-length': String(100 * MiB) }, { 'transfer-encoding': 'chunked' }] as Record<string, string>[]) {
    const { status, sent } = await put(headers)
    assert.equal(status, 413)
    assert.ok(sent <= 20 * MiB, `${sent} bytes`)
  }
  await member.request('PUT', `${account}/parts`, { expected: 201 })
  await member.request('PUT', `${account}/parts/one`, { raw: Buffer.alloc(MiB), expected: 201 })
  const manifest = JSON.stringify(Array.from({ length: 40 }, () => ({ path: 'parts/one' })))
  await member.request('PUT', `${account}/parts/all?multipart-manifest=put`, { raw: manifest, expected: 201 })
  await call('PUT', 'o', 413, { headers: { 'x-copy-from': 'parts/all' } })
  await call('PUT', 'o', 201, { raw: Buffer.alloc(MiB) })
})
