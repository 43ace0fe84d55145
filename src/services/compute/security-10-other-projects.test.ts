import assert from 'node:assert/strict'
import { test } from 'node:test'
import { activeServer, ground } from '../../testing/compute/servers.ts'
import { makeServer } from '../../testing/make.ts'
import { testCloud } from '../../testing/test-cloud.ts'

const path = '/compute/v2.1/servers'

test('security-10: a server of another project is not found, whatever is asked', async () => {
  await using cloud = await testCloud()
  const place = await ground(cloud)
  const id = await activeServer(cloud, place)
  const stranger = await cloud.as('member', 'other')
  for (const [method, below, body] of [
    ['GET', '', undefined],
    ['PUT', '', { server: { name: 'mine' } }],
    ['DELETE', '', undefined],
    ['POST', '/action', { 'os-stop': null }],
    ['POST', '/action', { reboot: { type: 'HARD' } }],
    ['POST', '/action', { 'os-getConsoleOutput': {} }],
    ['GET', '/ips', undefined],
    ['GET', '/metadata', undefined],
    ['PUT', '/metadata', { metadata: {} }],
    ['DELETE', '/metadata/a', undefined],
    ['GET', '/os-interface', undefined],
    ['GET', '/os-security-groups', undefined],
    ['GET', '/os-instance-actions', undefined],
  ] as const) {
    await stranger.request(method, `${path}/${id}${below}`, { body, expected: 404 })
  }
  for (const query of ['', '?all_tenants=0', '?name=.*', '/detail', '?deleted=1', `?tenant_id=${await place.member.projectId()}`]) {
    assert.deepEqual((await stranger.get(`${path}${query}`)).body.servers, [], query)
  }
  await stranger.get(`${path}?all_tenants=1`, 403)
  const all = (await cloud.admin.get(`${path}/detail?all_tenants=1`)).body.servers
  assert.equal(all[0].id, id)
  assert.equal(all[0]['OS-EXT-SRV-ATTR:host'], 'fake-1')
})

test('security-10: images, networks, ports and key pairs of others cannot be used for a server', async () => {
  await using cloud = await testCloud()
  const mine = await ground(cloud)
  const theirs = await ground(cloud, 'other')
  await theirs.member.post('/compute/v2.1/os-keypairs', { keypair: { name: 'key' } }, 200)
  const port = (await theirs.member.post('/network/v2.0/ports', { port: { network_id: theirs.networkId } }, 201)).body.port.id
  const server = { name: 'x', flavorRef: '42', imageRef: mine.imageId, networks: [{ uuid: mine.networkId }] }
  for (const bad of [
    { imageRef: theirs.imageId },
    { networks: [{ uuid: theirs.networkId }] },
    { networks: [{ port }] },
    { key_name: 'key' },
  ]) {
    await mine.member.post(path, { server: { ...server, ...bad } }, 400)
  }
})

test('security-10: what others have is not there for any id in a body', async () => {
  await using cloud = await testCloud()
  const mine = await ground(cloud)
  const theirs = await ground(cloud, 'other')
  const [id, foreign] = [await activeServer(cloud, mine), await activeServer(cloud, theirs)]
  const compute = '/compute/v2.1'
  const server = { name: 'x', flavorRef: '42', imageRef: mine.imageId, networks: [{ uuid: mine.networkId }] }
  const { member } = mine
  const given = async (path: string, body: object, key: string) => (await theirs.member.post(`${compute}${path}`, body, 200)).body[key]
  const group = await given('/os-server-groups', { server_group: { name: 'g', policies: ['affinity'] } }, 'server_group')
  const security = await given('/os-security-groups', { security_group: { name: 'theirs', description: '' } }, 'security_group')
  const own = (await member.post(`${compute}/os-security-groups`, { security_group: { name: 'mine', description: '' } }, 200)).body
    .security_group
  const secret = { name: 'secret', ram: 64, vcpus: 1, disk: 0, 'os-flavor-access:is_public': false }
  const flavor = (await cloud.admin.post(`${compute}/flavors`, { flavor: secret }, 200)).body.flavor
  await cloud.admin.post(`${compute}/flavors/${flavor.id}/action`, { addTenantAccess: { tenant: await theirs.member.projectId() } }, 200)
  const rule = { ip_protocol: 'tcp', from_port: 1, to_port: 2 }
  const asked: [string, object, number][] = [
    ['/servers', { server: { ...server, flavorRef: flavor.id } }, 400],
    ['/servers', { server: { ...server, security_groups: [{ name: security.id }] } }, 400],
    ['/servers', { server, 'os:scheduler_hints': { group: group.id } }, 400],
    ['/servers', { server, 'OS-SCH-HNT:scheduler_hints': { group: group.id } }, 400],
    [`/servers/${id}/action`, { addSecurityGroup: { name: security.id } }, 404],
    ['/os-security-group-rules', { security_group_rule: { ...rule, parent_group_id: security.id, cidr: '10.0.0.0/8' } }, 404],
    ['/os-security-group-rules', { security_group_rule: { ...rule, parent_group_id: own.id, group_id: security.id } }, 404],
  ]
  for (const base of ['/compute/v2.1', '/compute/v2'])
    for (const [path, body, status] of asked) await member.post(`${base}${path}`, body, status)
  const key = { keypair: { name: 'key', user_id: theirs.member.login.userId } }
  await member.request('POST', `${compute}/os-keypairs`, { body: key, headers: { 'x-openstack-nova-api-version': '2.10' }, expected: 403 })
  // Where a foreign server runs is not told by whether one may be near it.
  const near = (await member.post(`${compute}/servers`, { server, 'os:scheduler_hints': { same_host: foreign } }, 202)).body.server.id
  const far = (await member.post(`${compute}/servers`, { server, 'os:scheduler_hints': { different_host: [foreign] } }, 202)).body.server.id
  await cloud.settled()
  const statuses = await Promise.all([near, far].map(async (one) => (await member.get(`${path}/${one}`)).body.server.status))
  assert.deepEqual(statuses, ['ERROR', 'ACTIVE'])
})

test('security-09: readers read, and only administrators see hosts and change flavors, quotas and services', async () => {
  await using cloud = await testCloud()
  const place = await ground(cloud)
  const id = await activeServer(cloud, place)
  const reader = await cloud.as('reader')
  await reader.get(`${path}/${id}`)
  await reader.delete(`${path}/${id}`, 403)
  await reader.post(`${path}/${id}/action`, { 'os-stop': null }, 403)
  await reader.post(path, { server: { name: 'x', flavorRef: '42', imageRef: place.imageId } }, 403)
  const { member } = place
  await member.get('/compute/v2.1/os-hypervisors', 403)
  await member.get('/compute/v2.1/os-services', 403)
  await member.post('/compute/v2.1/flavors', { flavor: { name: 'f', ram: 1, vcpus: 1, disk: 0 } }, 403)
  await member.put(`/compute/v2.1/os-quota-sets/${await member.projectId()}`, { quota_set: { instances: 99 } }, 403)
  await member.get(`/compute/v2.1/os-quota-sets/${await (await cloud.as('member', 'other')).projectId()}`, 403)
  await member.post(path, { server: { name: 'x', flavorRef: '42', imageRef: place.imageId, availability_zone: 'nova:fake-1' } }, 403)
})

test('security-26: of 200 servers at once with room for one, exactly one is made', async () => {
  await using cloud = await testCloud()
  const { member, imageId } = await ground(cloud)
  for (let i = 0; i < 9; i++) await makeServer(member, imageId)
  const server = { name: 'x', flavorRef: '42', imageRef: imageId }
  const answers = await Promise.all(Array.from({ length: 200 }, () => member.post(path, { server })))
  assert.deepEqual(
    [202, 403].map((status) => answers.filter((answer) => answer.status === status).length),
    [1, 199],
  )
  assert.match(answers.find((answer) => answer.status === 403)!.body.forbidden.message, /^Quota exceeded for instances/)
  await cloud.settled()
  assert.equal((await member.get(path)).body.servers.length, 10)
})
