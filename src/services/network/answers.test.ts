// Every read of networking is asked for something that there is: its answer is checked against its declaration.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testCloud } from '../../testing/test-cloud.ts'
import { network as service } from './index.ts'

const v2 = '/network/v2.0'

test('every read answers what it declares, as a whole and with the fields that are asked for', async () => {
  await using cloud = await testCloud()
  const { admin } = cloud
  const make = async (path: string, name: string, body: object) => (await admin.post(`${v2}/${path}`, { [name]: body }, 201)).body[name]
  const { networks } = (await admin.get(`${v2}/networks?router:external=true`)).body
  const inner = await make('networks', 'network', { name: 'n' })
  const subnet = await make('subnets', 'subnet', { network_id: inner.id, ip_version: 4, cidr: '10.9.0.0/24' })
  const router = await make('routers', 'router', { external_gateway_info: { network_id: networks[0].id } })
  await admin.request('PUT', `${v2}/routers/${router.id}/add_router_interface`, { body: { subnet_id: subnet.id }, expected: 200 })
  const port = await make('ports', 'port', { network_id: inner.id })
  const floatingIp = await make('floatingips', 'floatingip', { floating_network_id: networks[0].id, port_id: port.id })
  const group = await make('security-groups', 'security_group', { name: 'g' })
  const rule = await make('security-group-rules', 'security_group_rule', {
    security_group_id: group.id,
    direction: 'ingress',
    protocol: 'tcp',
  })
  await admin.request('PUT', `${v2}/quotas/${inner.project_id}`, { body: { quota: { port: 7 } }, expected: 200 })
  await cloud.settled()
  const { agents } = (await admin.get(`${v2}/agents`)).body
  const agentOf = (type: string) => agents.find((one: { agent_type: string }) => one.agent_type === type).id
  const params: Record<string, string> = {
    network_id: inner.id,
    subnet_id: subnet.id,
    port_id: port.id,
    router_id: router.id,
    floatingip_id: floatingIp.id,
    security_group_id: group.id,
    security_group_rule_id: rule.id,
    project_id: inner.project_id,
    alias: 'router',
  }
  let reads = 0
  for (const { method, path, majors, id } of service.operations) {
    if (method !== 'GET' || majors?.includes('')) continue
    const agent = agentOf(id === 'agents.l3-routers' ? 'L3 agent' : 'DHCP agent')
    const at = `${v2}${path.replace(/\{(\w+)\}/g, (_, name) => (name === 'agent_id' ? agent : (params[name] ?? assert.fail(name))))}`
    await admin.get(at, 200)
    await admin.get(`${at}?fields=id&fields=name`, 200)
    reads++
  }
  assert.ok(reads > 25, `${reads}`)
})

test('zones and taken addresses are filtered', async () => {
  await using cloud = await testCloud()
  const { admin } = cloud
  const zones = async (query: string) => (await admin.get(`${v2}/availability_zones?${query}`, 200)).body.availability_zones.length
  assert.deepEqual(await Promise.all(['', 'resource=router', 'name=nova&resource=port'].map(zones)), [2, 1, 0])
  await admin.get(`${v2}/availability_zones?nothing=1`, 400)
  const { network } = (await admin.post(`${v2}/networks`, { network: { name: 'n' } }, 201)).body
  await admin.post(`${v2}/subnets`, { subnet: { network_id: network.id, ip_version: 4, cidr: '10.9.0.0/24' } }, 201)
  const taken = async (version: number) =>
    (await admin.get(`${v2}/network-ip-availabilities?network_id=${network.id}&ip_version=${version}`, 200)).body.network_ip_availabilities
  assert.equal((await taken(4))[0].subnet_ip_availability.length, 1)
  assert.deepEqual(await taken(6), [])
})
