import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Ground, ground, statusOf } from '../../../testing/compute/servers.ts'
import { type TestCloud, testCloud } from '../../../testing/test-cloud.ts'

const path = '/compute/v2.1/os-server-groups'

async function made(place: Ground, policy: string, count: number, cloud: TestCloud): Promise<{ id: string; servers: string[] }> {
  const { member, imageId, networkId } = place
  const group = (await member.post(path, { server_group: { name: policy, policies: [policy] } }, 200)).body.server_group.id
  const server = { name: 'x', flavorRef: '42', imageRef: imageId, networks: [{ uuid: networkId }] }
  const servers: string[] = []
  const ask = () => member.post('/compute/v2.1/servers', { server, 'os:scheduler_hints': { group } }, 202)
  for (const answer of await Promise.all(Array.from({ length: count }, ask))) servers.push(answer.body.server.id)
  await cloud.settled()
  return { id: group, servers }
}

test('a group keeps servers together on the one host, and apart where there is another', async () => {
  await using cloud = await testCloud()
  const place = await ground(cloud)
  const { member } = place
  const statuses = async (ids: string[]) => (await Promise.all(ids.map((id) => statusOf(member, id)))).sort()
  const together = await made(place, 'affinity', 2, cloud)
  assert.deepEqual(await statuses(together.servers), ['ACTIVE', 'ACTIVE'])
  const apart = await made(place, 'anti-affinity', 2, cloud)
  assert.deepEqual(await statuses(apart.servers), ['ACTIVE', 'ERROR'], 'there is only one host, however they are asked for')
  const shown = (await member.get(`${path}/${apart.id}`)).body.server_group
  assert.deepEqual(
    { ...shown, members: shown.members.sort() },
    { id: apart.id, name: 'anti-affinity', policies: ['anti-affinity'], members: apart.servers.sort(), metadata: {} },
  )
  const newer = await member.request('GET', `${path}/${apart.id}`, { headers: { 'openstack-api-version': 'compute 2.13' }, expected: 200 })
  assert.equal(newer.body.server_group.project_id, await member.projectId())
  for (const id of apart.servers) await member.delete(`/compute/v2.1/servers/${id}`, 204)
  await cloud.settled()
  assert.deepEqual((await member.get(`${path}/${apart.id}`)).body.server_group.members, [])
  await member.delete(`${path}/${together.id}`, 204)
  await member.delete(`${path}/${together.id}`, 404)
  assert.deepEqual(await statuses(together.servers), ['ACTIVE', 'ACTIVE'])
  const { server_groups: used } = await cloud.cloud.quota.show(cloud.cloud.database.read, await member.projectId(), 'compute.')
  assert.equal(used!.in_use, 1)
})

test('no more members than the quota says', async () => {
  await using cloud = await testCloud()
  const place = await ground(cloud)
  const { member, imageId, networkId } = place
  const project = await member.projectId()
  await cloud.admin.put(`/compute/v2.1/os-quota-sets/${project}`, { quota_set: { server_group_members: 1, server_groups: 1 } }, 200)
  const { id } = (await member.post(path, { server_group: { name: 'g', policies: ['affinity'] } }, 200)).body.server_group
  const server = { name: 'x', flavorRef: '42', imageRef: imageId, networks: [{ uuid: networkId }] }
  const answers = await Promise.all(
    Array.from({ length: 5 }, () => member.post('/compute/v2.1/servers', { server, 'os:scheduler_hints': { group: id } })),
  )
  assert.deepEqual(answers.map(({ status }) => status).sort(), [202, 403, 403, 403, 403])
  await member.post(path, { server_group: { name: 'g', policies: ['affinity'] } }, 403)
})

test('bad groups are refused, and those of others are not found', async () => {
  await using cloud = await testCloud()
  const place = await ground(cloud)
  const { member } = place
  const other = await cloud.as('member', 'other')
  for (const bad of [
    {},
    { name: '', policies: ['affinity'] },
    { name: 'x'.repeat(256), policies: ['affinity'] },
    { name: 'a\u0000', policies: ['affinity'] },
    { name: 'a', policies: [] },
    { name: 'a', policies: ['affinity', 'anti-affinity'] },
    { name: 'a', policies: ['soft-affinity'] },
    { name: 'a', policies: ['x'] },
    { name: 'a', policies: ['affinity'], more: 1 },
  ]) {
    await member.post(path, { server_group: bad }, 400)
  }
  const { id } = (await member.post(path, { server_group: { name: 'a', policies: ['affinity'] } }, 200)).body.server_group
  await other.get(`${path}/${id}`, 404)
  await other.delete(`${path}/${id}`, 404)
  await other.get(`${path}?all_projects=true`, 403)
  assert.deepEqual((await other.get(path)).body.server_groups, [])
  assert.equal((await cloud.admin.get(`${path}?all_projects=true`)).body.server_groups[0].id, id)
  const theirs = await ground(cloud, 'other')
  const server = { name: 'x', flavorRef: '42', imageRef: theirs.imageId, networks: [{ uuid: theirs.networkId }] }
  await other.post('/compute/v2.1/servers', { server, 'os:scheduler_hints': { group: id } }, 400)
  const reader = await cloud.as('reader')
  await reader.get(`${path}/${id}`)
  await reader.post(path, { server_group: { name: 'a', policies: ['affinity'] } }, 403)
  await reader.delete(`${path}/${id}`, 403)
  const soft = { server_group: { name: 's', policies: ['soft-affinity'] } }
  await member.request('POST', path, { body: soft, headers: { 'openstack-api-version': 'compute 2.15' }, expected: 200 })
  assert.equal((await member.get(`${path}?limit=1&offset=1`)).body.server_groups[0].name, 's')
})
