import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Persona } from '../../../testing/persona.ts'
import { testCloud } from '../../../testing/test-cloud.ts'
import { until } from '../../../testing/until.ts'

const v1 = '/image/v1/images'
const octets = { 'content-type': 'application/octet-stream' }
const raw = { 'x-image-meta-disk_format': 'raw', 'x-image-meta-container_format': 'bare' }

const create = async (persona: Persona, headers: Record<string, string> = {}, data?: string | Buffer) => {
  const sent = { ...raw, ...headers, ...(data === undefined ? {} : octets) }
  return (await persona.request('POST', v1, { headers: sent, raw: data, expected: 201 })).body.image
}
const head = async (persona: Persona, id: string, expected = 200) => (await persona.request('HEAD', `${v1}/${id}`, { expected })).headers

test('an image is created with its data in one request, and shown as headers', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const name = Buffer.from('Grüße', 'utf8').toString('latin1')
  const image = await create(
    member,
    { 'x-image-meta-name': name, 'x-image-meta-property-Key-One': 'a b', 'x-image-meta-min_ram': '64' },
    'data',
  )
  assert.deepEqual([image.name, image.status, image.size, image.is_public, image.min_ram], ['Grüße', 'active', 4, false, 64])
  assert.deepEqual(image.properties, { key_one: 'a b' })
  assert.equal(image.checksum, createHash('md5').update('data').digest('hex'))
  const headers = await head(member, image.id)
  assert.equal(Buffer.from(headers.get('x-image-meta-name')!, 'latin1').toString('utf8'), 'Grüße')
  assert.equal(headers.get('x-image-meta-property-key_one'), 'a b')
  assert.equal(headers.get('x-image-meta-is_public'), 'False')
  const got = await member.get(`${v1}/${image.id}`)
  assert.equal(got.text, 'data')
  assert.equal(got.headers.get('x-image-meta-id'), image.id)
  const v2 = (await member.get(`/image/v2/images/${image.id}`)).body
  assert.deepEqual([v2.name, v2.visibility, v2.key_one], ['Grüße', 'shared', 'a b'])
  await member.delete(`${v1}/${image.id}`, 200)
  await head(member, image.id, 404)
})

test('data that is not what the headers said leaves nothing behind', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const wrong: Record<string, string>[] = [
    { 'x-image-meta-size': '5' },
    { 'x-image-meta-checksum': 'f'.repeat(32) },
    { 'x-image-meta-disk_format': 'qcow2' },
  ]
  const qcow = Buffer.concat([Buffer.from('QFI\xfb', 'latin1'), Buffer.alloc(100)])
  for (const headers of wrong) {
    const body = headers['x-image-meta-disk_format'] ? qcow : 'data'
    await member.request('POST', v1, { headers: { ...raw, ...octets, ...headers }, raw: body, expected: 400 })
  }
  await member.request('POST', v1, { headers: octets, raw: 'data', expected: 400 })
  await member.request('POST', v1, { headers: { ...raw, 'content-type': 'text/plain' }, raw: 'data', expected: 415 })
  assert.deepEqual((await member.get(v1)).body.images, [])
  assert.deepEqual(readdirSync(join(cloud.cloud.config.dataDir, 'images'), { recursive: true }), ['incoming'])
  const usage = await cloud.cloud.quota.show(cloud.cloud.database.read, await member.projectId(), 'image.')
  assert.equal(usage.image_count_total!.in_use, 0)
})

test('bad headers are refused', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const bad: Record<string, string>[] = [
    { 'x-image-meta-disk_format': 'wrong' },
    { 'x-image-meta-container_format': 'wrong' },
    { 'x-image-meta-container_format': 'ami' },
    { 'x-image-meta-min_ram': 'much' },
    { 'x-image-meta-min_disk': '-1' },
    { 'x-image-meta-size': '1e3' },
    { 'x-image-meta-id': '../../../etc/passwd' },
    { 'x-image-meta-property-id': '../../../etc/passwd' },
    { 'x-image-meta-property-owner': 'me' },
    { 'x-image-meta-name': 'n'.repeat(256) },
    { 'x-glance-api-copy-from': 'http://127.0.0.1/' },
    { 'x-image-meta-location': 'file:///etc/passwd' },
    { 'x-image-meta-location': 'http://169.254.169.254/latest' },
  ]
  for (const headers of bad) await member.request('POST', v1, { headers: { ...raw, ...headers }, expected: 400 })
  await member.request('POST', v1, { headers: { ...raw, 'x-image-meta-is_public': 'True' }, expected: 403 })
  await member.request('POST', v1, { headers: { ...raw, 'x-image-meta-owner': 'other' }, expected: 403 })
  const quoted = { 'x-image-meta-name': 'a%20b', 'user-agent': 'python-glanceclient' }
  const made = await create(member, quoted)
  assert.equal(made.name, 'a b')
  await member.delete(`${v1}/${made.id}`, 200)
  const reader = await cloud.as('reader')
  await reader.request('POST', v1, { headers: raw, expected: 403 })
  assert.deepEqual((await member.get(v1)).body.images, [])
})

test('an image is registered, changed, and given its data later', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const { id, status } = await create(member, { 'x-image-meta-property-a': '1', 'x-image-meta-property-b': '2' })
  assert.equal(status, 'queued')
  await member.get(`${v1}/${id}`, 404)
  const put = async (headers: Record<string, string>, expected = 200, data?: string) =>
    (await member.request('PUT', `${v1}/${id}`, { headers: data ? { ...headers, ...octets } : headers, raw: data, expected })).body.image
  assert.deepEqual((await put({ 'x-image-meta-property-b': '3', 'x-image-meta-name': 'n' })).properties, { b: '3' })
  const kept = await put({ 'x-image-meta-property-c': '4', 'x-glance-registry-purge-props': 'false' })
  assert.deepEqual([kept.properties, kept.name], [{ b: '3', c: '4' }, 'n'])
  const filled = await put({}, 200, 'bytes')
  assert.deepEqual([filled.size, filled.status, filled.properties], [5, 'active', { b: '3', c: '4' }])
  await put({}, 409, 'again')
  await put({ 'x-image-meta-protected': 'True' })
  await member.delete(`${v1}/${id}`, 403)
  const stranger = await cloud.as('member', 'project-2')
  await stranger.request('PUT', `${v1}/${id}`, { expected: 404 })
  await stranger.get(`${v1}/${id}`, 404)
  await stranger.delete(`${v1}/${id}`, 404)
})

test('lists are filtered, sorted and paged', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const sizes = [42, 142, 242]
  for (const size of sizes)
    await create(
      member,
      { 'x-image-meta-name': `s${size}`, 'x-image-meta-property-kind': size > 100 ? 'big' : 'small' },
      Buffer.alloc(size),
    )
  await create(member, { 'x-image-meta-name': 'queued' })
  await create(cloud.admin, { 'x-image-meta-name': 'public', 'x-image-meta-is_public': 'true' }, 'p')
  await create(cloud.admin, { 'x-image-meta-name': 'hidden' }, 'h')
  const names = async (query: string, persona = member) =>
    (await persona.get(`${v1}/detail?${query}`)).body.images.map(({ name }: { name: string }) => name)
  assert.deepEqual(await names('sort_key=size&sort_dir=desc&status=active'), ['s242', 's142', 's42', 'public'])
  assert.deepEqual(await names('size_min=142&sort_key=size&sort_dir=asc'), ['s142', 's242'])
  assert.deepEqual(await names('size_max=42&size_min=2'), ['s42'])
  assert.deepEqual(await names('size_min=42&sort_dir=asc'), ['s42', 's142', 's242'], 'by the time of creation')
  assert.deepEqual(await names('property-kind=small'), ['s42'])
  assert.deepEqual(await names('status=queued'), ['queued'])
  assert.deepEqual(await names('name=s42&unknown=1'), ['s42'])
  assert.deepEqual(await names('is_public=true'), ['public'])
  assert.equal((await names('is_public=false')).length, 4)
  assert.deepEqual(await names('changes-since=2090-01-01T00:00:00Z'), [])
  assert.ok(!(await names('', cloud.admin)).includes('s42'))
  assert.ok((await names('is_public=None', cloud.admin)).includes('s42'))
  const walked: string[] = []
  for (let marker = ''; ; ) {
    const { images } = (await member.get(`${v1}?limit=2&sort_key=name&sort_dir=asc${marker}`)).body
    if (!images.length) break
    walked.push(...images.map(({ name }: { name: string }) => name))
    marker = `&marker=${images.at(-1).id}`
  }
  assert.deepEqual(walked, ['public', 'queued', 's142', 's242', 's42'])
  assert.equal((await member.get(`/image/v1/images/details`)).body.images.length, 5)
  await member.get(`${v1}?size_min=x`, 400)
  await member.get(`${v1}?is_public=maybe`, 400)
})

test('members are added, replaced and removed, and may share when they are let', async () => {
  await using cloud = await testCloud()
  const owner = await cloud.as('member')
  const friend = await cloud.as('member', 'project-2')
  const third = await cloud.as('member', 'project-3')
  const [two, three] = [await friend.projectId(), await third.projectId()]
  const { id } = await create(owner, {}, 'data')
  const members = `${v1}/${id}/members`
  await friend.get(`${v1}/${id}`, 404)
  await friend.put(`${members}/${two}`, undefined, 404)
  await owner.put(`${members}/${two}`, undefined, 204)
  assert.equal((await friend.get(`${v1}/${id}`)).text, 'data')
  assert.deepEqual(
    (await friend.get(v1)).body.images.map((image: { id: string }) => image.id),
    [id],
  )
  assert.deepEqual((await owner.get(members)).body.members, [{ member_id: two, can_share: false }])
  await friend.put(`${members}/${three}`, undefined, 403)
  await owner.put(`${members}/${two}`, { member: { can_share: true } }, 204)
  await friend.put(`${members}/${three}`, undefined, 204)
  assert.deepEqual((await owner.get(`/image/v1/shared-images/${three}`)).body.shared_images, [{ image_id: id, can_share: false }])
  await owner.put(members, { memberships: [{ member_id: three, can_share: true }] }, 204)
  await friend.get(`${v1}/${id}`, 404)
  assert.deepEqual((await third.get(members)).body.members, [{ member_id: three, can_share: true }])
  await owner.delete(`${members}/${three}`)
  await owner.delete(`${members}/${three}`, 404)
  assert.deepEqual((await owner.get(`/image/v1/shared-images/${three}`)).body.shared_images, [])
  for (const body of [{}, { memberships: 'x' }, { memberships: [{}] }, { other: [] }]) await owner.put(members, body, 400)
  await owner.put(`${members}/${two}`, { member: { can_share: 'yes' } }, 400)
})

test('data is copied from an address, in the background or before the answer', async () => {
  const server = http.createServer((request, response) =>
    request.url === '/missing' ? response.writeHead(404).end() : response.end('from afar'),
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  await using cloud = await testCloud({ settings: { importPorts: 'any', importPrivate: true } })
  const member = await cloud.as('member')
  try {
    const at = await create(member, { 'x-image-meta-location': `${url}/image` })
    assert.deepEqual([at.status, at.size], ['active', 9])
    const { id } = await create(member, { 'x-glance-api-copy-from': `${url}/image` })
    await until('the copy', async () => (await head(member, id)).get('x-image-meta-status') === 'active')
    assert.equal((await member.get(`${v1}/${id}`)).text, 'from afar')
    await member.request('POST', v1, { headers: { ...raw, 'x-image-meta-location': `${url}/missing` }, expected: 400 })
    assert.equal((await member.get(v1)).body.images.length, 2)
  } finally {
    server.close()
  }
})

test('text that cannot stand in a header does not break the headers', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const body = {
    disk_format: 'raw',
    container_format: 'bare',
    'odd name': 'x',
    lines: 'a\r\nx-evil: 1',
    long: 'l'.repeat(20_000),
    plain: 'p',
  }
  const { id } = (await member.post('/image/v2/images', body, 201)).body
  const headers = await head(member, id)
  assert.equal(headers.get('x-image-meta-property-plain'), 'p')
  assert.equal(headers.get('x-image-meta-property-lines'), 'a  x-evil: 1')
  assert.equal(headers.get('x-evil'), null)
  assert.equal(headers.get('x-image-meta-property-long'), null)
})
