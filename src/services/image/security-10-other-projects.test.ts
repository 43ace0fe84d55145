import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testCloud } from '../../testing/test-cloud.ts'

const octets = { 'content-type': 'application/octet-stream' }
const patch = { 'content-type': 'application/openstack-images-v2.1-json-patch' }

test("another project's private image is not found by any operation", async () => {
  await using cloud = await testCloud()
  const owner = await cloud.as('member')
  const other = await cloud.as('member', 'project-2')
  const { id } = (
    await owner.post('/image/v2/images', { visibility: 'private', disk_format: 'raw', container_format: 'bare', name: 'secret' }, 201)
  ).body
  const path = `/image/v2/images/${id}`
  const before = (await owner.get(path)).body
  await other.get(path, 404)
  await other.get(`${path}/file`, 404)
  await other.request('PUT', `${path}/file`, { raw: Buffer.from('x'), headers: octets, expected: 404 })
  await other.request('PATCH', path, { raw: '[{"op":"replace","path":"/name","value":"mine"}]', headers: patch, expected: 404 })
  await other.delete(path, 404)
  await other.post(`${path}/actions/deactivate`, undefined, 404)
  await other.post(`${path}/actions/reactivate`, undefined, 404)
  await other.put(`${path}/tags/x`, undefined, 404)
  await other.delete(`${path}/tags/x`, 404)
  await other.get(`${path}/members`, 404)
  await other.post(`${path}/members`, { member: await other.projectId() }, 404)
  await other.get(`${path}/members/${await other.projectId()}`, 404)
  await other.put(`${path}/members/${await other.projectId()}`, { status: 'accepted' }, 404)
  await other.delete(`${path}/members/${await other.projectId()}`, 404)
  for (const query of [
    '',
    `?id=${id}`,
    '?visibility=private',
    '?visibility=all',
    `?owner=${await owner.projectId()}`,
    '?name=secret',
    '?member_status=all',
  ]) {
    assert.deepEqual((await other.get(`/image/v2/images${query}`)).body.images, [], query)
  }
  await other.get(`/image/v2/images?marker=${id}`, 400)
  assert.equal(
    await cloud.cloud.image.find(cloud.cloud.database.read, id, {
      cloud: cloud.cloud,
      who: (await cloud.cloud.tokens.authenticate(await other.token()))!,
    }),
    undefined,
  )
  assert.deepEqual((await owner.get(path)).body, before)
})

test('a public or community image can be read by others, and changed by nobody else', async () => {
  await using cloud = await testCloud()
  const other = await cloud.as('member', 'project-2')
  const owner = await cloud.as('member')
  const open = (await cloud.admin.post('/image/v2/images', { visibility: 'public', disk_format: 'raw', container_format: 'bare' }, 201))
    .body.id
  const common = (await owner.post('/image/v2/images', { visibility: 'community', disk_format: 'raw', container_format: 'bare' }, 201)).body
    .id
  await cloud.admin.request('PUT', `/image/v2/images/${open}/file`, { raw: Buffer.from('x'), headers: octets, expected: 204 })
  assert.deepEqual(
    (await other.get('/image/v2/images')).body.images.map((image: { id: string }) => image.id),
    [open],
  )
  assert.equal((await other.get(`/image/v2/images/${open}/file`)).text, 'x')
  for (const id of [open, common]) {
    const path = `/image/v2/images/${id}`
    await other.get(path)
    await other.request('PATCH', path, { raw: '[{"op":"replace","path":"/name","value":"mine"}]', headers: patch, expected: 403 })
    await other.request('PUT', `${path}/file`, { raw: Buffer.from('y'), headers: octets, expected: 403 })
    await other.delete(path, 403)
    await other.put(`${path}/tags/x`, undefined, 403)
    await other.post(`${path}/actions/deactivate`, undefined, 403)
  }
})

test('a reader reads, and writes nothing', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const reader = await cloud.as('reader')
  const { id } = (await member.post('/image/v2/images', { disk_format: 'raw', container_format: 'bare' }, 201)).body
  const path = `/image/v2/images/${id}`
  await reader.get(path)
  assert.equal((await reader.get('/image/v2/images')).body.images.length, 1)
  await reader.post('/image/v2/images', {}, 403)
  await reader.request('PATCH', path, { raw: '[]', headers: patch, expected: 403 })
  await reader.request('PUT', `${path}/file`, { raw: Buffer.from('y'), headers: octets, expected: 403 })
  await reader.delete(path, 403)
  await reader.put(`${path}/tags/x`, undefined, 403)
  await reader.post(`${path}/members`, { member: 'x' }, 403)
})
