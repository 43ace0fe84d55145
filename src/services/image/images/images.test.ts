import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testCloud } from '../../../testing/test-cloud.ts'

const patch = { 'content-type': 'application/openstack-images-v2.1-json-patch' }
const octets = { 'content-type': 'application/octet-stream' }

test('an image is created with all its fields, uploaded, shown, downloaded and deleted', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const id = '11111111-2222-4333-8444-555555555555'
  const fields = {
    name: 'first',
    container_format: 'bare',
    disk_format: 'raw',
    visibility: 'private',
    min_disk: 1,
    min_ram: 64,
    tags: ['a', 'b'],
    os_hidden: false,
  }
  const created = await member.post('/image/v2/images', { id, ...fields, protected: false, hw_disk_bus: 'virtio', 'my/own': '1' }, 201)
  assert.equal(created.headers.get('location'), `${cloud.url}/image/v2/images/${id}`)
  const expected = {
    ...fields,
    protected: false,
    hw_disk_bus: 'virtio',
    'my/own': '1',
    status: 'queued',
    size: null,
    checksum: null,
    virtual_size: null,
  }
  const { created_at, updated_at, ...rest } = created.body
  assert.match(created_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
  assert.equal(created_at, updated_at)
  assert.deepEqual(rest, {
    ...expected,
    id,
    owner: await member.projectId(),
    os_hash_algo: null,
    os_hash_value: null,
    self: `/v2/images/${id}`,
    file: `/v2/images/${id}/file`,
    schema: '/v2/schemas/image',
  })
  await member.request('GET', `/image/v2/images/${id}/file`, { expected: 204 })
  const data = Buffer.alloc(300_000, 'abcdefg')
  await member.request('PUT', `/image/v2/images/${id}/file`, { raw: data, headers: octets, expected: 204 })
  const shown = (await member.get(`/image/v2/images/${id}`)).body
  assert.equal(shown.status, 'active')
  assert.equal(shown.size, data.length)
  assert.equal(shown.virtual_size, data.length)
  await member.request('PUT', `/image/v2/images/${id}/file`, { raw: data, headers: octets, expected: 409 })
  const download = await member.get(`/image/v2/images/${id}/file`)
  assert.equal(download.headers.get('content-md5'), shown.checksum)
  assert.equal(download.text, data.toString())
  await member.delete(`/image/v2/images/${id}`)
  await member.get(`/image/v2/images/${id}`, 404)
  await member.post('/image/v2/images', { id }, 409)
})

test('an image is changed by JSON patch in both media types', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const { id } = (
    await member.post('/image/v2/images', { name: 'old', tags: ['a'], kind: 'x', disk_format: 'raw', container_format: 'bare' }, 201)
  ).body
  const send = (body: unknown, expected: number, headers = patch) =>
    member.request('PATCH', `/image/v2/images/${id}`, { raw: JSON.stringify(body), headers, expected })
  const changed = await send(
    [
      { op: 'replace', path: '/name', value: 'new' },
      { op: 'add', path: '/tags/-', value: 'b' },
      { op: 'add', path: '/a~1b', value: '1' },
      { op: 'replace', path: '/kind', value: 'y' },
      { op: 'replace', path: '/min_disk', value: 3 },
    ],
    200,
  )
  const { name, tags, kind, min_disk } = changed.body
  assert.deepEqual([name, tags, kind, min_disk, changed.body['a/b']], ['new', ['a', 'b'], 'y', 3, '1'])
  const draft = { 'content-type': 'application/openstack-images-v2.0-json-patch' }
  const again = await send([{ replace: '/tags', value: ['z', 'z'] }, { remove: '/kind' }, { add: '/protected', value: true }], 200, draft)
  assert.deepEqual([again.body.tags, again.body.kind, again.body.protected], [['z'], undefined, true])
  assert.deepEqual((await member.get(`/image/v2/images/${id}`)).body, again.body)
  await member.delete(`/image/v2/images/${id}`, 403)

  const refused: [unknown, number][] = [
    [{ op: 'replace', path: '/name', value: 'x' }, 400],
    [[{ op: 'move', path: '/name', value: 'x' }], 400],
    [[{ op: 'replace', path: 'name', value: 'x' }], 400],
    [[{ op: 'replace', path: '/name/first', value: 'x' }], 400],
    [[{ op: 'replace', path: '/name' }], 400],
    [[{ op: 'replace', path: '/name', value: 5 }], 400],
    [[{ op: 'replace', path: '/name', value: 'x'.repeat(256) }], 400],
    [[{ op: 'replace', path: '/name', value: 'a\nb' }], 400],
    [[{ op: 'add', path: '/own', value: 5 }], 400],
    [[{ op: 'add', path: '/__proto__', value: 'x' }], 400],
    [[{ op: 'replace', path: '/visibility', value: 'secret' }], 400],
    [[{ op: 'replace', path: '/disk_format', value: 'paper' }], 400],
    [[{ op: 'replace', path: '/tags/7', value: 'x' }], 400],
    [[{ op: 'replace', path: '/nothing', value: 'x' }], 409],
    [[{ op: 'remove', path: '/nothing' }], 409],
    [[{ op: 'remove', path: '/name' }], 403],
    [[{ op: 'replace', path: '/status', value: 'active' }], 403],
    [[{ op: 'replace', path: '/id', value: id }], 403],
    [[{ op: 'replace', path: '/size', value: 1 }], 403],
    [[{ op: 'add', path: '/os_glance_x', value: '1' }], 403],
    [[{ op: 'add', path: '/locations/-', value: { url: 'file:///etc/passwd', metadata: {} } }], 403],
    [[{ op: 'replace', path: '/owner', value: 'other' }], 403],
    [[{ op: 'replace', path: '/visibility', value: 'public' }], 403],
    [Array.from({ length: 200 }, (_, i) => ({ op: 'add', path: `/p${i}`, value: '' })), 413],
    [[{ op: 'replace', path: '/tags', value: Array.from({ length: 200 }, (_, i) => `${i}`) }], 413],
  ]
  for (const [body, status] of refused) await send(body, status)
  await send([], 415, { 'content-type': 'text/plain' })
  assert.deepEqual({ ...(await member.get(`/image/v2/images/${id}`)).body }, again.body, 'a refused change leaves nothing')
})

test('what may not be in an image is refused when it is made', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const refused: [unknown, number][] = [
    [[], 400],
    [{ id: 'x' }, 400],
    [{ name: 7 }, 400],
    [{ name: 'x'.repeat(256) }, 400],
    [{ name: 'a\u0000b' }, 400],
    [{ name: 'a\nb' }, 400],
    [{ min_disk: -1 }, 400],
    [{ min_ram: '5' }, 400],
    [{ disk_format: 'wrong' }, 400],
    [{ container_format: 'wrong' }, 400],
    [{ visibility: 'wrong' }, 400],
    [{ tags: 'x' }, 400],
    [{ tags: ['x'.repeat(256)] }, 400],
    [{ own: 5 }, 400],
    [{ own: { deep: 'x' } }, 400],
    [{ ['k'.repeat(256)]: 'v' }, 400],
    [{ checksum: 'x' }, 403],
    [{ self: 'x' }, 403],
    [{ deleted: 'true' }, 403],
    [{ os_glance_x: '1' }, 403],
    [{ owner: 'other' }, 403],
    [{ visibility: 'public' }, 403],
    [{ tags: Array.from({ length: 129 }, (_, i) => `t${i}`) }, 413],
  ]
  for (const [body, status] of refused) await member.post('/image/v2/images', body, status)
  assert.deepEqual((await member.get('/image/v2/images')).body.images, [])
})

test('deactivated images cannot be downloaded but by administrators, and come back', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const { id } = (await member.post('/image/v2/images', { disk_format: 'raw', container_format: 'bare' }, 201)).body
  const act = (verb: string, expected: number) => member.request('POST', `/image/v2/images/${id}/actions/${verb}`, { expected })
  await act('deactivate', 403)
  await member.request('PUT', `/image/v2/images/${id}/file`, { raw: Buffer.from('data'), headers: octets, expected: 204 })
  await act('deactivate', 204)
  await act('deactivate', 204)
  await member.get(`/image/v2/images/${id}/file`, 403)
  assert.equal((await cloud.admin.get(`/image/v2/images/${id}/file`)).text, 'data')
  assert.equal(await cloud.cloud.image.data(cloud.cloud.database.read, id), undefined)
  await act('reactivate', 204)
  assert.equal((await member.get(`/image/v2/images/${id}/file`)).text, 'data')
})

test('tags are added and removed one by one', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const { id } = (await member.post('/image/v2/images', {}, 201)).body
  for (const tag of ['one', 'two%2Fthree', 'one']) await member.put(`/image/v2/images/${id}/tags/${tag}`, undefined, 204)
  assert.deepEqual((await member.get(`/image/v2/images/${id}`)).body.tags, ['one', 'two/three'])
  await member.put(`/image/v2/images/${id}/tags/${'x'.repeat(256)}`, undefined, 400)
  await member.put(`/image/v2/images/${id}/tags/a%0ab`, undefined, 400)
  await member.delete(`/image/v2/images/${id}/tags/one`)
  await member.delete(`/image/v2/images/${id}/tags/one`, 404)
  assert.deepEqual((await member.get(`/image/v2/images/${id}`)).body.tags, ['two/three'])
})

test('the version list is at the root and at /versions', async () => {
  await using cloud = await testCloud()
  for (const path of ['/image/', '/image/versions']) {
    const response = await fetch(cloud.url + path)
    assert.equal(response.status, 300)
    const { versions } = (await response.json()) as { versions: { id: string; status: string; links: { href: string }[] }[] }
    const minors = Array.from({ length: 17 }, (_, index) => `v2.${16 - index}`)
    assert.deepEqual(
      versions.map(({ id }) => id),
      [...minors, 'v1.1', 'v1.0'],
    )
    assert.equal(versions[0]!.links[0]!.href, `${cloud.url}/image/v2/`)
  }
  await cloud.admin.get('/image/v2/images/', 404)
})

test('the walk-through of the reference: an image is made, changed by plain JSON, filled, read and deleted', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const made = await member.post('/image/v2/images', { name: 'Ubuntu 14.04', tags: ['ubuntu', '14.04', 'trusty'] }, 201)
  const { id, created_at } = made.body
  assert.ok(made.headers.get('location')!.endsWith(`/v2/images/${id}`))
  const printed = { name: 'Ubuntu 14.04', status: 'queued', protected: false, schema: '/v2/schemas/image', self: `/v2/images/${id}` }
  assert.partialDeepStrictEqual(made.body, { ...printed, file: `/v2/images/${id}/file`, updated_at: created_at })
  assert.deepEqual(made.body.tags.toSorted(), ['14.04', 'trusty', 'ubuntu'])
  const path = `/image/v2/images/${id}`
  const patch = (body: object[]) =>
    member.request('PATCH', path, { raw: JSON.stringify(body), headers: { 'content-type': 'application/json' }, expected: 200 })
  const changed = await patch([{ op: 'add', path: '/login-user', value: 'root' }])
  assert.equal(changed.body['login-user'], 'root')
  // Left out there; 11.3.1 asks for it before the data comes.
  await patch(['disk_format', 'container_format'].map((name, at) => ({ op: 'add', path: `/${name}`, value: ['raw', 'bare'][at] })))
  await member.request('PUT', `${path}/file`, { raw: 'data', headers: { 'content-type': 'application/octet-stream' }, expected: 204 })
  const data = await member.get(`${path}/file`)
  assert.equal(data.text, 'data')
  assert.equal(data.headers.get('content-type'), 'application/octet-stream')
  assert.equal(data.headers.get('content-md5'), '8d777f385d3dfec8815d20f7496026dc')
  await member.delete(path, 204)
  await member.get(path, 404)
})
