import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testCloud } from '../../testing/test-cloud.ts'

const v2 = '/network/v2.0'
const owners = ['network:dhcp', 'network:router_interface', 'network:router_gateway', 'network:floatingip', 'network:anything']

test('nobody makes a port that the network service would trust', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const { network } = (await member.post(`${v2}/networks`, { network: {} }, 201)).body
  const { router } = (await member.post(`${v2}/routers`, { router: {} }, 201)).body
  const { port } = (await member.post(`${v2}/ports`, { port: { network_id: network.id, device_owner: 'compute:nova' } }, 201)).body
  for (const device_owner of owners) {
    await member.post(`${v2}/ports`, { port: { network_id: network.id, device_owner, device_id: router.id } }, 403)
    await member.put(`${v2}/ports/${port.id}`, { port: { device_owner, device_id: router.id } }, 403)
  }
  for (const device_owner of owners.slice(0, 4)) {
    await cloud.admin.post(`${v2}/ports`, { port: { network_id: network.id, device_owner, device_id: router.id } }, 400)
    await cloud.admin.put(`${v2}/ports/${port.id}`, { port: { device_owner, device_id: router.id } }, 400)
  }
})

test('ports of the service cannot be turned into something else', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const { network } = (await member.post(`${v2}/networks`, { network: {} }, 201)).body
  const { subnet } = (await member.post(`${v2}/subnets`, { subnet: { network_id: network.id, cidr: '10.0.0.0/24', ip_version: 4 } }, 201))
    .body
  const { router } = (await member.post(`${v2}/routers`, { router: {} }, 201)).body
  await member.put(`${v2}/routers/${router.id}/add_router_interface`, { subnet_id: subnet.id }, 200)
  const { ports } = (await member.get(`${v2}/ports`)).body
  assert.deepEqual(ports.map((port: { device_owner: string }) => port.device_owner).sort(), ['network:dhcp', 'network:router_interface'])
  for (const { id } of ports) {
    await member.put(`${v2}/ports/${id}`, { port: { device_owner: 'compute:nova' } }, 409)
    await member.put(`${v2}/ports/${id}`, { port: { device_id: 'x' } }, 409)
  }
})

test('port security stays on unless the owner of the network switches it off, and without it there are no pairs and groups', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const { network } = (await member.post(`${v2}/networks`, { network: {} }, 201)).body
  const add = (port: object) => member.post(`${v2}/ports`, { port: { network_id: network.id, ...port } })
  const pairs = [{ ip_address: '10.0.0.0/24' }]
  assert.equal((await add({})).body.port.port_security_enabled, true)
  assert.equal((await add({ port_security_enabled: false, allowed_address_pairs: pairs })).status, 409)
  const { port } = (await add({ port_security_enabled: false })).body
  assert.deepEqual(port.security_groups, [])
  await member.put(`${v2}/ports/${port.id}`, { port: { allowed_address_pairs: pairs } }, 409)
  for (const mac_address of ['01:00:5e:00:00:01', 'ff:ff:ff:ff:ff:ff', '00:00:00:00:00:00', 'fa:16:3e:00:00', 'x']) {
    assert.equal((await add({ allowed_address_pairs: [{ ip_address: '10.0.0.1', mac_address }] })).status, 400, mac_address)
    assert.equal((await add({ mac_address })).status, 400, mac_address)
  }
  assert.equal((await add({ allowed_address_pairs: [...pairs, ...pairs] })).status, 400)
  assert.equal((await add({ allowed_address_pairs: [{ ip_address: '10.0.0.0/33' }] })).status, 400)
})
