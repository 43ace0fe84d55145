// Class 14: what is a server's port is what compute bound to it. `device_id` and `device_owner` are texts that any user may
// write on a port of theirs, with the id of anybody's server.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HostDocument } from '../../../host/documents.ts'
import { metadataAnswer } from '../../../host/metadata/answer.ts'
import { activeServer, ground, statusOf } from '../../../testing/compute/servers.ts'
import type { TestCloud } from '../../../testing/test-cloud.ts'
import { testCloud } from '../../../testing/test-cloud.ts'

const ports = '/network/v2.0/ports'
const servers = '/compute/v2.1/servers'
type Port = { id: string; fixed_ips: { ip_address: string }[]; security_groups: string[]; device_id: string; status: string }

/** All documents as the host's agent has them. */
async function documents(cloud: TestCloud): Promise<Map<string, HostDocument>> {
  const rows = await cloud.cloud.database.read.selectFrom('host_documents').selectAll().execute()
  return new Map(rows.map((row) => [`${row.kind}/${row.id}`, row as unknown as HostDocument]))
}

/** Servers of two projects on networks of their own; the attacker's port, and a change of it by its owner. */
async function attack(cloud: TestCloud) {
  const [mine, theirs] = [await ground(cloud, 'attacker'), await ground(cloud, 'victim')]
  const [attacker, victim] = [mine.member, theirs.member]
  const own = await activeServer(cloud, mine)
  const user_data = Buffer.from('the secret').toString('base64')
  const id = await activeServer(cloud, theirs, { user_data })
  const [port] = (await attacker.get(`${ports}?device_id=${own}`)).body.ports as [Port]
  const say = (content: object) => attacker.put(`${ports}/${port.id}`, { port: content }, 200)
  return { mine, theirs, attacker, victim, own, id, port, say }
}

test("security-14: no port that names another's server reads its metadata", async () => {
  await using cloud = await testCloud()
  const { mine, attacker, own, id, port, say } = await attack(cloud)
  const read = async () => {
    await cloud.settled()
    const path = '/latest/user-data'
    return metadataAnswer(await documents(cloud), mine.networkId, port.fixed_ips[0]!.ip_address, path)?.body
  }
  for (const content of [{ device_id: id }, { device_id: id, device_owner: 'compute:nova' }, { device_owner: '' }, { device_id: '' }]) {
    await say(content)
    assert.equal(await read(), 'not found\n', 'the own guest, which has none')
    assert.equal((await cloud.cloud.hosts.get(cloud.cloud.database.read, 'fake-1', 'port', port.id))!.guestId, own)
  }
  await say({ device_id: id })
  await attacker.post(`${servers}/${own}/action`, { reboot: { type: 'HARD' } }, 202)
  assert.equal(await read(), 'not found\n')
})

test("security-14: ports that name another's server are nowhere among its own", async () => {
  await using cloud = await testCloud()
  const { mine, attacker, victim, own, id, port, say } = await attack(cloud)
  const shown = async () => [
    (await victim.get(`${servers}/${id}`)).body.server.addresses,
    (await victim.get(`${servers}/${id}/os-interface`)).body,
    (await victim.get(`${servers}/${id}/os-security-groups`)).body,
    (await victim.get(`${servers}?ip=10.20.0`)).body.servers.map((server: { id: string }) => server.id),
  ]
  const before = await shown()
  await say({ device_id: id })
  const free = { network_id: mine.networkId, device_id: id, device_owner: 'compute:nova' }
  const { port: made } = (await attacker.post(ports, { port: free }, 201)).body
  assert.deepEqual(await shown(), before)
  assert.equal((await attacker.get(`${servers}/${own}/os-interface`)).body.interfaceAttachments[0].port_id, port.id)
  // The victim's wishes for its server do not reach the attacker's ports.
  const group = (await victim.post('/network/v2.0/security-groups', { security_group: { name: 'web' } }, 201)).body.security_group
  await victim.post(`${servers}/${id}/action`, { addSecurityGroup: { name: 'web' } }, 202)
  await victim.delete(`${servers}/${id}`, 204)
  await cloud.settled()
  for (const one of [port, made]) {
    const still = (await attacker.get(`${ports}/${one.id}`, 200)).body.port as Port
    assert.ok(!still.security_groups.includes(group.id))
    assert.equal(still.device_id, id)
  }
  assert.equal(await statusOf(attacker, own), 'ACTIVE')
  await attacker.delete(`${servers}/${own}`, 204)
  await cloud.settled()
  await attacker.get(`${ports}/${port.id}`, 404)
})

test('security-14: a server that is being made gets ports of its own, whatever names it', async () => {
  await using cloud = await testCloud()
  const { theirs, victim, say } = await attack(cloud)
  const serverId = '11111111-1111-4111-8111-111111111111'
  await say({ device_id: serverId })
  const place = { serverId, hostname: 'h', host: 'fake-1', zone: 'nova', isAdmin: false, securityGroups: [] }
  const request = { ...place, projectId: await victim.projectId(), nics: [{ networkId: theirs.networkId }] }
  const bound = await cloud.cloud.database.write((tx) => cloud.cloud.network.bindPorts(tx, request))
  assert.deepEqual(
    bound.map((port) => port.networkId),
    [theirs.networkId],
  )
})

test('security-14: a bound port stays in use when its owner clears what it is of', async () => {
  await using cloud = await testCloud()
  const { mine, attacker, own, port, say } = await attack(cloud)
  await say({ device_id: '', device_owner: '' })
  const server = { name: 'x', imageRef: mine.imageId, flavorRef: '42', networks: [{ port: port.id }] }
  await attacker.post(servers, { server }, 409)
  const { router } = (await attacker.post('/network/v2.0/routers', { router: {} }, 201)).body
  await attacker.put(`/network/v2.0/routers/${router.id}/add_router_interface`, { port_id: port.id }, 409)
  assert.equal((await attacker.get(`${servers}/${own}/os-interface`)).body.interfaceAttachments[0].port_id, port.id)
})

test('security-14: a server takes ports of its own project only, also of a network that is shared', async () => {
  await using cloud = await testCloud()
  const { mine, theirs, attacker, victim } = await attack(cloud)
  await cloud.admin.put(`/network/v2.0/networks/${mine.networkId}`, { network: { shared: true } }, 200)
  const { port } = (await victim.post(ports, { port: { network_id: mine.networkId } }, 201)).body
  const server = { name: 'x', flavorRef: '42', networks: [{ port: port.id }] }
  await attacker.post(servers, { server: { ...server, imageRef: mine.imageId } }, 400)
  await cloud.admin.post(servers, { server: { ...server, imageRef: theirs.imageId } }, 400)
  await activeServer(cloud, theirs, { networks: server.networks })
})

test('security-26: of servers that are given the same port at once, one gets it', async () => {
  await using cloud = await testCloud()
  const { member, networkId } = await ground(cloud)
  const projectId = await member.projectId()
  const { port } = (await member.post(ports, { port: { network_id: networkId } }, 201)).body
  const place = { projectId, hostname: 'h', host: 'fake-1', zone: 'nova', isAdmin: false, securityGroups: [], nics: [{ portId: port.id }] }
  const bind = (digit: number) =>
    cloud.cloud.database.write((tx) =>
      cloud.cloud.network.bindPorts(tx, { ...place, serverId: `${digit}1111111-1111-4111-8111-111111111111` }),
    )
  const results = await Promise.allSettled([1, 2, 3, 4].map(bind))
  const refused = results.flatMap((result) => (result.status === 'rejected' ? [(result.reason as Error).message] : []))
  assert.deepEqual(refused, Array(3).fill(`Port ${port.id} is still in use.`))
})
