// Who administers compute, images and networks is what the rule `context_is_admin` says, wherever a service asks it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { activeServer, ground } from './testing/compute/servers.ts'
import { makeUser } from './testing/identity/users.ts'
import { testCloud } from './testing/test-cloud.ts'

test('an operator who gives the administration to another role gives it in every place', async () => {
  await using cloud = await testCloud({ policy: { context_is_admin: 'role:service' } })
  const place = await ground(cloud)
  const { member, networkId, imageId } = place
  const server = await activeServer(cloud, place)
  const port = (await member.get(`/network/v2.0/ports?device_id=${server}`)).body.ports[0].id
  const group = (await member.post('/compute/v2.1/os-server-groups', { server_group: { name: 'g', policies: ['affinity'] } }, 200)).body
  const { admin } = cloud
  const [keeper, reader] = [await cloud.as('service', 'elsewhere'), await cloud.as('reader', 'elsewhere')]
  const rows = [
    `/compute/v2.1/servers/${server}`,
    `/compute/v2.1/os-server-groups/${group.server_group.id}`,
    `/network/v2.0/networks/${networkId}`,
    `/network/v2.0/ports/${port}`,
    `/image/v2/images/${imageId}`,
  ]
  for (const path of rows) {
    await keeper.get(path)
    for (const other of [admin, reader]) await other.get(path, 404)
  }
  const listed = async (persona: typeof member, path: string) =>
    (Object.values((await persona.get(path)).body).find(Array.isArray) as { id: string }[]).map(({ id }) => id)
  for (const [path, id] of [
    ['/network/v2.0/ports', port],
    ['/network/v2.0/networks', networkId],
    ['/image/v2/images', imageId],
    ['/compute/v2.1/os-security-groups?all_tenants=1', (await listed(member, '/compute/v2.1/os-security-groups'))[0]!],
    // Filters that others may not use do not narrow their list.
    ['/compute/v2.1/servers?all_tenants=1&host=fake-1', server],
  ] as const) {
    assert.ok((await listed(keeper, path)).includes(id), `${path} as keeper`)
    const answer = await admin.request('GET', path)
    assert.ok(answer.status === 403 || !answer.text.includes(id), `${path} as admin`)
  }
  const projectId = await member.projectId()
  await keeper.get(`/compute/v2.1/${projectId}/servers`)
  await admin.get(`/compute/v2.1/${projectId}/servers`, 400)
  await keeper.get('/compute/v2.1/servers?status=deleted')
  await admin.get('/compute/v2.1/servers?status=deleted', 403)
  await keeper.post('/image/v2/images', { name: 'theirs', owner: projectId }, 201)
  await admin.post('/image/v2/images', { name: 'theirs', owner: projectId }, 403)
  await keeper.post('/network/v2.0/networks', { network: { project_id: projectId } }, 201)
  await admin.post('/network/v2.0/networks', { network: { project_id: projectId } }, 400)
})

test('a rule of its own lets somebody narrow lists of servers by everything', async () => {
  await using cloud = await testCloud({ policy: { 'os_compute_api:servers:allow_all_filters': 'role:member' } })
  const place = await ground(cloud)
  await activeServer(cloud, place)
  const reader = await cloud.as('reader', place.member.login.project)
  for (const host of ['fake-1', 'another']) {
    const found = async (persona: typeof reader) => (await persona.get(`/compute/v2.1/servers?host=${host}`)).body.servers.length
    assert.equal(await found(place.member), host === 'fake-1' ? 1 : 0)
    assert.equal(await found(reader), 1)
  }
})

test('the administrator of a domain administers its users and projects, and no servers, networks, images and objects', async () => {
  await using cloud = await testCloud()
  const place = await ground(cloud)
  const server = await activeServer(cloud, place)
  const { domain } = (await cloud.admin.post('/identity/v3/domains', { domain: { name: 'd' } }, 201)).body
  const roles = ['admin', 'ResellerAdmin'].map((role) => [role, `/domains/${domain.id}`] as [string, string])
  const token = await (await makeUser(cloud, roles, domain.id)).login({ domain: { id: domain.id } })
  const project = await place.member.projectId()
  for (const [path, status] of [
    [`/compute/v2.1/servers/${server}`, 404],
    ['/compute/v2.1/servers/detail?all_tenants=1', 403],
    [`/compute/v2.1/${project}/servers`, 400],
    [`/network/v2.0/networks/${place.networkId}`, 404],
    ['/network/v2.0/ports', 403],
    [`/image/v2/images/${place.imageId}`, 404],
    ['/image/v2/images', 403],
    [`/object-store/v1/AUTH_${project}`, 403],
  ] as const) {
    const answer = await fetch(cloud.url + path, { headers: { 'x-auth-token': token } })
    assert.equal(answer.status, status, `${path}: ${await answer.text()}`)
  }
})
