import assert from 'node:assert/strict'
import { test } from 'node:test'
import { activeServer, assertNoResidue, type Ground, ground, statusOf } from '../../../testing/compute/servers.ts'
import type { Persona } from '../../../testing/persona.ts'
import { survivesCrashes } from '../../../testing/survives-crashes.ts'
import { type TestCloud, testCloud } from '../../../testing/test-cloud.ts'

const compute = '/compute/v2.1/servers'
const network = '/network/v2.0'

async function secondNetwork(member: Persona): Promise<string> {
  const { id } = (await member.post(`${network}/networks`, { network: { name: 'second' } }, 201)).body.network
  await member.post(`${network}/subnets`, { subnet: { network_id: id, ip_version: 4, cidr: '10.30.0.0/24' } }, 201)
  return id
}
async function site() {
  const cloud = await testCloud()
  const place = await ground(cloud)
  return { cloud, place, member: place.member, id: await activeServer(cloud, place), second: await secondNetwork(place.member) }
}
const attach = async (member: Persona, id: string, wanted: object, status = 200) =>
  (await member.post(`${compute}/${id}/os-interface`, { interfaceAttachment: wanted }, status)).body.interfaceAttachment
const listed = async (member: Persona, id: string): Promise<{ port_id: string; mac_addr: string }[]> =>
  (await member.get(`${compute}/${id}/os-interface`)).body.interfaceAttachments
/** MAC addresses that the host says the guest has. */
const inGuest = async (cloud: TestCloud, id: string) =>
  (await cloud.cloud.hosts.status(cloud.cloud.database.read, 'fake-1', 'guest', id)).devices?.nics
const macs = (all: { mac_addr: string }[]) => all.map((one) => one.mac_addr).sort()
const lastAction = async (member: Persona, id: string) =>
  (await member.get(`${compute}/${id}/os-instance-actions`)).body.instanceActions[0].action

test('a running server gains an interface on a network, and loses it', async () => {
  const { cloud, member, id, second } = await site()
  await using _ = cloud
  const before = await listed(member, id)
  const made = await attach(member, id, { net_id: second, fixed_ips: [{ ip_address: '10.30.0.77' }] })
  assert.deepEqual([made.net_id, made.fixed_ips[0].ip_address], [second, '10.30.0.77'])
  await cloud.settled()
  const after = await listed(member, id)
  assert.deepEqual(
    after.map(({ port_id }) => port_id),
    [before[0]!.port_id, made.port_id],
  )
  assert.deepEqual(await inGuest(cloud, id), macs(after))
  assert.ok(cloud.host.inventory().port.includes(made.port_id))
  assert.equal(await lastAction(member, id), 'attach_interface')
  assert.equal(await statusOf(member, id), 'ACTIVE')
  const read = cloud.cloud.database.read
  const metadata = async () => JSON.stringify((await cloud.cloud.hosts.get(read, 'fake-1', 'guest', id))!.metadata)
  assert.match(await metadata(), new RegExp(made.mac_addr))
  await member.delete(`${compute}/${id}/os-interface/${made.port_id}`, 202)
  await cloud.settled()
  assert.deepEqual([await listed(member, id), await inGuest(cloud, id)], [before, macs(before)])
  assert.ok(!cloud.host.inventory().port.includes(made.port_id))
  await member.get(`${network}/ports/${made.port_id}`, 404)
  assert.doesNotMatch(await metadata(), new RegExp(made.mac_addr))
  assert.equal(await lastAction(member, id), 'detach_interface')
  await member.delete(`${compute}/${id}`, 204)
  await cloud.settled()
  await assertNoResidue(cloud)
})

test('a port of its own is taken over and set free, also while the server is stopped and by the path of the reference', async () => {
  const { cloud, member, id, second } = await site()
  await using _ = cloud
  const { port } = (await member.post(`${network}/ports`, { port: { network_id: second } }, 201)).body
  await member.post(`${compute}/${id}/action`, { 'os-stop': null }, 202)
  await cloud.settled()
  await member.post(`${compute}/${id}/os-attach-interfaces`, { interfaceAttachment: { port_id: port.id } }, 200)
  await cloud.settled()
  assert.equal((await member.get(`${network}/ports/${port.id}`)).body.port.device_id, id)
  await member.post(`${compute}/${id}/action`, { 'os-start': null }, 202)
  await cloud.settled()
  assert.ok((await inGuest(cloud, id))!.includes(port.mac_address))
  await attach(member, id, { port_id: port.id }, 409)
  await member.delete(`${compute}/${id}/os-attach-interfaces/${port.id}`, 202)
  await cloud.settled()
  assert.equal((await member.get(`${network}/ports/${port.id}`)).body.port.device_id, '')
  assert.ok(!(await inGuest(cloud, id))!.includes(port.mac_address))
})

test('what cannot be attached is refused, and nothing of it is made', async () => {
  const { cloud, member, id, second } = await site()
  await using _ = cloud
  const ports = async () => (await member.get(`${network}/ports`)).body.ports.length
  const before = await ports()
  const none = cloud.cloud.environment.uuid()
  await attach(member, id, { net_id: none }, 400)
  await attach(member, id, { port_id: none }, 400)
  await attach(member, id, { port_id: none, net_id: second }, 400)
  await attach(member, id, { fixed_ips: [{ ip_address: '10.30.0.5' }] }, 400)
  await attach(member, id, { net_id: second, fixed_ips: [{ ip_address: '10.99.0.5' }] }, 400)
  await attach(member, id, { net_id: second, fixed_ips: [] }, 400)
  await attach(member, id, {}, 409) // two networks: which?
  await member.delete(`${compute}/${id}/os-interface/${none}`, 404)
  const other = await cloud.as('member', 'other')
  const [own] = await listed(member, id)
  await other.delete(`${compute}/${id}/os-interface/${own!.port_id}`, 404)
  await member.post(`${compute}/${id}/action`, { lock: null }, 202)
  await member.delete(`${compute}/${id}/os-interface/${own!.port_id}`, 409)
  await attach(member, id, { net_id: second }, 409)
  assert.equal(await ports(), before)
})

test('a host that cannot attach leaves no port, and one whose guest does not let go leaves the interface', async () => {
  const { cloud, member, id, second } = await site()
  await using _ = cloud
  const before = await listed(member, id)
  cloud.host.fail('guest.attach:1')
  const made = await attach(member, id, { net_id: second })
  await cloud.settled()
  assert.deepEqual(await listed(member, id), before)
  assert.ok(!cloud.host.inventory().port.includes(made.port_id))
  const admin = await cloud.as('admin')
  const [{ request_id }] = (await member.get(`${compute}/${id}/os-instance-actions`)).body.instanceActions
  const { events } = (await admin.get(`${compute}/${id}/os-instance-actions/${request_id}`)).body.instanceAction
  assert.deepEqual([events[0].event, events[0].result], ['compute_attach_interface', 'Error'])
  cloud.host.fail('guest.detach:1')
  await member.delete(`${compute}/${id}/os-interface/${before[0]!.port_id}`, 202)
  await cloud.settled()
  assert.deepEqual([await listed(member, id), await inGuest(cloud, id)], [before, macs(before)])
  assert.equal(await statusOf(member, id), 'ACTIVE')
})

test('a server whose port is deleted loses the interface', async () => {
  const { cloud, member, id, second } = await site()
  await using _ = cloud
  const [first] = await listed(member, id)
  const made = await attach(member, id, { net_id: second })
  await cloud.settled()
  await member.delete(`${network}/ports/${made.port_id}`, 204)
  await cloud.settled()
  assert.deepEqual(await inGuest(cloud, id), [first!.mac_addr])
  const spec = await cloud.cloud.hosts.get(cloud.cloud.database.read, 'fake-1', 'guest', id)
  assert.deepEqual(
    spec!.nics.map(({ portId }) => portId),
    [first!.port_id],
  )
})

for (const [kind, begin] of [
  ['attach-interface', (member: Persona, id: string, second: string) => attach(member, id, { net_id: second })],
  [
    'detach-interface',
    async (member: Persona, id: string) => member.delete(`${compute}/${id}/os-interface/${(await listed(member, id))[0]!.port_id}`, 202),
  ],
] as const) {
  test(`security-27: ${kind} comes to the same end wherever the process dies`, async () => {
    let place: Ground
    const deaths = await survivesCrashes({
      kind: `compute.server.${kind}`,
      make: async () => {
        const cloud = await testCloud()
        place = await ground(cloud)
        return cloud
      },
      async begin(cloud) {
        const id = await activeServer(cloud, place)
        await begin(place.member, id, await secondNetwork(place.member))
        return id
      },
      async check(cloud, id) {
        const member = await cloud.as('member')
        const all = await listed(member, id)
        assert.equal(all.length, kind === 'attach-interface' ? 2 : 0)
        assert.deepEqual(await inGuest(cloud, id), macs(all))
        assert.equal(cloud.host.inventory().port.length, all.length)
      },
    })
    assert.ok(deaths >= 3, String(deaths))
  })
}
