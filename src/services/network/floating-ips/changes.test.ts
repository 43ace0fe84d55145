import assert from 'node:assert/strict'
import { test } from 'node:test'
import { faultOf, maker, shown, v2 } from '../../../testing/network/things.ts'
import type { TestCloud } from '../../../testing/test-cloud.ts'
import { testCloud } from '../../../testing/test-cloud.ts'

async function routed(cloud: TestCloud) {
  const member = await cloud.as('member')
  const make = maker(member)
  const external = (await member.get(`${v2}/networks?router:external=true`)).body.networks[0]
  const { id: network_id } = await make('networks')
  const subnet = await make('subnets', { network_id, ip_version: 4, cidr: '10.0.0.0/24' })
  const router = await make('routers', { external_gateway_info: { network_id: external.id } })
  await member.put(`${v2}/routers/${router.id}/add_router_interface`, { subnet_id: subnet.id }, 200)
  const ask = (fields: object) => member.post(`${v2}/floatingips`, { floatingip: { floating_network_id: external.id, ...fields } })
  return { member, make, external, network_id, subnet, router, ask }
}

test('a floating IP goes from port to port and address to address, and its router follows', async () => {
  await using cloud = await testCloud()
  const { member, make, external, network_id, router } = await routed(cloud)
  const one = await make('ports', { network_id })
  const two = await make('ports', { network_id, fixed_ips: [{ ip_address: '10.0.0.50' }, { ip_address: '10.0.0.51' }] })
  const { id, ...made } = await make('floatingips', { floating_network_id: external.id, description: 'text' })
  assert.deepEqual([made.port_id, made.fixed_ip_address, made.router_id, made.port_details, made.status], [null, null, null, null, 'DOWN'])
  const change = async (floatingip: object) => {
    const answer = (await member.put(`${v2}/floatingips/${id}`, { floatingip }, 200)).body.floatingip
    await cloud.settled()
    const now = await shown(member, `floatingips/${id}`)
    const spec = await cloud.cloud.hosts.get(cloud.cloud.database.read, 'fake-1', 'router', router.id)
    assert.deepEqual(
      spec!.floatingIps.map(({ fixedIp }) => fixedIp),
      now.fixed_ip_address ? [now.fixed_ip_address] : [],
    )
    assert.equal(answer.fixed_ip_address, now.fixed_ip_address)
    return [now.port_id, now.fixed_ip_address, now.router_id, now.status, now.description]
  }
  const [first] = one.fixed_ips
  assert.deepEqual(await change({ port_id: one.id }), [one.id, first.ip_address, router.id, 'ACTIVE', 'text'])
  assert.equal((await shown(member, `floatingips/${id}`)).port_details.mac_address, one.mac_address)
  assert.deepEqual(await change({ description: 'other' }), [one.id, first.ip_address, router.id, 'ACTIVE', 'other'])
  assert.deepEqual(await change({ port_id: two.id, fixed_ip_address: '10.0.0.51' }), [two.id, '10.0.0.51', router.id, 'ACTIVE', 'other'])
  assert.deepEqual(await change({ fixed_ip_address: '10.0.0.50' }), [two.id, '10.0.0.50', router.id, 'ACTIVE', 'other'])
  assert.deepEqual(await change({ port_id: null, description: null }), [null, null, null, 'DOWN', ''])
  assert.deepEqual(await change({ port_id: one.id }), [one.id, first.ip_address, router.id, 'ACTIVE', ''])
  // As it has always been: an empty change takes it off.
  assert.deepEqual(await change({}), [null, null, null, 'DOWN', ''])
})

test('what a floating IP cannot lead to is refused, when it is made and when it is moved', async () => {
  await using cloud = await testCloud()
  const { member, make, external, network_id, ask } = await routed(cloud)
  const port = await make('ports', { network_id })
  const two = await make('ports', { network_id, fixed_ips: [{ ip_address: '10.0.0.50' }, { ip_address: '10.0.0.51' }] })
  const bare = await make('ports', { network_id, fixed_ips: [] })
  const lonely = await make('networks')
  await make('subnets', { network_id: lonely.id, ip_version: 4, cidr: '10.9.0.0/24' })
  const away = await make('ports', { network_id: lonely.id })
  const busy = await make('ports', { network_id })
  await make('floatingips', { floating_network_id: external.id, port_id: busy.id })
  const { id } = await make('floatingips', { floating_network_id: external.id })
  for (const [fields, fault] of [
    [{ port_id: 'nothing' }, '404 PortNotFound'],
    [{ port_id: bare.id }, '400 BadRequest'],
    [{ port_id: two.id }, '400 BadRequest'],
    [{ port_id: port.id, fixed_ip_address: '10.0.0.99' }, '400 BadRequest'],
    [{ fixed_ip_address: '10.0.0.50' }, '400 BadRequest'],
    [{ port_id: null, fixed_ip_address: '10.0.0.50' }, '400 BadRequest'],
    [{ port_id: away.id }, '404 ExternalGatewayForFloatingIPNotFound'],
    [{ port_id: busy.id }, '409 FloatingIPPortAlreadyAssociated'],
  ] as const) {
    assert.equal(await faultOf(ask(fields)), fault, `create ${JSON.stringify(fields)}`)
    assert.equal(await faultOf(member.put(`${v2}/floatingips/${id}`, { floatingip: fields })), fault, `update ${JSON.stringify(fields)}`)
  }
  assert.equal(await faultOf(ask({ floating_network_id: 'nothing' })), '404 NetworkNotFound')
  assert.equal(await faultOf(ask({ floating_network_id: network_id })), '400 BadRequest')
  assert.equal(await faultOf(ask({ subnet_id: 'nothing' })), '400 InvalidInput')
  assert.equal(
    await faultOf(member.put(`${v2}/floatingips/${id}`, { floatingip: { floating_ip_address: '172.24.4.99' } })),
    '400 HTTPBadRequest',
  )
  const used = async () => (await member.get(`${v2}/quotas/${await member.projectId()}/details.json`)).body.quota.floatingip.used
  assert.equal(await used(), 2, 'what was refused costs nothing')
  await cloud.admin.put(`${v2}/quotas/${await member.projectId()}`, { quota: { floatingip: 2 } }, 200)
  assert.equal(await faultOf(ask({})), '409 OverQuota')
  await member.delete(`${v2}/floatingips/${id}`)
  assert.equal((await ask({})).status, 201)
})

test('the address is the one that is asked for, and free again when the floating IP is gone', async () => {
  await using cloud = await testCloud()
  const { admin } = cloud
  const { external, member } = await routed(cloud)
  const ask = (fields: object) => admin.post(`${v2}/floatingips`, { floatingip: { floating_network_id: external.id, ...fields } })
  const { floatingip } = (await ask({ floating_ip_address: '172.24.4.77' })).body
  assert.equal(floatingip.floating_ip_address, '172.24.4.77')
  assert.equal(await faultOf(ask({ floating_ip_address: '172.24.4.77' })), '409 IpAddressInUse')
  assert.equal(await faultOf(ask({ floating_ip_address: '10.0.0.1' })), '400 InvalidIpForNetwork')
  assert.equal(await faultOf(ask({ floating_ip_address: 'x' })), '400 HTTPBadRequest')
  await admin.delete(`${v2}/floatingips/${floatingip.id}`)
  assert.deepEqual((await admin.get(`${v2}/ports?fixed_ips=ip_address=172.24.4.77`)).body.ports, [])
  const [subnet] = external.subnets
  const again = (await ask({ floating_ip_address: '172.24.4.77', subnet_id: subnet })).body.floatingip
  assert.equal(again.floating_ip_address, '172.24.4.77')
  assert.equal(await faultOf(member.request('DELETE', `${v2}/floatingips/${again.id}`)), '404 FloatingIPNotFound')
  const both = await maker(member)('floatingips', { floating_network_id: external.id, subnet_id: subnet })
  assert.equal((await shown(member, `floatingips/${both.id}`)).floating_ip_address, both.floating_ip_address)
})
