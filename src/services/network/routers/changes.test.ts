import assert from 'node:assert/strict'
import { test } from 'node:test'
import { changeEach, faultOf, maker, shown, v2 } from '../../../testing/network/things.ts'
import { testCloud } from '../../../testing/test-cloud.ts'

test('each field of a router is changed by itself, and its host hears of it', async () => {
  await using cloud = await testCloud()
  const { admin } = cloud
  const make = maker(admin)
  const external = (await admin.get(`${v2}/networks?router:external=true`)).body.networks[0]
  const { id: network_id } = await make('networks')
  const subnet = await make('subnets', { network_id, ip_version: 4, cidr: '10.0.0.0/24' })
  const { id } = await make('routers', { name: 'r' })
  await admin.put(`${v2}/routers/${id}/add_router_interface`, { subnet_id: subnet.id }, 200)
  const route = { destination: '192.168.0.0/16', nexthop: '10.0.0.9' }
  await changeEach(admin, `routers/${id}`, [
    ['name', 'other'],
    ['name', null, ''],
    ['description', 'text'],
    ['description', null, ''],
    ['admin_state_up', false],
    ['admin_state_up', 'on', true],
    ['admin_state_up', false],
    ['routes', [route]],
    ['routes', null, []],
    ['routes', [route]],
  ])
  const told = async () => {
    await cloud.settled()
    const spec = await cloud.cloud.hosts.get(cloud.cloud.database.read, 'fake-1', 'router', id)
    return { adminUp: spec!.adminUp, routes: spec!.routes, snat: spec!.gateway?.snat }
  }
  assert.deepEqual(await told(), { adminUp: false, routes: [route], snat: undefined })
  const change = async (router: object) => (await admin.put(`${v2}/routers/${id}`, { router }, 200)).body.router
  const gateway = (await change({ external_gateway_info: { network_id: external.id, enable_snat: false }, routes: [] }))
    .external_gateway_info
  assert.deepEqual([gateway.network_id, gateway.enable_snat, gateway.external_fixed_ips.length], [external.id, false, 1])
  assert.deepEqual((await shown(admin, `routers/${id}`)).availability_zones, ['nova'])
  assert.deepEqual(await told(), { adminUp: false, routes: [], snat: false })
  assert.equal((await change({ external_gateway_info: {} })).external_gateway_info, null)
  assert.deepEqual((await admin.get(`${v2}/ports?device_owner=network:router_gateway`)).body.ports, [])
})

test('what a router cannot be is refused, and nothing of it is done', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const make = maker(member)
  const network = await make('networks')
  const { id } = await make('routers')
  const before = await shown(member, `routers/${id}`)
  for (const [fields, fault] of [
    [{ external_gateway_info: { network_id: 'nothing' } }, '404 NetworkNotFound'],
    [{ external_gateway_info: { network_id: network.id } }, '400 BadRequest'],
    [{ external_gateway_info: { enable_snat: true } }, '403 PolicyNotAuthorized'],
    [{ external_gateway_info: 'x' }, '400 HTTPBadRequest'],
    [{ admin_state_up: 'maybe' }, '400 HTTPBadRequest'],
    [{ name: 'two\nlines' }, '400 HTTPBadRequest'],
    [{ status: 'ERROR' }, '400 HTTPBadRequest'],
  ] as const) {
    const what = JSON.stringify(fields)
    assert.equal(await faultOf(member.post(`${v2}/routers`, { router: fields })), fault, `create ${what}`)
    assert.equal(
      await faultOf(member.put(`${v2}/routers/${id}`, { router: { ...fields, description: 'changed' } })),
      fault,
      `update ${what}`,
    )
  }
  for (const [routes, fault] of [
    [[{ destination: 'x', nexthop: '10.0.0.1' }], '400 HTTPBadRequest'],
    [[{ destination: '10.0.0.0/8', nexthop: 'x' }], '400 HTTPBadRequest'],
    [[{ destination: '10.0.0.0/8', nexthop: 'fd00::1' }], '400 InvalidInput'],
    [[{ destination: '10.0.0.0/8', nexthop: '10.0.0.1' }], '400 InvalidRoutes'],
    [[{ destination: '10.0.0.0/8' }], '400 HTTPBadRequest'],
  ] as const)
    assert.equal(await faultOf(member.put(`${v2}/routers/${id}`, { router: { routes } })), fault, JSON.stringify(routes))
  assert.equal(await faultOf(member.post(`${v2}/routers`, { router: { availability_zone_hints: ['mars'] } })), '400 InvalidInput')
  assert.deepEqual(await shown(member, `routers/${id}`), before)
  const { quota } = (await member.get(`${v2}/quotas/${await member.projectId()}/details.json`)).body
  assert.equal(quota.router.used, 1)
})

test('an interface comes by a port, and what cannot be one is refused', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const make = maker(member)
  const { id: network_id } = await make('networks')
  const subnet = await make('subnets', { network_id, ip_version: 4, cidr: '10.0.0.0/24' })
  const second = await make('subnets', { network_id, ip_version: 4, cidr: '10.1.0.0/24' })
  const router = await make('routers')
  const other = await make('routers')
  const ask = (what: 'add' | 'remove', body: object, id = router.id) => member.put(`${v2}/routers/${id}/${what}_router_interface`, body)
  const port = await make('ports', { network_id, fixed_ips: [{ subnet_id: subnet.id }] })
  const bare = await make('ports', { network_id, fixed_ips: [] })
  const wide = await make('ports', { network_id, fixed_ips: [{ subnet_id: subnet.id }, { subnet_id: second.id }] })
  const busy = await make('ports', { network_id, device_id: 'a-server' })
  for (const [body, fault] of [
    [{ port_id: 'nothing' }, '404 PortNotFound'],
    [{ subnet_id: 'nothing' }, '404 SubnetNotFound'],
    [{ port_id: bare.id }, '400 BadRequest'],
    [{ port_id: wide.id }, '400 BadRequest'],
    [{ port_id: busy.id }, '409 PortInUse'],
    [{ port_id: port.id, subnet_id: subnet.id }, '400 BadRequest'],
    [{}, '400 BadRequest'],
  ] as const)
    assert.equal(await faultOf(ask('add', body)), fault, JSON.stringify(body))
  const { body } = await ask('add', { port_id: port.id })
  assert.deepEqual([body.id, body.port_id, body.subnet_id, body.network_id], [router.id, port.id, subnet.id, network_id])
  const taken = await shown(member, `ports/${port.id}`)
  assert.deepEqual(
    [taken.device_id, taken.device_owner, taken.security_groups, taken.port_security_enabled],
    [router.id, 'network:router_interface', [], false],
  )
  assert.equal(await faultOf(ask('add', { port_id: port.id })), '400 BadRequest')
  assert.equal(await faultOf(ask('add', { port_id: port.id }, other.id)), '409 PortInUse')
  assert.equal(await faultOf(member.request('DELETE', `${v2}/routers/${router.id}`)), '409 RouterInUse')
  for (const [wrong, fault] of [
    [{}, '400 InvalidInput'],
    [{ port_id: busy.id }, '404 RouterInterfaceNotFound'],
    [{ port_id: 'nothing' }, '404 PortNotFound'],
    [{ subnet_id: second.id }, '404 RouterInterfaceNotFoundForSubnet'],
    [{ subnet_id: 'nothing' }, '404 SubnetNotFound'],
    [{ port_id: port.id, subnet_id: second.id }, '409 SubnetMismatchForPort'],
  ] as const)
    assert.equal(await faultOf(ask('remove', wrong)), fault, JSON.stringify(wrong))
  assert.equal((await ask('remove', { port_id: port.id })).status, 200)
  await member.get(`${v2}/ports/${port.id}`, 404)
  await member.delete(`${v2}/routers/${router.id}`)
  await cloud.settled()
  assert.equal(await cloud.cloud.hosts.get(cloud.cloud.database.read, 'fake-1', 'router', router.id), undefined)
})

test('an interface that a floating IP needs stays, and the quota bounds routers', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const make = maker(member)
  const external = (await member.get(`${v2}/networks?router:external=true`)).body.networks[0]
  const { id: network_id } = await make('networks')
  const subnet = await make('subnets', { network_id, ip_version: 4, cidr: '10.0.0.0/24' })
  const router = await make('routers', { external_gateway_info: { network_id: external.id } })
  await member.put(`${v2}/routers/${router.id}/add_router_interface`, { subnet_id: subnet.id }, 200)
  const port = await make('ports', { network_id })
  const floating = await make('floatingips', { floating_network_id: external.id, port_id: port.id })
  const remove = () => member.put(`${v2}/routers/${router.id}/remove_router_interface`, { subnet_id: subnet.id })
  assert.equal(await faultOf(remove()), '409 RouterInterfaceInUseByFloatingIP')
  assert.equal(
    await faultOf(member.put(`${v2}/routers/${router.id}`, { router: { external_gateway_info: null } })),
    '409 RouterExternalGatewayInUseByFloatingIp',
  )
  await member.delete(`${v2}/floatingips/${floating.id}`)
  assert.equal((await remove()).status, 200)
  await cloud.admin.put(`${v2}/quotas/${await member.projectId()}`, { quota: { router: 2 } }, 200)
  assert.equal(await faultOf(member.post(`${v2}/routers`, { routers: [{}, {}] })), '409 OverQuota')
  assert.equal((await member.get(`${v2}/routers`)).body.routers.length, 1)
  assert.equal((await member.post(`${v2}/routers`, { routers: [{ name: 'b' }] }, 201)).body.routers[0].name, 'b')
  assert.equal(await faultOf(member.post(`${v2}/routers`, { router: {} })), '409 OverQuota')
})
