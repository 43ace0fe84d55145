// What a running Swift 2.30.1 answers where something is wrong, by its headers and text.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import { test } from 'node:test'
import { anonymous, withContainer } from '../../testing/object-store/store.ts'
import { testCloud } from '../../testing/test-cloud.ts'

const conditions: Record<string, string>[] = [
  { 'if-match': '"x"' },
  { 'if-unmodified-since': 'Wed, 01 Jan 2020 00:00:00 GMT' },
  { 'if-match': '"x"', range: 'bytes=10-20' },
]

test('a condition or range that does not fit is answered with the headers of the object', async () => {
  await using cloud = await testCloud()
  const { call } = await withContainer(cloud)
  const described = { 'content-type': 'text/x', 'x-object-meta-colour': 'red', 'content-disposition': 'inline', 'content-encoding': 'gzip' }
  const { 'content-encoding': _, ...told } = described
  await call('PUT', 'o', 201, { raw: 'text', headers: described })
  const shown = async (method: string, expected: number, headers: Record<string, string>) => {
    const answer = await call(method, 'o', expected, { headers })
    const wanted = { ...told, ...(expected === 412 && { 'content-type': 'text/html; charset=UTF-8' }) }
    for (const [name, value] of Object.entries(wanted)) assert.equal(answer.headers.get(name), value, name)
    for (const name of ['etag', 'last-modified', 'x-timestamp']) assert.ok(answer.headers.get(name), name)
    return answer
  }
  for (const method of ['GET', 'HEAD'])
    for (const headers of conditions) {
      const answer = await shown(method, 412, headers)
      assert.deepEqual([answer.text, answer.headers.get('content-length'), answer.headers.get('accept-ranges')], ['', '0', null])
    }
  const unsatisfied = await shown('GET', 416, { range: 'bytes=10-20' })
  assert.deepEqual([unsatisfied.headers.get('content-range'), unsatisfied.headers.get('content-encoding')], ['bytes */4', null])
  assert.equal(unsatisfied.text, '<html><h1>Requested Range Not Satisfiable</h1><p>The Range requested is not available.</p></html>')
  await call('POST', 'o', 202, { headers: told })
  // Ranges are of bodies.
  for (const range of ['bytes=10-20', 'bytes=1-2']) {
    const head = await shown('HEAD', 200, { range })
    assert.deepEqual([head.headers.get('content-length'), head.headers.get('content-range')], ['4', null])
  }
  for (const method of ['GET', 'HEAD']) {
    await call(method, 'none', 412, { headers: { 'if-match': '*' } })
    await call(method, 'none', 404, { headers: { 'if-match': '"x"' } })
    await call(method, 'none', 404, { headers: { 'if-none-match': '*' } })
    assert.equal((await call(method, 'none', 404)).headers.get('x-object-version-id'), null)
    assert.equal((await call(method, 'o?version-id=null', 200)).headers.get('x-object-version-id'), 'null')
  }
  const tried = await call('PUT', 'o', 422, { raw: 'text', headers: { etag: '0'.repeat(32) } })
  assert.ok(Math.abs(Date.parse(tried.headers.get('last-modified')!) - Date.now()) < 60_000)
  await call('POST', '', 204, { headers: { 'x-versions-enabled': 'true' } })
  await call('PUT', 'o', 201, { raw: 'new' })
  for (const method of ['GET', 'HEAD']) {
    assert.equal((await call(method, 'none', 404)).headers.get('x-object-version-id'), 'null')
    const now = await call(method, 'o', 412, { headers: { 'if-match': '"x"' } })
    assert.match(now.headers.get('content-location')!, /\?version-id=\d/)
    assert.match(now.headers.get('x-object-version-id')!, /^\d/)
  }
})

test('faults have the text and type of a running Swift', async () => {
  await using cloud = await testCloud()
  const { member, account, call } = await withContainer(cloud)
  await call('PUT', 'o', 201, { raw: 'text' })
  const long = await member.request('PUT', `${account}/${'n'.repeat(257)}`, { expected: 400 })
  assert.equal(long.text, 'Container name length of 257 longer than 256')
  const none = await member.request('GET', `${account}/%FF`, { expected: 412 })
  assert.equal(none.text, 'Invalid UTF8 or contains NULL')
  for (const { headers } of [long, none]) assert.equal(headers.get('content-type'), 'text/html; charset=UTF-8')
  const acl = await call('POST', '', 400, { headers: { 'x-container-read': '.r:' } })
  assert.equal(acl.headers.get('content-type'), 'text/plain; charset=UTF-8')
  assert.equal(acl.text, "No host/domain value after referrer designation in ACL: '.r:'")
  const unacceptable = await call('GET', '', 406, { headers: { accept: 'image/png' } })
  assert.match(unacceptable.text, /not available in a format acceptable to your browser/)
  for (const name of ['marker', 'end_marker', 'prefix', 'delimiter', 'path'])
    for (const path of [`?${name}=%FF`, `?limit=1&${name}=a%c3`]) {
      assert.equal((await call('GET', path, 400)).text, `"${name}" parameter not valid UTF-8`)
      await member.request('GET', `${account}${path}`, { expected: 400 })
    }
  await call('GET', '?prefix=%C3%A9&delimiter=%2F', 204)
  await call('PUT', 'link', 201, { headers: { 'x-symlink-target': 'things/none' }, raw: '' })
  assert.equal((await call('GET', 'link', 404)).text, '<html><h1>Not Found</h1><p>The resource could not be found.</p></html>')
  assert.equal((await call('POST', 'link', 307)).headers.get('content-type'), 'text/html; charset=UTF-8')
  const bad = JSON.stringify([{ path: '/things/none' }])
  const told = await call('PUT', 'm?multipart-manifest=put', 400, { raw: bad, headers: { accept: 'application/json' } })
  assert.equal(told.headers.get('content-type'), 'application/json')
  assert.deepEqual(told.body, { Errors: [['/things/none', '404 Not Found']] })
  // A manifest of nothing is an empty object.
  assert.equal(
    (await call('PUT', 'm?multipart-manifest=put', 201, { raw: '[]' })).headers.get('etag'),
    '"d41d8cd98f00b204e9800998ecf8427e"',
  )
  assert.equal((await call('GET', 'm', 200)).text, '')
  assert.equal((await call('GET', 'm?multipart-manifest=get', 200)).text, '[]')
})

test('methods that a place has not are 405 and name those that it has', async () => {
  await using cloud = await testCloud()
  const { member, account, at } = await withContainer(cloud)
  const allowed = ({ headers }: { headers: Headers }) => {
    assert.equal(headers.get('content-type'), 'text/html; charset=UTF-8')
    return headers.get('allow')!.split(', ').sort().join(' ')
  }
  const common = 'DELETE GET HEAD OPTIONS POST PUT'
  for (const [path, wanted] of [
    [account, common],
    [at(''), common],
    [at('o'), `COPY ${common}`],
  ] as const) {
    assert.equal(allowed(await anonymous(cloud, 'OPTIONS', path, { expected: 200 })), wanted)
    assert.equal(allowed(await member.request('PROPFIND', path, { expected: 405 })), wanted)
  }
  const raw = async (line: string) => {
    const socket = net.connect(Number(new URL(cloud.url).port), '127.0.0.1')
    let answer = ''
    socket.on('data', (piece) => (answer += piece)).on('error', () => {})
    socket.write(`${line}\r\nHost: x\r\n\r\n`)
    await once(socket, 'close')
    return answer
  }
  for (const path of [account, at('o'), '/compute/v2.1/servers'])
    assert.match(await raw(`BREWS ${path} HTTP/1.1`), /^HTTP\/1.1 405 [\s\S]*\r\nAllow: GET, HEAD, /)
  for (const line of ['brew / HTTP/1.1', 'BREWS / HTTP/9.9', 'BREWS x HTTP/1.1', 'BREWS'])
    assert.match(await raw(line), /^HTTP\/1.1 400 /, line)
})
