import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Persona } from '../../../testing/persona.ts'
import { testCloud } from '../../../testing/test-cloud.ts'

async function subnetOf(member: Persona, cidr: string, more: object = {}) {
  const { network } = (await member.post('/network/v2.0/networks', { network: {} }, 201)).body
  const subnet = { network_id: network.id, cidr, ip_version: cidr.includes(':') ? 6 : 4, ...more }
  return (await member.post('/network/v2.0/subnets', { subnet }, 201)).body.subnet
}
const interfaceOf = (router: string, what: 'add' | 'remove') => `/network/v2.0/routers/${router}/${what}_router_interface`

test('interfaces: overlaps, gateways, routes and deletion', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const { router } = (await member.post('/network/v2.0/routers', { router: { name: 'r' } }, 201)).body
  const one = await subnetOf(member, '10.0.0.0/24')
  const same = await subnetOf(member, '10.0.0.128/25')
  const bare = await subnetOf(member, '10.9.0.0/24', { gateway_ip: null })
  const add = (body: object) => member.put(interfaceOf(router.id, 'add'), body)
  const added = await add({ subnet_id: one.id })
  assert.equal(added.status, 200)
  assert.equal((await add({ subnet_id: one.id })).status, 400)
  assert.equal((await add({ subnet_id: same.id })).status, 400)
  assert.equal((await add({ subnet_id: bare.id })).status, 400)
  assert.equal((await add({})).status, 400)
  assert.equal((await add({ subnet_id: 'nowhere' })).status, 404)
  const routes = (nexthop: string) =>
    member.put(`/network/v2.0/routers/${router.id}`, { router: { routes: [{ destination: '192.168.0.0/16', nexthop }] } })
  assert.equal((await routes('10.5.0.1')).body.NeutronError.type, 'InvalidRoutes')
  assert.equal((await routes('10.0.0.1')).body.NeutronError.type, 'InvalidRoutes')
  assert.equal((await routes('10.0.0.9')).status, 200)
  await cloud.settled()
  const spec = (await cloud.cloud.hosts.get(cloud.cloud.database.read, 'fake-1', 'router', router.id))!
  assert.deepEqual(spec.routes, [{ destination: '192.168.0.0/16', nexthop: '10.0.0.9' }])
  assert.deepEqual(spec.interfaces[0]!.fixedIps, [{ subnetId: one.id, ip: '10.0.0.1', prefixLength: 24 }])
  assert.equal((await member.get(`/network/v2.0/ports/${added.body.port_id}`)).body.port.status, 'ACTIVE')
  const remove = (body: object) => member.put(interfaceOf(router.id, 'remove'), body)
  assert.equal((await remove({ subnet_id: one.id })).body.NeutronError.type, 'RouterInterfaceInUseByRoute')
  assert.equal((await member.delete(`/network/v2.0/routers/${router.id}`, 409)).body.NeutronError.type, 'RouterInUse')
  assert.equal((await member.delete(`/network/v2.0/ports/${added.body.port_id}`, 409)).body.NeutronError.type, 'ServicePortInUse')
  assert.equal((await member.delete(`/network/v2.0/subnets/${one.id}`, 409)).body.NeutronError.type, 'SubnetInUse')
  assert.equal((await member.delete(`/network/v2.0/networks/${one.network_id}`, 409)).body.NeutronError.type, 'NetworkInUse')
  await member.put(`/network/v2.0/routers/${router.id}`, { router: { routes: [] } }, 200)
  assert.equal((await remove({ subnet_id: same.id })).status, 404)
  assert.equal((await remove({ subnet_id: one.id, port_id: added.body.port_id })).status, 200)
  await member.delete(`/network/v2.0/routers/${router.id}`)
  await cloud.settled()
  assert.deepEqual(await cloud.cloud.database.read.selectFrom('host_documents').select(['kind', 'id']).execute(), [])
})

test('two at once that connect the same subnet: one wins', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const subnet = await subnetOf(member, '10.0.0.0/24')
  const routers = await Promise.all([1, 2, 3, 4].map(() => member.post('/network/v2.0/routers', { router: {} }, 201)))
  const answers = await Promise.all(routers.map(({ body }) => member.put(interfaceOf(body.router.id, 'add'), { subnet_id: subnet.id })))
  assert.equal(answers.filter(({ status }) => status === 200).length, 1)
  assert.equal(answers.find(({ status }) => status !== 200)!.body.NeutronError.type, 'IpAddressInUse')
})

test('IPv6 subnets of one network share the port of the router', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const { router } = (await member.post('/network/v2.0/routers', { router: {} }, 201)).body
  const one = await subnetOf(member, '2001:db8:1::/64')
  const second = { network_id: one.network_id, cidr: '2001:db8:2::/64', ip_version: 6 }
  const two = (await member.post('/network/v2.0/subnets', { subnet: second }, 201)).body.subnet
  const ports = [one, two].map(
    async (subnet) => (await member.put(interfaceOf(router.id, 'add'), { subnet_id: subnet.id }, 200)).body.port_id,
  )
  const [first, other] = [await ports[0], await ports[1]]
  assert.equal(first, other)
  await member.put(interfaceOf(router.id, 'remove'), { subnet_id: one.id }, 200)
  assert.equal((await member.get(`/network/v2.0/ports/${first}`)).body.port.fixed_ips.length, 1)
})

test("SNAT and addresses of the gateway are the administrator's; a shared subnet's gateway address its owner's", async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const external = (await member.get('/network/v2.0/networks?router:external=true')).body.networks[0]
  const ask = (persona: Persona, info: object) =>
    persona.post('/network/v2.0/routers', { router: { external_gateway_info: { network_id: external.id, ...info } } })
  assert.equal((await ask(member, { enable_snat: false })).status, 403)
  assert.equal((await ask(member, { external_fixed_ips: [{ ip_address: '172.24.4.50' }] })).status, 403)
  const { router } = (await ask(cloud.admin, { enable_snat: false, external_fixed_ips: [{ ip_address: '172.24.4.50' }] })).body
  assert.equal(router.external_gateway_info.enable_snat, false)
  assert.equal(router.external_gateway_info.external_fixed_ips[0].ip_address, '172.24.4.50')
  const shared = (await cloud.admin.post('/network/v2.0/networks', { network: { shared: true } }, 201)).body.network
  const subnet = (
    await cloud.admin.post('/network/v2.0/subnets', { subnet: { network_id: shared.id, cidr: '10.0.0.0/24', ip_version: 4 } }, 201)
  ).body.subnet
  const own = (await member.post('/network/v2.0/routers', { router: {} }, 201)).body.router
  await member.put(interfaceOf(own.id, 'add'), { subnet_id: subnet.id }, 403)
})
