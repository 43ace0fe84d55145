import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync, truncateSync } from 'node:fs'
import http from 'node:http'
import { join } from 'node:path'
import { test } from 'node:test'
import { withContainer } from '../../../testing/object-store/store.ts'
import { type TestCloud, testCloud } from '../../../testing/test-cloud.ts'

const md5 = (data: Buffer) => createHash('md5').update(data).digest('hex')
const KiB = 1024

interface Sent {
  status: number
  headers: http.IncomingHttpHeaders
  body: Buffer
}

/** A request whose body goes out as it is given, piece by piece. */
async function send(
  cloud: TestCloud,
  method: string,
  path: string,
  headers: http.OutgoingHttpHeaders,
  pieces: Buffer[] = [],
): Promise<Sent> {
  const request = http.request(cloud.url + path, { method, headers })
  for (const piece of pieces) if (!request.write(piece)) await once(request, 'drain')
  request.end()
  const [answer] = (await once(request, 'response')) as [http.IncomingMessage]
  const body: Buffer[] = []
  for await (const chunk of answer) body.push(chunk)
  return { status: answer.statusCode!, headers: answer.headers, body: Buffer.concat(body) }
}

/** Cut into pieces of odd lengths. */
function cut(data: Buffer, most: number): Buffer[] {
  const pieces: Buffer[] = []
  for (let at = 0, step = 1; at < data.length; at += step, step = (step * 7 + 13) % most || 1) pieces.push(data.subarray(at, at + step))
  return pieces
}

test('bodies of any length, in chunks of any length and many at once, come out as they went in, whole and in ranges', async () => {
  await using cloud = await testCloud()
  const { at, call, member } = await withContainer(cloud)
  const token = { 'x-auth-token': await member.token() }
  const lengths = [1, 16 * KiB, 16 * KiB + 1, 64 * KiB, 512 * KiB - 1, 512 * KiB, 512 * KiB + 1, 2048 * KiB, 3_000_007, 9_437_184]
  const bodies = lengths.map((length) => randomBytes(length))
  const made = await Promise.all(
    bodies.map((body, i) =>
      i % 2
        ? send(cloud, 'PUT', at(`o${i}`), { ...token, 'content-length': body.length }, [body])
        : send(cloud, 'PUT', at(`o${i}`), { ...token, 'transfer-encoding': 'chunked' }, cut(body, 200_000)),
    ),
  )
  assert.deepEqual(
    made.map(({ status, headers }) => [status, headers.etag]),
    bodies.map((body) => [201, md5(body)]),
  )
  const got = await Promise.all(bodies.map((_, i) => send(cloud, 'GET', at(`o${i}`), token)))
  for (const [i, { status, body, headers }] of got.entries()) {
    assert.deepEqual([status, headers['content-length'], md5(body)], [200, String(lengths[i]), md5(bodies[i]!)], `o${i}`)
  }
  const body = bodies.at(-1)!
  const ranges = [
    [0, 0],
    [511, 700_000],
    [524_288, 1_048_575],
    [9_000_000, 9_437_183],
  ]
  for (const [start, end] of ranges) {
    const part = await send(cloud, 'GET', at(`o${lengths.length - 1}`), { ...token, range: `bytes=${start}-${end}` })
    assert.equal(part.status, 206)
    assert.ok(part.body.equals(body.subarray(start, end! + 1)), `${start}-${end}`)
  }
  const several = await send(cloud, 'GET', at(`o${lengths.length - 1}`), { ...token, range: 'bytes=5-600004,700000-700009' })
  assert.ok(several.body.includes(body.subarray(5, 600_005)) && several.body.includes(body.subarray(700_000, 700_010)))

  // The same in one object of segments, across their borders.
  const list = bodies.map((_, i) => ({ path: `/things/o${i}` }))
  await call('PUT', 'all?multipart-manifest=put', 201, { raw: JSON.stringify(list) })
  const all = Buffer.concat(bodies)
  assert.ok((await send(cloud, 'GET', at('all'), token)).body.equals(all))
  const across = await send(cloud, 'GET', at('all'), { ...token, range: 'bytes=20000-3000000' })
  assert.ok(across.body.equals(all.subarray(20_000, 3_000_001)))
  await call('COPY', 'all', 201, { headers: { destination: 'things/one' } })
  assert.ok((await send(cloud, 'GET', at('one'), token)).body.equals(all))
})

test('what is told of an upload before its body: 100-continue, a length that is missing, a length that is not kept', async () => {
  await using cloud = await testCloud()
  const { at, call, member } = await withContainer(cloud)
  const token = { 'x-auth-token': await member.token() }
  const body = randomBytes(600 * KiB)
  const request = http.request(cloud.url + at('o'), {
    method: 'PUT',
    headers: { ...token, expect: '100-continue', 'content-length': body.length },
  })
  request.flushHeaders()
  await once(request, 'continue')
  request.end(body)
  const [answer] = (await once(request, 'response')) as [http.IncomingMessage]
  answer.resume()
  assert.deepEqual([answer.statusCode, answer.headers.etag], [201, md5(body)])
  for (const length of [1000, 2_000_000]) {
    const short = http.request(cloud.url + at('o'), { method: 'PUT', headers: { ...token, 'content-length': length } })
    short.on('error', () => {})
    short.write(body.subarray(0, length - 10))
    await once(short, 'socket')
    short.destroy()
  }
  assert.equal((await call('HEAD', 'o', 200)).headers.get('etag'), md5(body))
  assert.equal((await send(cloud, 'GET', at('o'), { ...token, 'x-newest': 'true' })).body.length, body.length)
})

test('what is said of the content is kept and given back', async () => {
  await using cloud = await testCloud()
  const { call, at, member } = await withContainer(cloud)
  const said = {
    'content-encoding': 'gzip',
    'content-disposition': 'attachment; filename="x.txt"',
    'content-language': 'de',
    'cache-control': 'no-store',
  }
  await call('PUT', 'o', 201, { raw: 'x', headers: said })
  const token = { 'x-auth-token': await member.token() }
  const kept = async () => {
    const { headers } = await send(cloud, 'HEAD', at('o'), token)
    return Object.keys(said).map((name) => headers[name])
  }
  assert.deepEqual(await kept(), Object.values(said))
  await call('POST', 'o', 202, { headers: { 'content-encoding': 'br' } })
  assert.deepEqual(await kept(), ['br', undefined, undefined, undefined])
})

test('readers that leave, slow or at once, leave nothing open, and bytes that are missing end the answer', async () => {
  await using cloud = await testCloud()
  const { at, call, member } = await withContainer(cloud)
  const token = { 'x-auth-token': await member.token() }
  const body = randomBytes(4_000_000)
  await call('PUT', 'o', 201, { raw: body })
  await Promise.all(
    Array.from({ length: 12 }, async (_, i) => {
      const request = http.get(cloud.url + at('o'), { headers: token })
      request.on('error', () => {})
      const [answer] = (await once(request, 'response')) as [http.IncomingMessage]
      answer.on('error', () => {})
      if (i % 3 === 0) await once(answer, 'readable')
      if (i % 3 === 1) for await (const chunk of answer) if (chunk.length) break
      request.destroy()
    }),
  )
  assert.ok((await send(cloud, 'GET', at('o'), token)).body.equals(body))
  const folder = join(cloud.cloud.config.dataDir, 'object-store', 'data')
  const file = readdirSync(folder, { recursive: true })
    .map(String)
    .find((name) => name.length > 4)!
  truncateSync(join(folder, file), 3_000_000)
  await assert.rejects(send(cloud, 'GET', at('o'), token), { code: 'ECONNRESET' })
  truncateSync(join(folder, file), 0)
  assert.equal((await send(cloud, 'GET', at('o'), token)).status, 500) // nothing was said yet
})
