import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { withContainer } from '../../../testing/object-store/store.ts'
import { testCloud } from '../../../testing/test-cloud.ts'

const md5 = (text: string) => createHash('md5').update(text).digest('hex')

test('static manifests join, nest, cut and end their segments', async () => {
  await using cloud = await testCloud()
  const { call } = await withContainer(cloud)
  const parts = ['0'.repeat(20_000), '1'.repeat(10), '2'.repeat(10)]
  for (const [i, raw] of parts.entries()) await call('PUT', `s/${i}`, 201, { raw })
  const put = (name: string, list: unknown, expected = 201, headers = {}) =>
    call('PUT', `${name}?multipart-manifest=put`, expected, { raw: JSON.stringify(list), headers })
  const segment = (i: number) => ({ path: `/things/s/${i}`, etag: md5(parts[i]!), size_bytes: parts[i]!.length })
  const made = await put('whole', [segment(0), segment(1), segment(2)])
  assert.equal(made.headers.get('etag'), `"${md5(parts.map(md5).join(''))}"`)
  const whole = parts.join('')
  assert.equal((await call('GET', 'whole', 200)).text, whole)
  const head = (await call('HEAD', 'whole', 200)).headers
  assert.deepEqual([head.get('content-length'), head.get('x-static-large-object')], [String(whole.length), 'True'])
  const range = await call('GET', 'whole', 206, { headers: { range: 'bytes=19998-20011' } })
  assert.equal(range.text, whole.slice(19_998, 20_012))
  const part = await call('GET', 'whole?part-number=2', 206)
  assert.deepEqual([part.text, part.headers.get('x-parts-count')], [parts[1], '3'])
  await put('nested', [{ path: 'things/whole' }, { path: 'things/s/1', range: '2-4' }, { data: Buffer.from('inline').toString('base64') }])
  assert.equal((await call('GET', 'nested', 200)).text, `${whole}111inline`)
  const shown = (await call('GET', 'nested?multipart-manifest=get', 200)).body
  assert.deepEqual(
    shown.map((s: { name: string }) => s.name),
    ['/things/whole', '/things/s/1', undefined],
  )
  for (const list of [
    {},
    [{ path: 'nope' }],
    [{ path: 'things/missing' }],
    [{ ...segment(1), etag: 'wrong' }],
    [{ ...segment(1), size_bytes: 3 }],
    [{ path: 'things/bad' }],
    [{ path: 'things/s/1', range: '50-60' }],
    [{ path: 'things/s/1', other: 1 }],
  ])
    await put('bad', list, 400)
  await put('bad', [segment(1)], 422, { etag: md5('other') })
  await call('COPY', 'whole', 201, { headers: { destination: 'things/plain' } })
  await call('COPY', 'whole?multipart-manifest=get', 201, { headers: { destination: 'things/manifest' } })
  await call('PUT', 's/1', 201, { raw: 'changed!!!' })
  await call('GET', 'whole?part-number=2', 409)
  assert.equal((await call('GET', 'plain', 200)).text, whole)
  assert.equal((await call('HEAD', 'manifest', 200)).headers.get('x-static-large-object'), 'True')
  const removed = (await call('DELETE', 'nested?multipart-manifest=delete', 200, { headers: { accept: 'application/json' } })).body
  assert.deepEqual([removed['Number Deleted'], removed['Response Status']], [5, '200 OK'])
  assert.equal((await call('GET', '', 200)).text, 'manifest\nplain\n')
})

test('a dynamic manifest shows what is there now', async () => {
  await using cloud = await testCloud()
  const { call } = await withContainer(cloud)
  await call('PUT', 'all', 201, { headers: { 'x-object-manifest': 'things/p%2F' } })
  assert.equal((await call('GET', 'all', 200)).text, '')
  for (const name of ['2', '1', '3']) await call('PUT', `p/${name}`, 201, { raw: name.repeat(3) })
  const got = await call('GET', 'all', 200)
  assert.deepEqual([got.text, got.headers.get('content-length')], ['111222333', '9'])
  assert.equal((await call('GET', 'all', 206, { headers: { range: 'bytes=2-6' } })).text, '12223')
  await call('DELETE', 'p/2', 204)
  assert.equal((await call('GET', 'all', 200)).text, '111333')
  assert.equal((await call('GET', 'all?multipart-manifest=get', 200)).text, '')
  await call('PUT', 'bad', 400, { headers: { 'x-object-manifest': 'things' } })
})

test('symbolic links lead to their target, and no further than two steps', async () => {
  await using cloud = await testCloud()
  const { call } = await withContainer(cloud)
  await call('PUT', 'o', 201, { raw: 'text' })
  const link = (name: string, target: string, more = {}, expected = 201) =>
    call('PUT', name, expected, { headers: { 'x-symlink-target': target, ...more } })
  await link('l1', 'things/o')
  await link('l2', 'things/l1')
  await link('l3', 'things/l2')
  await link('self', 'things/self', {}, 400)
  await link('static', 'things/o', { 'x-symlink-target-etag': md5('text') })
  assert.equal((await call('GET', 'l2', 200)).text, 'text')
  await call('GET', 'l3', 409)
  const raw = await call('GET', 'l1?symlink=get', 200)
  assert.deepEqual([raw.text, raw.headers.get('x-symlink-target')], ['', 'things/o'])
  await call('POST', 'l1', 307)
  await call('PUT', 'o', 201, { raw: 'other' })
  assert.equal((await call('GET', 'l1', 200)).text, 'other')
  await call('GET', 'static', 409)
  await call('DELETE', 'o', 204)
  await call('GET', 'l1', 404)
})

test('versions of a container that keeps them', async () => {
  await using cloud = await testCloud()
  const { call } = await withContainer(cloud)
  await call('PUT', 'o', 201, { raw: 'zero' })
  await call('POST', '', 204, { headers: { 'x-versions-enabled': 'true' } })
  const first = (await call('PUT', 'o', 201, { raw: 'first' })).headers.get('x-object-version-id')!
  await call('PUT', 'o', 201, { raw: 'second' })
  assert.equal((await call('GET', `o?version-id=${first}`, 200)).text, 'first')
  assert.equal((await call('GET', 'o?version-id=null', 200)).text, 'zero')
  await call('DELETE', 'o', 204)
  await call('GET', 'o', 404)
  assert.equal((await call('GET', `o?version-id=${first}`, 200)).text, 'first')
  await call('DELETE', `o?version-id=${first}`, 204)
  await call('GET', `o?version-id=${first}`, 404)
  await call('DELETE', '', 409)
})

test('versions are listed, and an older one can be made the present one', async () => {
  await using cloud = await testCloud()
  const { call } = await withContainer(cloud)
  await call('PUT', 'o', 201, { raw: 'zero' })
  await call('PUT', 'o?version-id=null', 400)
  await call('POST', '', 204, { headers: { 'x-versions-enabled': 'true' } })
  const ids: string[] = []
  for (const raw of ['1', '2']) ids.push((await call('PUT', 'o', 201, { raw })).headers.get('x-object-version-id')!)
  await call('PUT', 'p/q', 201, { raw: 'p' })
  const listed = async (query = '') =>
    (await call('GET', `?versions&format=json${query}`, 200)).body.map((row: Record<string, unknown>) =>
      'subdir' in row ? row.subdir : [row.name, row.version_id, row.is_latest, row.bytes],
    )
  const [first, second] = ids
  const rows = [
    ['o', second, true, 1],
    ['o', first, false, 1],
    ['o', 'null', false, 4],
  ]
  assert.deepEqual((await listed()).slice(0, 3), rows)
  assert.deepEqual(await listed('&prefix=o&limit=1'), rows.slice(0, 1))
  assert.deepEqual(await listed(`&prefix=o&marker=o&version_marker=${second}`), rows.slice(1))
  assert.deepEqual(await listed(`&prefix=o&limit=1&marker=o&version_marker=${first}`), rows.slice(2))
  assert.deepEqual((await listed('&delimiter=/')).slice(3), ['p/'])
  assert.deepEqual(await listed('&reverse=true&prefix=o'), [...rows].reverse())
  assert.deepEqual(await listed(`&reverse=true&prefix=o&marker=o&version_marker=${first}`), rows.slice(0, 1))
  // There is no other form of it.
  assert.deepEqual((await call('GET', '?versions', 200)).body.length, 4)
  await call('GET', '?versions&format=xml', 406)
  await call('GET', '?versions', 406, { headers: { accept: 'text/plain' } })
  const made = await call('PUT', `o?version-id=${first}`, 201)
  assert.equal(made.headers.get('x-object-version-id'), first)
  assert.equal((await call('GET', 'o', 200)).text, '1')
  assert.equal((await call('GET', `o?version-id=${second}`, 200)).text, '2')
  assert.deepEqual((await listed('&prefix=o')).slice(0, 2), [
    ['o', second, false, 1],
    ['o', first, true, 1],
  ])
  await call('PUT', 'o?version-id=1.00000', 404)
  await call('PUT', `o?version-id=${first}`, 400, { raw: 'body' })
  const marker = (await call('DELETE', 'o', 204)).headers.get('x-object-version-id')!
  await call('GET', 'o', 404)
  await call('PUT', `o?version-id=${marker}`, 404)
  await call('PUT', 'o?version-id=null', 201)
  assert.equal((await call('GET', 'o', 200)).text, 'zero')
  for (const bad of ['&version_marker=null', '&marker=o&version_marker=x', '&path=']) await call('GET', `?versions${bad}`, 400)
})

test('a manifest with a heartbeat answers at once and tells at the end what became of it', async () => {
  await using cloud = await testCloud()
  const { call } = await withContainer(cloud)
  await call('PUT', 's/0', 201, { raw: 'segment' })
  const put = (list: unknown, accept: string) =>
    call('PUT', 'big?multipart-manifest=put&heartbeat=on', 202, { raw: JSON.stringify(list), headers: { accept } })
  const report = (text: string) => JSON.parse(text.trim())
  const bad = report((await put([{ path: 'things/missing' }], 'application/json')).text)
  assert.deepEqual([bad['Response Status'], bad.Errors], ['400 Bad Request', [['things/missing', '404 Not Found']]])
  await call('GET', 'big', 404)
  const made = report((await put([{ path: 'things/s/0' }], 'application/json')).text)
  assert.deepEqual([made['Response Status'], made.Errors, made.Etag], ['201 Created', [], `"${md5(md5('segment'))}"`])
  assert.match((await put([{ path: 'things/s/0' }], 'text/plain')).text, /^ \r\n\r\nResponse Status: 201 Created\n/)
  assert.equal((await call('GET', 'big', 200)).text, 'segment')
})
