import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeImage } from '../testing/make.ts'
import { testCloud } from '../testing/test-cloud.ts'
import { connectClient } from './client.ts'
import { closedGroups } from './ssh.ts'

test('a server whose groups let no SSH in is told with the group and the mend', async () => {
  await using cloud = await testCloud()
  const { admin } = cloud
  const { body: made } = await admin.post('/network/v2.0/networks', { network: { name: 'net' } }, 201)
  const network_id = made.network.id
  await admin.post('/network/v2.0/subnets', { subnet: { network_id, ip_version: 4, cidr: '10.0.0.0/24' } }, 201)
  const server = { name: 'one', imageRef: await makeImage(admin), flavorRef: '42', networks: [{ uuid: network_id }] }
  const { id } = (await admin.post('/compute/v2.1/servers', { server }, 202)).body.server
  await cloud.settled()
  const client = await connectClient({
    authUrl: `${cloud.url}/identity/v3`,
    username: 'admin',
    password: 'test-admin',
    projectName: 'admin',
    userDomain: 'Default',
    projectDomain: 'Default',
  })
  const { ports } = (await admin.get(`/network/v2.0/ports?device_id=${id}`)).body
  const group = ports[0].security_groups[0]
  const rule = (more: object) =>
    admin.post(
      '/network/v2.0/security-group-rules',
      { security_group_rule: { security_group_id: group, direction: 'ingress', ethertype: 'IPv4', ...more } },
      201,
    )
  const closed = new RegExp(`security group default lets SSH .* Mend: openstack security group rule create .* ${group}$`)
  assert.match((await closedGroups(client, id))!, closed)
  for (const more of [
    { protocol: 'udp' },
    { protocol: 'tcp', port_range_min: 80, port_range_max: 80 },
    { protocol: 'tcp', ethertype: 'IPv6' },
  ])
    await rule(more)
  assert.match((await closedGroups(client, id))!, closed)
  await rule({ protocol: 'tcp', port_range_min: 20, port_range_max: 30 })
  assert.equal(await closedGroups(client, id), undefined)
})
