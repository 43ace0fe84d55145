import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Persona } from '../../../testing/persona.ts'
import { testCloud } from '../../../testing/test-cloud.ts'

async function routed(member: Persona) {
  const external = (await member.get('/network/v2.0/networks?router:external=true')).body.networks[0]
  const { network } = (await member.post('/network/v2.0/networks', { network: {} }, 201)).body
  const { subnet } = (
    await member.post('/network/v2.0/subnets', { subnet: { network_id: network.id, cidr: '10.0.0.0/24', ip_version: 4 } }, 201)
  ).body
  const info = { network_id: external.id }
  const { router } = (await member.post('/network/v2.0/routers', { router: { external_gateway_info: info } }, 201)).body
  await member.put(`/network/v2.0/routers/${router.id}/add_router_interface`, { subnet_id: subnet.id }, 200)
  const { port } = (await member.post('/network/v2.0/ports', { port: { network_id: network.id } }, 201)).body
  return { external, network, subnet, router, port }
}

test('a floating IP goes onto a port, its router carries it, and the port takes it off when it goes', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const { external, router, port } = await routed(member)
  const body = { floatingip: { floating_network_id: external.id, port_id: port.id } }
  const { floatingip } = (await member.post('/network/v2.0/floatingips', body, 201)).body
  assert.deepEqual(
    [floatingip.status, floatingip.router_id, floatingip.fixed_ip_address],
    ['DOWN', router.id, port.fixed_ips[0].ip_address],
  )
  await cloud.settled()
  assert.equal((await member.get(`/network/v2.0/floatingips/${floatingip.id}`)).body.floatingip.status, 'ACTIVE')
  const spec = async () => (await cloud.cloud.hosts.get(cloud.cloud.database.read, 'fake-1', 'router', router.id))!
  assert.deepEqual((await spec()).floatingIps, [
    { id: floatingip.id, floatingIp: floatingip.floating_ip_address, fixedIp: port.fixed_ips[0].ip_address },
  ])
  assert.deepEqual((await spec()).gateway!.gatewayIps, ['172.24.4.1'])
  assert.equal((await member.post('/network/v2.0/floatingips', body)).body.NeutronError.type, 'FloatingIPPortAlreadyAssociated')
  assert.equal((await member.put(`/network/v2.0/routers/${router.id}`, { router: { external_gateway_info: null } })).status, 409)
  await member.delete(`/network/v2.0/ports/${port.id}`)
  const after = (await member.get(`/network/v2.0/floatingips/${floatingip.id}`)).body.floatingip
  assert.deepEqual([after.port_id, after.fixed_ip_address, after.router_id, after.status], [null, null, null, 'DOWN'])
  assert.deepEqual((await spec()).floatingIps, [])
  await member.delete(`/network/v2.0/floatingips/${floatingip.id}`)
  await member.put(`/network/v2.0/routers/${router.id}`, { router: { external_gateway_info: null } }, 200)
})

test('a port that no router leads to, another network and a foreign port are refused', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const stranger = await cloud.as('member', 'project-2')
  const { external, network, subnet, router, port } = await routed(member)
  const ask = (persona: Persona, floatingip: object) => persona.post('/network/v2.0/floatingips', { floatingip })
  const foreign = await ask(stranger, { floating_network_id: external.id, port_id: port.id })
  assert.deepEqual([foreign.status, foreign.body.NeutronError.type], [404, 'PortNotFound'])
  assert.equal((await ask(member, { floating_network_id: network.id })).status, 400)
  assert.equal((await ask(member, { floating_network_id: external.id, floating_ip_address: '172.24.4.99' })).status, 403)
  assert.equal((await ask(cloud.admin, { floating_network_id: external.id, floating_ip_address: '172.24.4.99' })).status, 201)
  await member.put(`/network/v2.0/routers/${router.id}/remove_router_interface`, { subnet_id: subnet.id }, 200)
  const unreachable = await ask(member, { floating_network_id: external.id, port_id: port.id })
  assert.deepEqual([unreachable.status, unreachable.body.NeutronError.type], [404, 'ExternalGatewayForFloatingIPNotFound'])
  const used = (await cloud.cloud.quota.show(cloud.cloud.database.read, await member.projectId(), 'network.')).floatingip!.in_use
  assert.equal(used, 0, 'a refused one costs nothing')
})
