import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type TestCloud, testCloud } from '../../../testing/test-cloud.ts'

const root = '/network/v2.0'
interface Address {
  subnet_id?: string
  ip_address?: string
}

/** An external network with an IPv4 and an IPv6 subnet, and what asks for gateways on it. */
async function externalNetwork(cloud: TestCloud, ipv6: object = {}) {
  const { admin } = cloud
  const { network } = (await admin.post(`${root}/networks`, { network: { 'router:external': true } }, 201)).body
  const subnet = async (more: object) =>
    (await admin.post(`${root}/subnets`, { subnet: { network_id: network.id, ...more } }, 201)).body.subnet.id as string
  const four = await subnet({ ip_version: 4, cidr: '192.0.2.0/24' })
  const six = await subnet({ ip_version: 6, cidr: '2001:db8::/64', ...ipv6 })
  const info = (external_fixed_ips?: Address[]) => ({ router: { external_gateway_info: { network_id: network.id, external_fixed_ips } } })
  return {
    id: network.id as string,
    four,
    six,
    subnet,
    create: (wish?: Address[], status?: number) => admin.post(`${root}/routers`, info(wish), status),
    change: (router: string, wish?: Address[], status?: number) => admin.put(`${root}/routers/${router}`, info(wish), status),
    ips: ({ body }: { body: { router: { external_gateway_info: { external_fixed_ips: Address[] } } } }) =>
      body.router.external_gateway_info.external_fixed_ips,
  }
}

test('a gateway has the addresses that are asked for: by subnet, by address, by both, several, of both IP versions', async () => {
  await using cloud = await testCloud()
  const { four, six, create, change, ips } = await externalNetwork(cloud)
  assert.deepEqual(
    ips(await create(undefined, 201)).map((ip) => ip.subnet_id),
    [four, six],
  )
  const made = await create([{ ip_address: '192.0.2.20' }, { subnet_id: four }, { subnet_id: six, ip_address: '2001:DB8:0::5' }], 201)
  const [first, second, third] = ips(made)
  assert.deepEqual(first, { subnet_id: four, ip_address: '192.0.2.20' })
  assert.equal(second!.subnet_id, four)
  assert.deepEqual(third, { subnet_id: six, ip_address: '2001:db8::5' })
  const { id } = made.body.router
  await cloud.settled()
  const spec = (await cloud.cloud.hosts.get(cloud.cloud.database.read, 'fake-1', 'router', id))!
  assert.deepEqual(
    spec.gateway!.fixedIps.map(({ ip }) => ip),
    ips(made).map((ip) => ip.ip_address),
  )
  // What it has stays, what is new comes, what is not named goes; no wish at all leaves everything.
  const other = { subnet_id: four, ip_address: '192.0.2.30' }
  assert.deepEqual(ips(await change(id, [{ subnet_id: six }, { ip_address: '192.0.2.30' }], 200)), [third, other])
  assert.deepEqual(ips(await change(id, [], 200)), [third, other])
  assert.deepEqual(ips(await change(id, undefined, 200)), [third, other])
  // One more of a subnet, beside all that it has, is nothing new to neutron.
  assert.deepEqual(ips(await change(id, [third!, other, { subnet_id: four }], 200)), [third, other])
  const more = ips(await change(id, [third!, other, { subnet_id: four, ip_address: '192.0.2.31' }], 200))
  assert.deepEqual(more.slice(0, 2), [third, other])
  assert.equal(more[2]!.ip_address, '192.0.2.31')
  assert.deepEqual(ips(await create([{ ip_address: '192.0.2.20' }], 201)), [first])
})

test('addresses that a gateway cannot have are refused, by the fault that says why', async () => {
  await using cloud = await testCloud()
  const { id: networkId, four, six, create, change, ips } = await externalNetwork(cloud)
  const inner = (await cloud.admin.post(`${root}/networks`, { network: {} }, 201)).body.network
  const foreign = { network_id: inner.id, ip_version: 4, cidr: '198.51.100.0/24' }
  const elsewhere = (await cloud.admin.post(`${root}/subnets`, { subnet: foreign }, 201)).body.subnet.id
  const there = await create([{ ip_address: '192.0.2.50' }], 201)
  const { id } = (await create([{ ip_address: '192.0.2.60' }], 201)).body.router
  const refused: [Address[], number, RegExp][] = [
    [[{ ip_address: '192.0.2.9' }, { ip_address: '192.0.2.9' }], 400, /Duplicate IP address/],
    [[{ ip_address: '192.0.2.60' }, { ip_address: '192.0.2.60' }], 400, /Duplicate IP address/],
    [Array(2).fill({ subnet_id: four, ip_address: '192.0.2.60' }), 400, /Duplicate IP address/],
    [[{ ip_address: '2001:db8::9' }, { subnet_id: six, ip_address: '2001:DB8:0:0::9' }], 400, /Duplicate IP address/],
    [[{ ip_address: '192.0.2.1' }], 400, /same as the gateway IP/],
    [[{ subnet_id: six, ip_address: '2001:db8:0::1' }], 400, /same as the gateway IP/],
    [[{ ip_address: '192.0.2.255' }], 400, /not a valid IP/],
    [[{ ip_address: '203.0.113.1' }], 400, /not a valid IP/],
    [[{ ip_address: 'nonsense' }], 400, /not a valid IP/],
    [[{ subnet_id: four, ip_address: '2001:db8::7' }], 400, /not a valid IP/],
    [[{ subnet_id: elsewhere }], 400, /invalid subnet/],
    [[{}], 400, /requires subnet_id or ip_address/],
    [[{ subnet_id: four }, {}], 400, /requires subnet_id or ip_address/],
    [[{ ip_address: '192.0.2.50' }], 409, /in use/],
  ]
  for (const [wish, status, why] of refused)
    for (const answer of [await create(wish, status), await change(id, wish, status)]) assert.match(answer.text, why, JSON.stringify(wish))
  assert.equal(ips(await change(id, undefined, 200))[0]!.ip_address, '192.0.2.60')
  assert.equal(ips(there)[0]!.ip_address, '192.0.2.50')
  const half = { router: { external_gateway_info: { enable_snat: false } } }
  for (const answer of [await cloud.admin.post(`${root}/routers`, half, 400), await cloud.admin.put(`${root}/routers/${id}`, half, 400)])
    assert.match(answer.text, /network_id/)
  const cleared = await cloud.admin.put(`${root}/routers/${id}`, { router: { external_gateway_info: {} } }, 200)
  assert.equal(cleared.body.router.external_gateway_info, null)
  const port = { network_id: networkId, fixed_ips: [{ ip_address: '192.0.2.70' }, { ip_address: '192.0.2.70' }] }
  assert.match((await cloud.admin.post(`${root}/ports`, { port }, 400)).text, /Duplicate IP address/)
  const plain = (await cloud.admin.post(`${root}/ports`, { port: { network_id: networkId } }, 201)).body.port.id
  for (const fixed_ips of [[{}], [{ ip_address: '192.0.2.71' }, {}], [{ ip_address: '192.0.2.71' }, { ip_address: '192.0.2.71' }]])
    await cloud.admin.put(`${root}/ports/${plain}`, { port: { fixed_ips } }, 400)
})

test('the first address of an IPv6 subnet is for its routers', async () => {
  await using cloud = await testCloud()
  const { admin } = cloud
  const { id: network_id, six, subnet, create, change, ips } = await externalNetwork(cloud)
  const made = await create([{ ip_address: '2001:db8::' }], 201)
  assert.deepEqual(ips(made), [{ subnet_id: six, ip_address: '2001:db8::' }])
  await change(made.body.router.id, [{ subnet_id: six, ip_address: '2001:db8::6' }], 200)
  await create([{ ip_address: '192.0.2.0' }], 400)
  const routed = await subnet({ ip_version: 6, cidr: '2001:db8:1::/64', gateway_ip: '2001:db8:1::' })
  const { router } = (await admin.post(`${root}/routers`, { router: {} }, 201)).body
  const { port_id } = (await admin.put(`${root}/routers/${router.id}/add_router_interface`, { subnet_id: routed }, 200)).body
  assert.deepEqual((await admin.get(`${root}/ports/${port_id}`)).body.port.fixed_ips, [{ subnet_id: routed, ip_address: '2001:db8:1::' }])
  const port = (device_owner: string, status: number) =>
    admin.post(`${root}/ports`, { port: { network_id, device_owner, fixed_ips: [{ ip_address: '2001:db8::' }] } }, status)
  await port('compute:nova', 400)
  await port('', 201)
  const four = { ip_version: 4, cidr: '198.51.100.0/24', gateway_ip: '198.51.100.0' }
  await admin.post(`${root}/subnets`, { subnet: { network_id, ...four } }, 400)
})

test('a gateway that a route leads to neither goes nor is replaced, unless the route goes with it', async () => {
  await using cloud = await testCloud()
  const [one, other] = [await externalNetwork(cloud), await externalNetwork(cloud)]
  const { id } = (await one.create([{ ip_address: '192.0.2.20' }], 201)).body.router
  const set = (router: object, status: number) => cloud.admin.put(`${root}/routers/${id}`, { router }, status)
  await set({ routes: [{ destination: '203.0.113.0/24', nexthop: '2001:db8::9' }] }, 400)
  await set({ routes: [{ destination: '203.0.113.0/24', nexthop: '192.0.2.9' }] }, 200)
  assert.equal((await set({ external_gateway_info: {} }, 400)).body.NeutronError.type, 'InvalidRoutes')
  assert.equal((await set({ external_gateway_info: null }, 400)).body.NeutronError.type, 'InvalidRoutes')
  // It reaches the next hop as well.
  await other.change(id, undefined, 200)
  await one.change(id, [{ ip_address: '192.0.2.9' }], 400)
  await one.change(id, [{ ip_address: '192.0.2.8' }], 200)
  const { router } = (await set({ external_gateway_info: null, routes: [] }, 200)).body
  assert.deepEqual([router.external_gateway_info, router.routes], [null, []])
})

test('a gateway gives itself an address in each SLAAC subnet, also in one that comes later', async () => {
  await using cloud = await testCloud()
  const slaac = { ipv6_ra_mode: 'slaac', ipv6_address_mode: 'slaac' }
  const { four, six, subnet, create, change, ips } = await externalNetwork(cloud, slaac)
  const made = await create([{ subnet_id: four }], 201)
  const { id } = made.body.router
  const own = ips(made)[1]!
  assert.equal(own.subnet_id, six)
  assert.match(own.ip_address!, /^2001:db8::f816:3eff:fe/)
  await create([{ ip_address: '2001:db8::77' }], 400)
  await change(id, [{ ip_address: '2001:db8::77' }], 400)
  assert.deepEqual(ips(await change(id, [{ ip_address: '192.0.2.40' }], 200)), [{ subnet_id: four, ip_address: '192.0.2.40' }, own])
  const later = await subnet({ ip_version: 6, cidr: '2001:db8:1::/64', ...slaac })
  const told = async () => {
    const shown = ips(await cloud.admin.get(`${root}/routers/${id}`)).map((ip) => ip.ip_address)
    await cloud.settled()
    const spec = (await cloud.cloud.hosts.get(cloud.cloud.database.read, 'fake-1', 'router', id))!
    assert.deepEqual(
      spec.gateway!.fixedIps.map(({ ip }) => ip),
      shown,
    )
    return shown.length
  }
  assert.equal(await told(), 3)
  await cloud.admin.delete(`${root}/subnets/${later}`, 204)
  assert.equal(await told(), 2)
})
