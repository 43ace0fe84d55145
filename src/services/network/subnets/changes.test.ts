import assert from 'node:assert/strict'
import { test } from 'node:test'
import { changeEach, faultOf, maker, shown, v2 } from '../../../testing/network/things.ts'
import { testCloud } from '../../../testing/test-cloud.ts'

test('each field of a subnet is changed by itself, and its hosts hear of it', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const make = maker(member)
  const { id: network_id } = await make('networks')
  const subnet = await make('subnets', { network_id, ip_version: 4, cidr: '10.0.0.0/24', gateway_ip: '10.0.0.254' })
  assert.deepEqual(subnet.allocation_pools, [{ start: '10.0.0.1', end: '10.0.0.253' }])
  const route = { destination: '192.168.0.0/16', nexthop: '10.0.0.9' }
  await changeEach(member, `subnets/${subnet.id}`, [
    ['name', 'other'],
    ['name', null, ''],
    ['description', 'text'],
    ['description', null, ''],
    ['dns_nameservers', ['9.9.9.9', '2620:fe::fe']],
    ['dns_nameservers', null, []],
    ['host_routes', [route]],
    ['host_routes', null, []],
    ['allocation_pools', [{ start: '10.0.0.10', end: '10.0.0.20' }]],
    ['gateway_ip', '10.0.0.253'],
    ['gateway_ip', null],
    ['gateway_ip', '10.0.0.254'],
    ['allocation_pools', null, [{ start: '10.0.0.1', end: '10.0.0.253' }]],
    ['enable_dhcp', false],
    ['enable_dhcp', 'true', true],
    ['dns_nameservers', ['9.9.9.9']],
    ['host_routes', [route]],
  ])
  const { id } = await make('routers')
  await member.put(`${v2}/routers/${id}/add_router_interface`, { subnet_id: subnet.id }, 200)
  await cloud.settled()
  const told = async () => {
    await cloud.settled()
    const spec = await cloud.cloud.hosts.get(cloud.cloud.database.read, 'fake-1', 'network', network_id)
    const { gatewayIp, dhcp, dnsNameservers, hostRoutes } = spec!.subnets[0]!
    return { gatewayIp, dhcp, dnsNameservers, hostRoutes }
  }
  assert.deepEqual(await told(), { gatewayIp: '10.0.0.254', dhcp: true, dnsNameservers: ['9.9.9.9'], hostRoutes: [route] })
  await member.put(`${v2}/subnets/${subnet.id}`, { subnet: { dns_nameservers: [], host_routes: [], enable_dhcp: false } }, 200)
  assert.deepEqual(await told(), { gatewayIp: '10.0.0.254', dhcp: false, dnsNameservers: [], hostRoutes: [] })
})

test('a change that does not fit the rest of the subnet is refused', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const make = maker(member)
  const { id: network_id } = await make('networks')
  const { id } = await make('subnets', { network_id, ip_version: 4, cidr: '10.0.0.0/24' })
  const modes = { ipv6_ra_mode: 'slaac', ipv6_address_mode: 'slaac' }
  const six = await make('subnets', { network_id, ip_version: 6, cidr: 'fd00::/64', ...modes })
  const before = await shown(member, `subnets/${id}`)
  for (const [fields, fault] of [
    [{ gateway_ip: '10.0.0.9' }, '409 GatewayConflictWithAllocationPools'],
    [{ gateway_ip: '10.0.1.1' }, '400 InvalidInput'],
    [{ gateway_ip: '10.0.0.255' }, '400 InvalidInput'],
    [{ gateway_ip: 'fd00::1' }, '400 InvalidInput'],
    [{ gateway_ip: 'x' }, '400 HTTPBadRequest'],
    [{ allocation_pools: [{ start: '10.0.0.1', end: '10.0.0.9' }] }, '409 GatewayConflictWithAllocationPools'],
    [{ allocation_pools: [{ start: '10.0.0.9', end: '10.0.0.2' }] }, '400 InvalidAllocationPool'],
    [{ allocation_pools: [{ start: '10.0.0.9', end: '10.0.1.2' }] }, '400 OutOfBoundsAllocationPool'],
    [{ dns_nameservers: ['x'] }, '400 HTTPBadRequest'],
    [{ dns_nameservers: ['9.9.9.9', '9.9.9.9'] }, '400 HTTPBadRequest'],
    [{ host_routes: [{ destination: '10.0.0.0/8', nexthop: 'fd00::1' }] }, '400 InvalidInput'],
    [{ host_routes: [{ destination: 'x', nexthop: '10.0.0.1' }] }, '400 HTTPBadRequest'],
    [{ cidr: '10.0.0.0/24' }, '400 HTTPBadRequest'],
    [{ ip_version: 4 }, '400 HTTPBadRequest'],
    [{ network_id }, '400 HTTPBadRequest'],
    [{ ipv6_ra_mode: 'slaac' }, '400 HTTPBadRequest'],
  ] as const)
    assert.equal(await faultOf(member.put(`${v2}/subnets/${id}`, { subnet: fields })), fault, JSON.stringify(fields))
  assert.equal(await faultOf(member.put(`${v2}/subnets/${six.id}`, { subnet: { enable_dhcp: false } })), '400 InvalidInput')
  const stale = { headers: { 'if-match': 'revision_number=99' }, body: { subnet: { name: 'x' } } }
  assert.equal((await member.request('PUT', `${v2}/subnets/${id}`, stale)).status, 412)
  assert.deepEqual(await shown(member, `subnets/${id}`), before)
})

test('a subnet stays while ports have addresses of it, and goes with its DHCP', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const make = maker(member)
  const { id: network_id } = await make('networks')
  const subnet = await make('subnets', { network_id, ip_version: 4, cidr: '10.0.0.0/24' })
  const other = await make('subnets', { network_id, ip_version: 4, cidr: '10.1.0.0/24' })
  const port = await make('ports', { network_id, fixed_ips: [{ subnet_id: subnet.id }] })
  assert.equal(await faultOf(member.request('DELETE', `${v2}/subnets/${subnet.id}`)), '409 SubnetInUse')
  await member.put(`${v2}/ports/${port.id}`, { port: { fixed_ips: [{ subnet_id: other.id }] } }, 200)
  await member.delete(`${v2}/subnets/${subnet.id}`)
  assert.deepEqual((await shown(member, `networks/${network_id}`)).subnets, [other.id])
  const dhcp = (await member.get(`${v2}/ports?device_owner=network:dhcp`)).body.ports
  assert.deepEqual(
    dhcp.map((one: { fixed_ips: { subnet_id: string }[] }) => one.fixed_ips.map((fixed) => fixed.subnet_id)),
    [[other.id]],
  )
  assert.equal((await member.get(`${v2}/quotas/${await member.projectId()}/details.json`)).body.quota.subnet.used, 1)
})

test('addresses that hosts gave themselves go with their subnet', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const make = maker(member)
  const { id: network_id } = await make('networks')
  const four = await make('subnets', { network_id, ip_version: 4, cidr: '10.0.0.0/24' })
  const modes = { ipv6_ra_mode: 'slaac', ipv6_address_mode: 'slaac' }
  const six = await make('subnets', { network_id, ip_version: 6, cidr: 'fd00::/64', ...modes })
  const port = await make('ports', { network_id })
  assert.equal(port.fixed_ips.length, 2)
  await member.delete(`${v2}/subnets/${six.id}`)
  assert.deepEqual(
    (await shown(member, `ports/${port.id}`)).fixed_ips.map((fixed: { subnet_id: string }) => fixed.subnet_id),
    [four.id],
  )
})

test('subnets are made together or not at all, and the quota bounds them', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const { id: network_id } = await maker(member)('networks')
  const ask = (...cidrs: string[]) => member.post(`${v2}/subnets`, { subnets: cidrs.map((cidr) => ({ network_id, ip_version: 4, cidr })) })
  const own = async () => (await shown(member, `networks/${network_id}`)).subnets.length
  assert.equal(await faultOf(ask('10.0.0.0/24', '10.0.0.128/25')), '400 InvalidInput')
  assert.equal(await own(), 0)
  await cloud.admin.put(`${v2}/quotas/${await member.projectId()}`, { quota: { subnet: 2 } }, 200)
  assert.equal(await faultOf(ask('10.0.0.0/24', '10.1.0.0/24', '10.2.0.0/24')), '409 OverQuota')
  assert.equal(await own(), 0)
  assert.equal((await ask('10.0.0.0/24', '10.1.0.0/24')).status, 201)
  assert.equal(await faultOf(ask('10.2.0.0/24')), '409 OverQuota')
  assert.equal(
    await faultOf(member.post(`${v2}/subnets`, { subnet: { network_id: 'x', ip_version: 4, cidr: '10.0.0.0/24' } })),
    '404 NetworkNotFound',
  )
})
