import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { steppedClock } from '../../../environment.ts'
import { withContainer } from '../../../testing/object-store/store.ts'
import { testCloud } from '../../../testing/test-cloud.ts'
import { until } from '../../../testing/until.ts'

const md5 = (data: string | Buffer) => createHash('md5').update(data).digest('hex')

test('objects are kept with their metadata, small as rows and large as files', async () => {
  await using cloud = await testCloud()
  const { call, at, member } = await withContainer(cloud)
  const large = Buffer.alloc(300_000, 'large')
  for (const [name, data] of [
    ['small', Buffer.from('small')],
    ['a/b//c/', large],
    ['none', Buffer.alloc(0)],
    ['%25 ü?', large],
  ] as const) {
    const path = name.split('/').map(encodeURIComponent).join('/')
    const made = await call('PUT', path, 201, {
      raw: data,
      headers: { 'content-type': 'text/x', 'x-object-meta-color': 'red', 'x-object-meta-nil': '' },
    })
    assert.equal(made.headers.get('etag'), md5(data))
    const got = await fetch(cloud.url + at(path), { headers: { 'x-auth-token': await member.token() } })
    assert.equal(got.status, 200)
    assert.ok(data.equals(Buffer.from(await got.arrayBuffer())))
    const { headers } = await call('HEAD', path, 200)
    assert.deepEqual(
      ['content-type', 'content-length', 'etag', 'x-object-meta-color', 'x-object-meta-nil'].map((key) => headers.get(key)),
      ['text/x', String(data.length), md5(data), 'red', ''],
    )
    assert.match(headers.get('x-timestamp')!, /^\d{10}\.\d{5}$/)
    assert.match(headers.get('x-trans-id')!, /^tx[0-9a-f]{21}-[0-9a-f]{10}$/)
  }
  const listed = (await call('GET', '', 200)).text
  assert.equal(listed, '%25 ü?\na/b//c/\nnone\nsmall\n')
  const files = () =>
    readdirSync(join(cloud.cloud.config.dataDir, 'object-store', 'data'), { recursive: true }).filter((f) => String(f).length > 4)
  assert.equal(files().length, 2)
  const { headers } = await call('HEAD', '', 204)
  assert.equal(headers.get('x-container-object-count'), '4')
  assert.equal(headers.get('x-container-bytes-used'), String(5 + 600_000))
  for (const name of ['small', 'a/b//c/', 'none', '%2525%20%C3%BC%3F']) await call('DELETE', name, 204)
  await call('GET', 'small', 404)
  assert.equal((await call('HEAD', '', 204)).headers.get('x-container-bytes-used'), '0')
  await until('no file', () => files().length === 0) // removed after the answer
})

test('a body that is not what its ETag says leaves nothing', async () => {
  await using cloud = await testCloud()
  const { call } = await withContainer(cloud)
  await call('PUT', 'o', 201, { raw: 'first', headers: { etag: md5('first') } })
  for (const raw of ['second', Buffer.alloc(100_000, 'x')]) await call('PUT', 'o', 422, { raw, headers: { etag: md5('other') } })
  assert.equal((await call('GET', 'o', 200)).text, 'first')
  assert.deepEqual(readdirSync(join(cloud.cloud.config.dataDir, 'object-store', 'incoming')), [])
})

test('ranges and conditions', async () => {
  await using cloud = await testCloud()
  const { call } = await withContainer(cloud)
  const made = await call('PUT', 'o', 201, { raw: '0123456789' })
  const etag = made.headers.get('etag')!
  const get = async (headers: Record<string, string>, expected: number) => call('GET', 'o', expected, { headers })
  for (const [range, text, span] of [
    ['bytes=2-4', '234', 'bytes 2-4/10'],
    ['bytes=-3', '789', 'bytes 7-9/10'],
    ['bytes=8-', '89', 'bytes 8-9/10'],
    ['bytes=5-99', '56789', 'bytes 5-9/10'],
  ]) {
    const answer = await get({ range: range! }, 206)
    assert.deepEqual([answer.text, answer.headers.get('content-range')], [text, span])
  }
  assert.equal((await get({ range: 'bytes=20-' }, 416)).headers.get('content-range'), 'bytes */10')
  assert.equal((await get({ range: 'lines=1-2' }, 200)).text, '0123456789')
  const several = await get({ range: 'bytes=0-1,8-9' }, 206)
  const boundary = /boundary=(\w+)/.exec(several.headers.get('content-type')!)![1]
  const part = (span: string, text: string) =>
    `--${boundary}\r\nContent-Type: text/plain;charset=UTF-8\r\nContent-Range: bytes ${span}/10\r\n\r\n${text}\r\n`
  assert.equal(several.text, `${part('0-1', '01')}${part('8-9', '89')}--${boundary}--`)
  await get({ 'if-none-match': etag }, 304)
  await get({ 'if-none-match': '"other"' }, 200)
  await get({ 'if-match': `"${etag}"` }, 200)
  await get({ 'if-match': 'other' }, 412)
  const changed = (await call('HEAD', 'o', 200)).headers.get('last-modified')!
  await get({ 'if-modified-since': changed }, 304)
  await get({ 'if-unmodified-since': changed }, 200)
  await get({ 'if-unmodified-since': 'Mon, 01 Jan 2001 00:00:00 GMT' }, 412)
  assert.equal((await get({ range: 'bytes=0-1', 'if-range': '"other"' }, 200)).text, '0123456789')
  await call('PUT', 'o', 412, { raw: 'x', headers: { 'if-none-match': '*' } })
  await call('PUT', 'new', 201, { raw: 'x', headers: { 'if-none-match': '*' } })
  await call('PUT', 'o', 400, { raw: 'x', headers: { 'if-none-match': etag } })
})

test('POST replaces metadata, COPY keeps it and adds', async () => {
  await using cloud = await testCloud()
  const { call } = await withContainer(cloud)
  await call('PUT', 'o', 201, {
    raw: Buffer.alloc(50_000, 'o'),
    headers: { 'x-object-meta-a': '1', 'x-object-meta-b': '2', 'content-type': 'text/a' },
  })
  await call('POST', 'o', 202, { headers: { 'x-object-meta-b': '3' } })
  const after = (await call('HEAD', 'o', 200)).headers
  assert.deepEqual([after.get('x-object-meta-a'), after.get('x-object-meta-b'), after.get('content-type')], [null, '3', 'text/a'])
  await call('COPY', 'o', 201, { headers: { destination: 'things/copy', 'x-object-meta-c': '4' } })
  const copy = (await call('HEAD', 'copy', 200)).headers
  assert.deepEqual([copy.get('x-object-meta-b'), copy.get('x-object-meta-c'), copy.get('content-type')], ['3', '4', 'text/a'])
  await call('PUT', 'fresh', 201, { headers: { 'x-copy-from': '/things/o', 'x-fresh-metadata': 'true' } })
  assert.equal((await call('HEAD', 'fresh', 200)).headers.get('x-object-meta-b'), null)
  await call('DELETE', 'o', 204)
  assert.equal((await call('GET', 'copy', 200)).text, 'o'.repeat(50_000))
  await call('COPY', 'copy', 412, { headers: { destination: 'nowhere' } })
  await call('COPY', 'copy', 404, { headers: { destination: 'nowhere/x' } })
})

test('an object with an end is gone at that second, and its bytes soon after', async () => {
  const clock = steppedClock()
  await using cloud = await testCloud({ clock })
  const { call } = await withContainer(cloud)
  await call('PUT', 'o', 201, { raw: 'x', headers: { 'x-delete-after': '10' } })
  await call('PUT', 'stays', 201, { raw: 'y', headers: { 'x-delete-at': String(Math.floor(clock.now() / 1000) + 10) } })
  await call('POST', 'stays', 202)
  for (const headers of [{ 'x-delete-at': '1' }, { 'x-delete-after': 'soon' }, { 'x-delete-after': '-1' }] as Record<string, string>[])
    await call('PUT', 'o', 400, { raw: 'x', headers })
  await call('GET', 'o', 200)
  await clock.advance(10_000)
  await call('GET', 'o', 404)
  await call('DELETE', 'o', 404)
  const { expireObjects } = await import('./expire.ts')
  await expireObjects(cloud.cloud)
  assert.equal((await call('GET', '', 200)).text, 'stays\n')
  assert.equal((await call('HEAD', '', 204)).headers.get('x-container-bytes-used'), '1')
})

test('of many that overwrite one object the last wins whole', async () => {
  await using cloud = await testCloud()
  const { call } = await withContainer(cloud)
  const bodies = Array.from({ length: 40 }, (_, i) => Buffer.alloc(i % 2 ? 1000 : 40_000, String.fromCharCode(65 + i)))
  await Promise.all(bodies.map((raw) => call('PUT', 'o', 201, { raw })))
  const { text, headers } = await call('GET', 'o', 200)
  assert.ok(bodies.some((body) => body.toString() === text))
  assert.equal(headers.get('etag'), md5(text))
  const container = (await call('HEAD', '', 204)).headers
  assert.deepEqual([container.get('x-container-object-count'), container.get('x-container-bytes-used')], ['1', String(text.length)])
})

test('one of many fits the last place of a quota', async () => {
  await using cloud = await testCloud()
  const { call, member } = await withContainer(cloud, 'things', { 'x-container-meta-quota-count': '1' })
  const answers = await Promise.all(
    Array.from({ length: 200 }, (_, i) =>
      member.request('PUT', `${'/object-store/v1/AUTH_'}${member.login.projectId}/things/o${i}`, { raw: 'x' }),
    ),
  )
  assert.deepEqual(
    [201, 413].map((status) => answers.filter((answer) => answer.status === status).length),
    [1, 199],
  )
  await call('POST', '', 204, { headers: { 'x-container-meta-quota-bytes': '10', 'x-remove-container-meta-quota-count': 'x' } })
  await call('PUT', 'big', 413, { raw: 'x'.repeat(10) })
  await call('PUT', 'big', 201, { raw: 'x'.repeat(9) })
})
