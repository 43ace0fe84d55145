import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { GuestSpec } from '../../../host/guests/document.ts'
import { activeServer, ground as makeGround } from '../../../testing/compute/servers.ts'
import { testCloud } from '../../../testing/test-cloud.ts'

test('a floating IP that is put on a running server or taken off shows in its metadata', async () => {
  await using cloud = await testCloud()
  const ground = await makeGround(cloud)
  const { member } = ground
  const id = await activeServer(cloud, ground)
  const { networks } = (await member.get('/network/v2.0/networks?router:external=True')).body
  const { subnets } = (await member.get(`/network/v2.0/subnets?network_id=${ground.networkId}`)).body
  const router = (await member.post('/network/v2.0/routers', { router: { external_gateway_info: { network_id: networks[0].id } } }, 201))
    .body.router
  await member.put(`/network/v2.0/routers/${router.id}/add_router_interface`, { subnet_id: subnets[0].id }, 200)
  const port = (await member.get(`/network/v2.0/ports?device_id=${id}`)).body.ports[0]
  const floating = { floating_network_id: networks[0].id, port_id: port.id }
  const shown = async () => {
    await cloud.settled()
    const spec = (await cloud.cloud.hosts.get(cloud.cloud.database.read, 'fake-1', 'guest', id)) as GuestSpec
    return spec.metadata['latest/meta-data/public-ipv4'] ?? ''
  }
  assert.equal(await shown(), '')
  const made = (await member.post('/network/v2.0/floatingips', { floatingip: floating }, 201)).body.floatingip
  assert.equal(await shown(), made.floating_ip_address)
  await member.put(`/network/v2.0/floatingips/${made.id}`, { floatingip: { port_id: null } }, 200)
  assert.equal(await shown(), '')
})
