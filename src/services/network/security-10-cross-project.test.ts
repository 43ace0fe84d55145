import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testCloud } from '../../testing/test-cloud.ts'

const v2 = '/network/v2.0'

test('what belongs to another project is not found, by any operation and in any field', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const stranger = await cloud.as('member', 'project-2')
  const make = async (path: string, name: string, body: object) => (await member.post(`${v2}/${path}`, { [name]: body }, 201)).body[name]
  const network = await make('networks', 'network', {})
  const subnet = await make('subnets', 'subnet', { network_id: network.id, cidr: '10.0.0.0/24', ip_version: 4 })
  const port = await make('ports', 'port', { network_id: network.id })
  const router = await make('routers', 'router', {})
  const external = (await member.get(`${v2}/networks?router:external=true`)).body.networks[0]
  const floatingip = await make('floatingips', 'floatingip', { floating_network_id: external.id })
  const group = await make('security-groups', 'security_group', { name: 'g' })
  const rule = await make('security-group-rules', 'security_group_rule', { security_group_id: group.id, direction: 'ingress' })
  const things = {
    networks: network,
    subnets: subnet,
    ports: port,
    routers: router,
    floatingips: floatingip,
    'security-groups': group,
    'security-group-rules': rule,
  }
  for (const [path, { id }] of Object.entries(things)) {
    await stranger.get(`${v2}/${path}/${id}`, 404)
    await stranger.delete(`${v2}/${path}/${id}`, 404)
    const many = Object.values((await stranger.get(`${v2}/${path}?id=${id}`)).body)[0] as object[]
    assert.equal(many.length, 0, path)
    assert.equal((await member.get(`${v2}/${path}/${id}`)).status, 200)
  }
  for (const [path, name, body] of [
    ['networks', 'network', { name: 'x' }],
    ['subnets', 'subnet', { name: 'x' }],
    ['ports', 'port', { name: 'x' }],
    ['routers', 'router', { name: 'x' }],
    ['floatingips', 'floatingip', { port_id: null }],
    ['security-groups', 'security_group', { name: 'x' }],
  ] as const)
    await stranger.put(`${v2}/${path}/${things[path].id}`, { [name]: body }, 404)
  const own = (await stranger.post(`${v2}/networks`, { network: {} }, 201)).body.network
  const ownRouter = (await stranger.post(`${v2}/routers`, { router: {} }, 201)).body.router
  const tries: [method: 'post' | 'put', path: string, body: object, status: number][] = [
    ['post', 'ports', { port: { network_id: network.id } }, 404],
    ['post', 'subnets', { subnet: { network_id: network.id, cidr: '10.1.0.0/24', ip_version: 4 } }, 404],
    ['post', 'ports', { port: { network_id: own.id, security_groups: [group.id] } }, 404],
    ['post', 'ports', { port: { network_id: own.id, fixed_ips: [{ subnet_id: subnet.id }] } }, 400],
    ['post', 'routers', { router: { external_gateway_info: { network_id: network.id } } }, 404],
    ['put', `routers/${ownRouter.id}/add_router_interface`, { subnet_id: subnet.id }, 404],
    ['put', `routers/${ownRouter.id}/add_router_interface`, { port_id: port.id }, 404],
    ['put', `routers/${router.id}/add_router_interface`, { subnet_id: subnet.id }, 404],
    ['post', 'floatingips', { floatingip: { floating_network_id: external.id, port_id: port.id } }, 404],
    ['post', 'security-group-rules', { security_group_rule: { security_group_id: group.id, direction: 'ingress' } }, 404],
    ['post', 'networks', { network: { project_id: await member.projectId() } }, 400],
    ['post', 'networks', { network: { tenant_id: await member.projectId() } }, 400],
    ['post', 'ports', { port: { network_id: external.id } }, 403],
    ['post', 'networks', { network: { shared: true } }, 403],
    ['post', 'networks', { network: { 'router:external': true } }, 403],
    ['put', `quotas/${await member.projectId()}`, { quota: { port: 1 } }, 403],
  ]
  for (const [method, path, body, status] of tries) await stranger[method](`${v2}/${path}`, body, status)
  await stranger.get(`${v2}/quotas/${await member.projectId()}`, 403)
  assert.deepEqual((await stranger.get(`${v2}/agents`)).body, { agents: [] })
  assert.deepEqual((await stranger.get(`${v2}/network-ip-availabilities`)).body, { network_ip_availabilities: [] })
  await stranger.get(`${v2}/network-ip-availabilities/${external.id}`, 403)
})

test("a shared network is seen and used by others, and stays its owner's", async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const { network } = (await cloud.admin.post(`${v2}/networks`, { network: { shared: true } }, 201)).body
  const { subnet } = (
    await cloud.admin.post(`${v2}/subnets`, { subnet: { network_id: network.id, cidr: '10.0.0.0/24', ip_version: 4 } }, 201)
  ).body
  await member.get(`${v2}/networks/${network.id}`)
  await member.get(`${v2}/subnets/${subnet.id}`)
  const { port } = (await member.post(`${v2}/ports`, { port: { network_id: network.id } }, 201)).body
  await member.put(`${v2}/networks/${network.id}`, { network: { name: 'mine' } }, 403)
  await member.delete(`${v2}/networks/${network.id}`, 403)
  await member.put(`${v2}/subnets/${subnet.id}`, { subnet: { name: 'mine' } }, 403)
  await member.delete(`${v2}/subnets/${subnet.id}`, 403)
  await member.post(`${v2}/subnets`, { subnet: { network_id: network.id, cidr: '10.1.0.0/24', ip_version: 4 } }, 403)
  await member.post(`${v2}/ports`, { port: { network_id: network.id, mac_address: 'fa:16:3e:00:00:01' } }, 403)
  await member.post(`${v2}/ports`, { port: { network_id: network.id, fixed_ips: [{ ip_address: '10.0.0.1' }] } }, 403)
  await member.post(`${v2}/ports`, { port: { network_id: network.id, port_security_enabled: false } }, 403)
  await member.put(`${v2}/ports/${port.id}`, { port: { allowed_address_pairs: [{ ip_address: '10.0.0.0/24' }] } }, 403)
  assert.equal((await cloud.admin.put(`${v2}/networks/${network.id}`, { network: { shared: false } })).status, 409)
})

test('a reader sees and changes nothing', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const reader = await cloud.as('reader')
  const { network } = (await member.post(`${v2}/networks`, { network: {} }, 201)).body
  await reader.get(`${v2}/networks/${network.id}`)
  await reader.get(`${v2}/security-groups`)
  await reader.post(`${v2}/networks`, { network: {} }, 403)
  await reader.put(`${v2}/networks/${network.id}`, { network: { name: 'x' } }, 403)
  await reader.delete(`${v2}/networks/${network.id}`, 403)
  await reader.post(`${v2}/ports`, { port: { network_id: network.id } }, 403)
  await reader.post(`${v2}/routers`, { router: {} }, 403)
  await reader.post(`${v2}/security-groups`, { security_group: { name: 'x' } }, 403)
})
