import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { withContainer } from '../../../testing/object-store/store.ts'
import { testCloud } from '../../../testing/test-cloud.ts'
import { parseRanges } from './ranges.ts'

const md5 = (text: string) => createHash('md5').update(text).digest('hex')
const empty = md5('')

test('a percent sign that encodes nothing stands for itself, in paths, headers and lists', async () => {
  await using cloud = await testCloud()
  const { call, member, account, at } = await withContainer(cloud, 'c')
  await call('PUT', '5%', 201, { raw: 'five' })
  await call('PUT', 'copy', 201, { headers: { 'x-copy-from': 'c/5%' } })
  await call('COPY', '5%25', 201, { headers: { destination: 'c/%zz%' } })
  assert.equal((await call('GET', '%25zz%25', 200)).text, 'five')
  await call('PUT', 'link', 201, { headers: { 'x-symlink-target': 'c/5%' } })
  assert.equal((await call('GET', 'link', 200)).text, 'five')
  await call('PUT', 'all', 201, { headers: { 'x-object-manifest': 'c/a%3Fb/' } })
  await call('PUT', 'a%3Fb/1', 201, { raw: 'part' })
  assert.equal((await call('GET', 'all', 200)).text, 'part')
  await call('PUT', 'all', 400, { headers: { 'x-object-manifest': 'c/a?b/' } })
  const bulk = await member.request('POST', `${account}?bulk-delete`, { raw: 'c/5%\nc/%zz%\n', headers: { accept: 'application/json' } })
  assert.deepEqual([bulk.body['Number Deleted'], bulk.body.Errors], [2, []])
  for (const path of ['%FF', 'a%00b']) await call('PUT', path, 412, { raw: 'x' })
  for (const name of ['x-versions-location', 'x-history-location']) await call('POST', '', 204, { headers: { [name]: '%zz' } })
  for (const to of ['%zz', 'http://%zz/', `${cloud.url}/object-store/v1/AUTH_a/%zz`]) {
    const { status } = await member.request('POST', at(''), { headers: { 'x-container-sync-to': to } })
    assert.ok(status < 500, to)
  }
})

test('a copy says what it is a copy of, and takes a range', async () => {
  await using cloud = await testCloud()
  const { call } = await withContainer(cloud, 'c')
  await call('PUT', 's%3Fq', 201, { raw: '0123456789', headers: { 'x-object-meta-a': 'b' } })
  const source = (await call('HEAD', 's%3Fq', 200)).headers
  const copied = (await call('COPY', 's%3Fq', 201, { headers: { destination: 'c/d', range: 'bytes=2-4' } })).headers
  assert.deepEqual([copied.get('x-copied-from'), copied.get('x-copied-from-last-modified')], ['c/s%3Fq', source.get('last-modified')])
  const got = await call('GET', 'd', 200)
  assert.deepEqual([got.text, got.headers.get('x-object-meta-a')], ['234', 'b'])
})

test('ranges are read as Swift reads them', () => {
  const all = { start: 0, end: 9 }
  for (const [text, size, expected] of [
    ['bytes=-4', 0, null],
    ['bytes=0-', 0, []],
    ['bytes=-0', 10, []],
    ['BYTES = 0 - 3 ', 10, [{ start: 0, end: 3 }]],
    [
      'bytes= 0-1 , 8- ',
      10,
      [
        { start: 0, end: 1 },
        { start: 8, end: 9 },
      ],
    ],
    [`bytes=${'9'.repeat(40)}-`, 10, []],
    ['bytes=0-9,0-9,0-9', 10, [all, all, all]],
    ['bytes=0-5,1-6,2-7', 10, []],
    ['bytes=8-9,6-7,4-5,2-3,0-1', 10, [8, 6, 4, 2, 0].map((start) => ({ start, end: start + 1 }))],
    [`bytes=${Array.from({ length: 8 }, (_, i) => `${20 - i}-${20 - i}`).join()}`, 30, []],
    ['bytes=1-0', 10, null],
  ] as const)
    assert.deepEqual(parseRanges(text, size), expected, text)
})

test('If-Match holds together with If-Unmodified-Since, or 412', async () => {
  await using cloud = await testCloud()
  const { call } = await withContainer(cloud)
  await call('PUT', 'o', 201, { raw: 'x' })
  const past = new Date(0).toUTCString()
  await call('GET', 'o', 412, { headers: { 'if-match': md5('x'), 'if-unmodified-since': past } })
  await call('GET', 'o', 200, { headers: { 'if-match': md5('x'), 'if-unmodified-since': new Date(Date.now() + 60_000).toUTCString() } })
})

test('removing what never was is 404 and leaves a mark; null unlinks the present version', async () => {
  await using cloud = await testCloud()
  const { call, at, member } = await withContainer(cloud, 'c', { 'x-versions-enabled': 'true' })
  const missing = await call('DELETE', 'never', 404)
  const listed = async () =>
    (await member.get(`${at('')}?versions`)).body.map((v: Record<string, unknown>) => [v.name, v.version_id, v.is_latest])
  assert.deepEqual(await listed(), [['never', missing.headers.get('x-object-version-id'), true]])
  const id = (await call('PUT', 'o', 201, { raw: 'text' })).headers.get('x-object-version-id')
  const read = (await call('GET', 'o', 200)).headers
  assert.equal(read.get('content-location'), `${at('o').replace('/object-store', '')}?version-id=${id}`)
  await call('DELETE', 'o?version-id=null', 204)
  await call('GET', 'o', 404)
  assert.deepEqual((await listed()).at(-1), ['o', id, false])
  await call('GET', 'o?version-id=text', 400)
  await call('POST', `o?version-id=${id}`, 400)
  await call('COPY', `o?version-id=${id}`, 201, { headers: { destination: 'c/back' } })
  assert.equal((await call('GET', 'back', 200)).text, 'text')
  const [entry] = (await member.get(`${at('')}?format=json`)).body
  assert.deepEqual([entry.version_symlink, /\?version-id=/.test(entry.symlink_path)], [true, true])
})

test('a static link is checked when it is made, and tells of its target in listings', async () => {
  await using cloud = await testCloud()
  const { call, at, member } = await withContainer(cloud, 'c')
  await call('PUT', 'o', 201, { raw: 'text', headers: { 'content-type': 'text/x' } })
  const link = (name: string, target: string, etag: string, expected: number) =>
    call('PUT', name, expected, { headers: { 'x-symlink-target': target, 'x-symlink-target-etag': etag, 'content-type': '' } })
  await link('bad', 'c/o', empty, 409)
  await link('bad', 'c/none', empty, 409)
  await link('static', 'c/o', md5('text'), 201)
  await link('chain', 'c/static', md5('text'), 201)
  await call('PUT', 'plain', 201, { headers: { 'x-symlink-target': 'c/o' } })
  await link('on-plain', 'c/plain', empty, 201)
  for (const name of ['chain', 'on-plain']) assert.equal((await call('GET', name, 200)).text, 'text')
  const path = at('').replace('/object-store', '')
  assert.equal((await call('GET', 'static', 200)).headers.get('content-location'), `${path}/o`)
  const listed = (await member.get(`${at('')}?format=json&prefix=static`)).body[0]
  assert.deepEqual([listed.symlink_path, listed.symlink_etag, listed.symlink_bytes], [`${path}/o`, md5('text'), 4])
  await call('PUT', 'manifest?multipart-manifest=put', 201, { raw: JSON.stringify([{ path: 'c/plain' }]) })
  const { headers } = await call('HEAD', 'manifest', 200)
  await link('to-manifest', 'c/manifest', headers.get('etag')!.replaceAll('"', ''), 409)
  await link('to-manifest', 'c/manifest', headers.get('x-manifest-etag')!, 201)
  assert.equal((await call('GET', 'to-manifest', 200)).text, 'text')
  await call('PUT', 'o', 201, { raw: 'other' })
  const broken = await call('GET', 'static', 409)
  assert.equal(broken.headers.get('content-location'), `${path}/o`)
  const moved = await call('POST', 'static', 307, { headers: { 'x-object-meta-a': 'b' } })
  assert.equal(moved.headers.get('location'), `${path}/o`)
  await call('POST', 'o', 400, { headers: { 'x-symlink-target': 'c/plain' } })
})

test('X-Storage-Token is a token', async () => {
  await using cloud = await testCloud()
  const { at, member } = await withContainer(cloud)
  const token = await member.token()
  assert.equal((await fetch(cloud.url + at(''), { headers: { 'x-storage-token': token } })).status, 204)
  assert.equal((await fetch(cloud.url + at(''), { headers: { 'x-storage-token': 'none' } })).status, 401)
})

test('removing a large object tells of what is none in its report', async () => {
  await using cloud = await testCloud()
  const { call } = await withContainer(cloud, 'c')
  await call('PUT', 'a b', 201, { raw: 'x' })
  const json = { accept: 'application/json' }
  const plainObject = (await call('DELETE', 'a%20b?multipart-manifest=delete', 200, { headers: json })).body
  assert.deepEqual(
    [plainObject['Response Status'], plainObject['Number Deleted'], plainObject.Errors],
    ['400 Bad Request', 0, [['/c/a%20b', 'Not an SLO manifest']]],
  )
  await call('HEAD', 'a%20b', 200)
  const nothing = (await call('DELETE', 'nothing?multipart-manifest=delete', 200, { headers: json })).body
  assert.deepEqual([nothing['Response Status'], nothing['Number Not Found'], nothing.Errors], ['200 OK', 1, []])
})

test('a listing whose form the Accept header decided says so to caches, beside the origin', async () => {
  await using cloud = await testCloud()
  const { call, member, account } = await withContainer(cloud, 'c')
  await call('POST', '', 204, { headers: { 'x-container-meta-access-control-allow-origin': 'http://a' } })
  const vary = async (method: string, path: string, headers: Record<string, string> = {}) =>
    (await member.request(method, `${account}${path}`, { headers })).headers.get('vary')
  for (const method of ['GET', 'HEAD'])
    for (const path of ['', '/c']) {
      assert.equal(await vary(method, path), 'Accept', `${method} ${path}`)
      assert.equal(await vary(method, `${path}?format=json`), null, `${method} ${path}`)
    }
  assert.equal(await vary('GET', '/c', { origin: 'http://a' }), 'Origin, Accept')
  assert.equal(await vary('GET', '/c?format=json', { origin: 'http://a' }), 'Origin')
})

test('faults name what is missing: the destination of a copy, the versions that keep a container', async () => {
  await using cloud = await testCloud()
  const { call } = await withContainer(cloud, 'c')
  await call('POST', '', 204, { headers: { 'x-versions-enabled': 'true' } })
  await call('PUT', 'o', 201, { raw: 'x' })
  assert.equal((await call('COPY', 'o', 412)).text, 'Destination header required')
  await call('DELETE', 'o', 204)
  assert.equal((await call('DELETE', '', 409)).text, 'Delete all versions before deleting container.')
})
