import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testCloud } from '../../../testing/test-cloud.ts'

const v2 = '/network/v2.0'
const subnet = { cidr: '10.0.0.0/24', ip_version: 4 }

const refused: [change: object, status: number, type?: string][] = [
  [{ ip_version: 6 }, 400],
  [{ cidr: '10.0.0.0' }, 400],
  [{ cidr: '224.0.0.0/24' }, 400],
  [{ cidr: '0.0.0.0/0' }, 400],
  [{ cidr: undefined }, 400],
  [{ gateway_ip: '10.0.0.0' }, 400],
  [{ gateway_ip: '10.0.0.255' }, 400],
  [{ gateway_ip: '10.0.1.1' }, 400],
  [{ gateway_ip: 'fd00::1' }, 400],
  [{ allocation_pools: [{ start: '10.0.0.1', end: '10.0.0.9' }] }, 409, 'GatewayConflictWithAllocationPools'],
  [{ allocation_pools: [{ start: '10.0.0.9', end: '10.0.0.8' }] }, 400, 'InvalidAllocationPool'],
  [{ allocation_pools: [{ start: '10.0.0.9', end: '10.0.1.8' }] }, 400, 'OutOfBoundsAllocationPool'],
  [
    {
      allocation_pools: [
        { start: '10.0.0.9', end: '10.0.0.20' },
        { start: '10.0.0.20', end: '10.0.0.30' },
      ],
    },
    409,
    'OverlappingAllocationPools',
  ],
  [{ dns_nameservers: ['9.9.9.9', '9.9.9.9'] }, 400],
  [{ host_routes: [{ destination: 'fd00::/8', nexthop: 'fd00::1' }] }, 400],
  [{ ipv6_ra_mode: 'slaac' }, 400],
  [{ cidr: 'fd00::/48', ip_version: 6, ipv6_address_mode: 'slaac' }, 400],
  [{ cidr: 'fd00::/64', ip_version: 6, ipv6_address_mode: 'slaac', ipv6_ra_mode: 'dhcpv6-stateful' }, 400],
  [{ cidr: 'fd00::/64', ip_version: 6, ipv6_address_mode: 'slaac', enable_dhcp: false }, 400],
  [{ subnetpool_id: 'x' }, 501],
]

test('subnets that do not fit together are refused', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const { network } = (await member.post(`${v2}/networks`, { network: {} }, 201)).body
  for (const [change, status, type] of refused) {
    const answer = await member.post(`${v2}/subnets`, { subnet: { network_id: network.id, ...subnet, ...change } })
    assert.equal(answer.status, status, `${JSON.stringify(change)}: ${answer.text}`)
    if (type) assert.equal(answer.body.NeutronError.type, type)
  }
  const race = await Promise.all(
    Array.from({ length: 8 }, () => member.post(`${v2}/subnets`, { subnet: { network_id: network.id, ...subnet } })),
  )
  assert.deepEqual(race.map(({ status }) => status).sort(), [201, ...Array(7).fill(400)], 'overlaps with itself')
})

test('the DHCP port comes and goes with the subnets that have DHCP', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const { network } = (await member.post(`${v2}/networks`, { network: {} }, 201)).body
  const make = async (change: object) =>
    (await member.post(`${v2}/subnets`, { subnet: { network_id: network.id, ...subnet, ...change } }, 201)).body.subnet
  const dhcp = async () =>
    (await member.get(`${v2}/ports?device_owner=network:dhcp`)).body.ports.map((p: { fixed_ips: { ip_address: string }[] }) =>
      p.fixed_ips.map((f) => f.ip_address),
    )
  const quiet = await make({ enable_dhcp: false })
  assert.deepEqual(await dhcp(), [])
  const loud = await make({ cidr: '10.1.0.0/24' })
  assert.deepEqual(await dhcp(), [['10.1.0.2']])
  await member.put(`${v2}/subnets/${quiet.id}`, { subnet: { enable_dhcp: true } }, 200)
  assert.deepEqual((await dhcp()).flat().sort(), ['10.0.0.2', '10.1.0.2'])
  await member.delete(`${v2}/subnets/${loud.id}`)
  assert.deepEqual(await dhcp(), [['10.0.0.2']])
  const [port] = (await member.get(`${v2}/ports?device_owner=network:dhcp`)).body.ports
  await member.delete(`${v2}/ports/${port.id}`)
  assert.equal((await dhcp()).length, 1, 'it is made anew')
  await member.put(`${v2}/subnets/${quiet.id}`, { subnet: { enable_dhcp: false } }, 200)
  assert.deepEqual(await dhcp(), [])
})

test('a gateway that a router has cannot be moved, and pools follow an update', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const { network } = (await member.post(`${v2}/networks`, { network: {} }, 201)).body
  const { subnet: made } = (
    await member.post(
      `${v2}/subnets`,
      { subnet: { network_id: network.id, ...subnet, allocation_pools: [{ start: '10.0.0.20', end: '10.0.0.30' }] } },
      201,
    )
  ).body
  const change = (body: object) => member.put(`${v2}/subnets/${made.id}`, { subnet: body })
  assert.equal((await change({ gateway_ip: '10.0.0.25' })).status, 409)
  assert.equal((await change({ gateway_ip: '10.0.0.5' })).body.subnet.gateway_ip, '10.0.0.5')
  assert.equal((await change({ cidr: '10.0.0.0/25' })).status, 400)
  const { router } = (await member.post(`${v2}/routers`, { router: {} }, 201)).body
  await member.put(`${v2}/routers/${router.id}/add_router_interface`, { subnet_id: made.id }, 200)
  assert.equal((await change({ gateway_ip: null })).body.NeutronError.type, 'GatewayIpInUse')
})
