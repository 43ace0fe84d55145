// On a network of others a server gets the address that it is given: whoever might choose could take the gateway's, and with it
// everybody's traffic. The network API has the same rule for ports.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { activeServer, ground } from '../../../testing/compute/servers.ts'
import { testCloud } from '../../../testing/test-cloud.ts'

test('security-11: nobody chooses the address of a server on a network that others share', async () => {
  await using cloud = await testCloud()
  const own = await ground(cloud)
  const { network } = (await cloud.admin.post('/network/v2.0/networks', { network: { shared: true } }, 201)).body
  const subnet = { network_id: network.id, ip_version: 4, cidr: '10.66.0.0/24', gateway_ip: '10.66.0.1' }
  await cloud.admin.post('/network/v2.0/subnets', { subnet }, 201)
  const ask = (uuid: string, fixed_ip: string) =>
    own.member.post('/compute/v2.1/servers', {
      server: { name: 'a', imageRef: own.imageId, flavorRef: '1', networks: [{ uuid, fixed_ip }] },
    })
  for (const address of ['10.66.0.1', '10.66.0.77']) {
    const { status, body } = await ask(network.id, address)
    assert.deepEqual([status, Object.keys(body)], [403, ['forbidden']], address)
  }
  assert.equal((await ask(own.networkId, '10.20.0.77')).status, 202)
  await activeServer(cloud, { ...own, networkId: network.id })
})

test('security-11: the rule of the network service decides', async () => {
  await using cloud = await testCloud({ policy: { 'create_port:fixed_ips:ip_address': 'rule:shared or rule:network_owner' } })
  const own = await ground(cloud)
  const { network } = (await cloud.admin.post('/network/v2.0/networks', { network: { shared: true } }, 201)).body
  await cloud.admin.post('/network/v2.0/subnets', { subnet: { network_id: network.id, ip_version: 4, cidr: '10.66.0.0/24' } }, 201)
  await activeServer(cloud, own, { networks: [{ uuid: network.id, fixed_ip: '10.66.0.77' }] })
})
