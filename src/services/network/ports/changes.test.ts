import assert from 'node:assert/strict'
import { test } from 'node:test'
import { changeEach, faultOf, maker, shown, v2 } from '../../../testing/network/things.ts'
import { testCloud } from '../../../testing/test-cloud.ts'
import { eui64, parseCidr } from '../addresses/cidr.ts'

test('each field of a port is changed by itself', async () => {
  await using cloud = await testCloud()
  const { admin } = cloud
  const make = maker(admin)
  const network = await make('networks')
  const subnet = await make('subnets', { network_id: network.id, ip_version: 4, cidr: '10.0.0.0/24' })
  const port = await make('ports', { network_id: network.id })
  const group = await make('security-groups', { name: 'g' })
  const at = (ip_address: string) => ({ subnet_id: subnet.id, ip_address })
  await changeEach(admin, `ports/${port.id}`, [
    ['name', 'other'],
    ['name', null, ''],
    ['description', 'text'],
    ['description', null, ''],
    ['admin_state_up', false],
    ['admin_state_up', 'yes', true],
    ['device_id', 'something'],
    ['device_id', null, ''],
    ['device_owner', 'baremetal:none'],
    ['device_owner', null, ''],
    ['mac_address', 'FA-16-3E-00-00-01', 'fa:16:3e:00:00:01'],
    ['fixed_ips', [{ ip_address: '10.0.0.50' }], [at('10.0.0.50')]],
    ['fixed_ips', [{ subnet_id: subnet.id }], [at('10.0.0.50')]],
    ['fixed_ips', [{ ip_address: '10.0.0.50' }, { ip_address: '10.0.0.51' }], [at('10.0.0.50'), at('10.0.0.51')]],
    ['fixed_ips', [], []],
    ['security_groups', [group.id]],
    ['security_groups', null, []],
    ['allowed_address_pairs', [{ ip_address: '10.9.0.0/16' }], [{ ip_address: '10.9.0.0/16', mac_address: 'fa:16:3e:00:00:01' }]],
    ['allowed_address_pairs', null, []],
    ['extra_dhcp_opts', [{ opt_name: 'mtu', opt_value: '1400' }], [{ opt_name: 'mtu', opt_value: '1400', ip_version: 4 }]],
    ['extra_dhcp_opts', [{ opt_name: 'mtu', opt_value: null }], []],
    ['port_security_enabled', false],
    ['port_security_enabled', true],
    ['dns_name', 'host'],
    ['dns_name', null, ''],
    ['binding:profile', { a: { b: 1 } }],
    ['binding:profile', null, {}],
  ])
})

test('with another MAC address a port has the addresses that this one makes', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const make = maker(member)
  const network = await make('networks')
  const four = await make('subnets', { network_id: network.id, ip_version: 4, cidr: '10.0.0.0/24' })
  const modes = { ipv6_ra_mode: 'slaac', ipv6_address_mode: 'slaac' }
  const six = await make('subnets', { network_id: network.id, ip_version: 6, cidr: '2001:db8::/64', ...modes })
  const { id, fixed_ips: before } = await make('ports', { network_id: network.id })
  const mac_address = 'fa:16:3e:12:34:56'
  await cloud.admin.put(`${v2}/ports/${id}`, { port: { mac_address } }, 200)
  const kept = before.filter((fixed: { subnet_id: string }) => fixed.subnet_id === four.id)
  const own = { subnet_id: six.id, ip_address: eui64(parseCidr('2001:db8::/64')!, mac_address) }
  assert.equal(kept.length, 1)
  assert.deepEqual((await shown(member, `ports/${id}`)).fixed_ips, [...kept, own])
  const both = { mac_address: 'fa:16:3e:12:34:57', fixed_ips: [{ ip_address: '10.0.0.99' }] }
  await cloud.admin.put(`${v2}/ports/${id}`, { port: both }, 200)
  assert.deepEqual((await shown(member, `ports/${id}`)).fixed_ips, [
    { subnet_id: four.id, ip_address: '10.0.0.99' },
    { subnet_id: six.id, ip_address: eui64(parseCidr('2001:db8::/64')!, both.mac_address) },
  ])
  // What the port had is free again.
  const other = await make('ports', { network_id: network.id, mac_address: 'fa:16:3e:12:34:56' })
  assert.ok(other.fixed_ips.some((fixed: { ip_address: string }) => fixed.ip_address === own.ip_address))
})

test('what a port cannot be is refused, at its creation and later, by the fault that says why', async () => {
  await using cloud = await testCloud()
  const { admin } = cloud
  const member = await cloud.as('member')
  const make = maker(member)
  const network = await make('networks')
  const subnet = await make('subnets', { network_id: network.id, ip_version: 4, cidr: '10.0.0.0/24' })
  const elsewhere = await make('subnets', { network_id: (await make('networks')).id, ip_version: 4, cidr: '10.1.0.0/24' })
  const taken = await make('ports', { network_id: network.id, mac_address: 'fa:16:3e:00:00:09', fixed_ips: [{ ip_address: '10.0.0.9' }] })
  const { id } = await make('ports', { network_id: network.id })
  const pair = { ip_address: '10.0.0.5' }
  for (const [fields, fault] of [
    [{ mac_address: taken.mac_address }, '409 MacAddressInUse'],
    [{ mac_address: '01:00:5e:00:00:01' }, '400 HTTPBadRequest'],
    [{ mac_address: '00:00:00:00:00:00' }, '400 HTTPBadRequest'],
    [{ mac_address: 'x' }, '400 HTTPBadRequest'],
    [{ fixed_ips: [{ ip_address: '10.0.0.9' }] }, '409 IpAddressInUse'],
    [{ fixed_ips: [{ ip_address: '10.1.0.9' }] }, '400 InvalidIpForNetwork'],
    [{ fixed_ips: [{ ip_address: 'x' }] }, '400 HTTPBadRequest'],
    [{ fixed_ips: [{ subnet_id: elsewhere.id }] }, '400 InvalidInput'],
    [{ fixed_ips: [{ subnet_id: elsewhere.id, ip_address: '10.1.0.9' }] }, '400 InvalidInput'],
    [{ fixed_ips: [{ subnet_id: subnet.id, ip_address: '10.1.0.9' }] }, '400 InvalidIpForSubnet'],
    [{ fixed_ips: [{}] }, '400 InvalidInput'],
    [{ security_groups: ['nothing'] }, '404 SecurityGroupNotFound'],
    [{ allowed_address_pairs: [pair, pair] }, '400 DuplicateAddressPairInRequest'],
    [{ allowed_address_pairs: [{ ip_address: 'x' }] }, '400 HTTPBadRequest'],
    [{ allowed_address_pairs: [{ ...pair, mac_address: 'x' }] }, '400 HTTPBadRequest'],
    [{ device_owner: 'network:dhcp' }, '403 PolicyNotAuthorized'],
    [{ port_security_enabled: false, security_groups: [], allowed_address_pairs: [pair] }, '409 AddressPairAndPortSecurityRequired'],
    [{ dns_name: 'not a name' }, '400 HTTPBadRequest'],
    [{ 'binding:host_id': 'fake-1' }, '403 PolicyNotAuthorized'],
    [{ status: 'ACTIVE' }, '400 HTTPBadRequest'],
  ] as const) {
    const what = JSON.stringify(fields)
    assert.equal(await faultOf(member.post(`${v2}/ports`, { port: { network_id: network.id, ...fields } })), fault, `create ${what}`)
    // The MAC address of a port that there is is the administrator's.
    const somebody = 'mac_address' in fields ? admin : member
    assert.equal(await faultOf(somebody.put(`${v2}/ports/${id}`, { port: fields })), fault, `update ${what}`)
  }
  assert.equal(await faultOf(member.post(`${v2}/ports`, { port: { network_id: 'nothing' } })), '404 NetworkNotFound')
  assert.equal(await faultOf(member.put(`${v2}/ports/${id}`, { port: { network_id: network.id } })), '400 HTTPBadRequest')
  const project = await member.projectId()
  const inUse = (await admin.get(`${v2}/quotas/${project}/details.json`)).body.quota.port.used
  assert.equal(inUse, 2, 'what was refused costs nothing')
})

test('ports of services are changed as far as the service allows, and go with it', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const make = maker(member)
  const external = (await member.get(`${v2}/networks?router:external=true`)).body.networks[0]
  const network = await make('networks')
  const subnet = await make('subnets', { network_id: network.id, ip_version: 4, cidr: '10.0.0.0/24' })
  const router = await make('routers', { external_gateway_info: { network_id: external.id } })
  const added = await member.put(`${v2}/routers/${router.id}/add_router_interface`, { subnet_id: subnet.id }, 200)
  const floating = await make('floatingips', { floating_network_id: external.id })
  const of = async (query: string) => (await cloud.admin.get(`${v2}/ports?${query}`)).body.ports[0].id
  const gateway = await of(`device_owner=network:router_gateway&device_id=${router.id}`)
  const ofFloating = await of(`device_id=${floating.id}`)
  for (const id of [added.body.port_id, gateway, ofFloating]) {
    assert.equal(await faultOf(cloud.admin.request('DELETE', `${v2}/ports/${id}`)), '409 ServicePortInUse')
    assert.equal(await faultOf(cloud.admin.put(`${v2}/ports/${id}`, { port: { device_id: '' } })), '409 PortInUse')
    await cloud.admin.put(`${v2}/ports/${id}`, { port: { name: 'named' } }, 200)
  }
  const interfaces = async () => {
    await cloud.settled()
    return (await cloud.cloud.hosts.get(cloud.cloud.database.read, 'fake-1', 'router', router.id))?.interfaces.length
  }
  assert.equal(await interfaces(), 1)
  await member.put(`${v2}/ports/${added.body.port_id}`, { port: { admin_state_up: false } }, 200)
  assert.equal(await interfaces(), 0, 'what is down leads nowhere')
  await member.put(`${v2}/routers/${router.id}/remove_router_interface`, { port_id: added.body.port_id }, 200)
  await member.delete(`${v2}/floatingips/${floating.id}`)
  await member.delete(`${v2}/routers/${router.id}`)
  for (const id of [added.body.port_id, gateway, ofFloating]) await cloud.admin.get(`${v2}/ports/${id}`, 404)
})

test('ports are made together or not at all, and the quota bounds them', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const { id: network_id } = await maker(member)('networks')
  await maker(member)('subnets', { network_id, ip_version: 4, cidr: '10.0.0.0/29' })
  const own = async () => (await member.get(`${v2}/ports?network_id=${network_id}&device_owner=`)).body.ports.length
  const ask = (count: number) => member.post(`${v2}/ports`, { ports: Array.from({ length: count }, () => ({ network_id })) })
  // Of six addresses the gateway and the DHCP port have two.
  assert.equal(await faultOf(ask(5)), '409 IpAddressGenerationFailure')
  assert.equal(await own(), 0)
  await cloud.admin.put(`${v2}/quotas/${await member.projectId()}`, { quota: { port: 3 } }, 200)
  assert.equal(await faultOf(ask(4)), '409 OverQuota')
  assert.equal((await ask(3)).status, 201)
  assert.equal(await faultOf(ask(1)), '409 OverQuota')
  assert.equal(await own(), 3)
})
