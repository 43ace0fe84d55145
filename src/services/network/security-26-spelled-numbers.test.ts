import assert from 'node:assert/strict'
import { test } from 'node:test'
import { wrongNumbers } from '../../testing/spelled-numbers.ts'
import { testCloud } from '../../testing/test-cloud.ts'

const v2 = '/network/v2.0'

test('security-26: quotas of the network are bounded however their numbers are spelled', async () => {
  await using cloud = await testCloud()
  const quotas = `${v2}/quotas/${await (await cloud.as('member')).projectId()}`
  const set = (network: unknown, status: number) => cloud.admin.put(quotas, { quota: { network } }, status)
  for (const value of [...wrongNumbers(-1), null]) await set(value, 400)
  for (const [value, shown] of [
    ['-1', -1],
    [-1, -1],
    ['007', 7],
    ['2147483647', 2_147_483_647],
    [2_147_483_647, 2_147_483_647],
  ] as const)
    assert.equal((await set(value, 200)).body.quota.network, shown)
})

test('security-26: MTU, IP version, ports, ICMP types and protocols are bounded however their numbers are spelled', async () => {
  await using cloud = await testCloud()
  const { admin } = cloud
  const { network } = (await admin.post(`${v2}/networks`, { network: { mtu: '1400' } }, 201)).body
  assert.equal(network.mtu, 1400)
  for (const mtu of [...wrongNumbers(0), 67, '67', '0067', 65536, '65536']) {
    await admin.post(`${v2}/networks`, { network: { mtu } }, 400)
    await admin.put(`${v2}/networks/${network.id}`, { network: { mtu } }, 400)
  }
  for (const value of wrongNumbers(0)) await admin.post(`${v2}/networks`, { network: { 'provider:segmentation_id': value } }, 400)
  for (const ip_version of [...wrongNumbers(1), 5, '5', '04'])
    await admin.post(`${v2}/subnets`, { subnet: { network_id: network.id, cidr: '10.0.0.0/24', ip_version } }, 400)
  const { security_group } = (await admin.post(`${v2}/security-groups`, { security_group: { name: 'g' } }, 201)).body
  const rule = (more: object, status: number) =>
    admin.post(
      `${v2}/security-group-rules`,
      { security_group_rule: { security_group_id: security_group.id, direction: 'ingress', ...more } },
      status,
    )
  for (const port of [...wrongNumbers(1), 65536, '65536', '065536', '4294967297']) {
    await rule({ protocol: 'tcp', port_range_min: port, port_range_max: port }, 400)
    await rule({ protocol: 'tcp', port_range_min: 1, port_range_max: port }, 400)
  }
  for (const type of [...wrongNumbers(0), 255, '255', 256, '256']) await rule({ protocol: 'icmp', port_range_min: type }, 400)
  // An empty text is no protocol, as it is for clients of old.
  for (const protocol of [...wrongNumbers(0).filter((value) => value !== ''), 256, '256', '0256']) await rule({ protocol }, 400)
  await rule({ protocol: 'tcp', port_range_min: '9', port_range_max: '10' }, 201)
  await rule({ protocol: 'tcp', port_range_min: '10', port_range_max: '9' }, 400)
})

test('security-26: pages are bounded however their size is spelled', async () => {
  await using cloud = await testCloud()
  for (const path of [`${v2}/networks`, '/compute/v2.1/servers', '/compute/v2.1/flavors/detail', '/compute/v2.1/os-server-groups'])
    for (const limit of wrongNumbers(0).filter((value) => typeof value === 'string' && value !== `${2 ** 31}` && value !== '9999999999'))
      await cloud.admin.get(`${path}?limit=${encodeURIComponent(limit as string)}`, 400)
})
