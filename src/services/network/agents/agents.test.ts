import assert from 'node:assert/strict'
import { test } from 'node:test'
import { faultOf, maker, v2 } from '../../../testing/network/things.ts'
import { testCloud } from '../../../testing/test-cloud.ts'

test('each host has a DHCP agent and an L3 agent, which are found by what they are', async () => {
  await using cloud = await testCloud()
  const { admin } = cloud
  const found = async (query = '') =>
    (await admin.get(`${v2}/agents?${query}`)).body.agents.map((one: { agent_type: string }) => one.agent_type)
  const all = (await admin.get(`${v2}/agents`)).body.agents
  assert.deepEqual(await found(), ['DHCP agent', 'L3 agent'])
  for (const [name, value] of Object.entries(all[0]).filter(([, value]) => ['string', 'boolean'].includes(typeof value))) {
    if (/_at$|_timestamp$/.test(name)) continue
    const same = all.filter((one: Record<string, unknown>) => one[name] === value).map((one: { agent_type: string }) => one.agent_type)
    assert.deepEqual(await found(new URLSearchParams([[name, String(value)]]).toString()), same, name)
  }
  assert.deepEqual(await found('alive=false'), [])
  assert.deepEqual(await found('host=elsewhere'), [])
  assert.equal(await faultOf(admin.request('GET', `${v2}/agents?alive=maybe`)), '400 HTTPBadRequest')
  assert.equal(await faultOf(admin.request('GET', `${v2}/agents?nothing=1`)), '400 HTTPBadRequest')
  for (const agent of all) {
    assert.deepEqual((await admin.get(`${v2}/agents/${agent.id}`)).body.agent, { ...agent, heartbeat_timestamp: agent.heartbeat_timestamp })
  }
  assert.equal(await faultOf(admin.request('GET', `${v2}/agents/nothing`)), '404 AgentNotFound')
})

test('an agent says which networks and routers it has, and they which agent', async () => {
  await using cloud = await testCloud()
  const { admin } = cloud
  const make = maker(await cloud.as('member'))
  const [dhcp, l3] = (await admin.get(`${v2}/agents`)).body.agents
  const { id: network_id } = await make('networks')
  const ids = (things: { id: string }[]) => things.map(({ id }) => id)
  const networks = async () => ids((await admin.get(`${v2}/agents/${dhcp.id}/dhcp-networks`)).body.networks)
  const routers = async () => ids((await admin.get(`${v2}/agents/${l3.id}/l3-routers`)).body.routers)
  const agents = async (path: string) => ids((await admin.get(`${v2}/${path}`)).body.agents)
  assert.ok(!(await networks()).includes(network_id), 'without a subnet nothing is to be told by DHCP')
  assert.deepEqual(await agents(`networks/${network_id}/dhcp-agents`), [])
  const subnet = await make('subnets', { network_id, ip_version: 4, cidr: '10.0.0.0/24' })
  assert.ok((await networks()).includes(network_id))
  assert.deepEqual(await agents(`networks/${network_id}/dhcp-agents`), [dhcp.id])
  const router = await make('routers')
  assert.deepEqual(await routers(), [])
  assert.deepEqual(await agents(`routers/${router.id}/l3-agents`), [])
  await (await cloud.as('member')).put(`${v2}/routers/${router.id}/add_router_interface`, { subnet_id: subnet.id }, 200)
  assert.deepEqual(await routers(), [router.id])
  assert.deepEqual(await agents(`routers/${router.id}/l3-agents`), [l3.id])
  assert.equal(await faultOf(admin.request('GET', `${v2}/agents/${l3.id}/dhcp-networks`)), '404 AgentNotFound')
  assert.equal(await faultOf(admin.request('GET', `${v2}/agents/${dhcp.id}/l3-routers`)), '404 AgentNotFound')
})

test('how many addresses are taken follows subnets, pools and ports', async () => {
  await using cloud = await testCloud()
  const { admin } = cloud
  const member = await cloud.as('member')
  const make = maker(member)
  const { id: network_id } = await make('networks', { name: 'counted' })
  const show = async () => {
    const { total_ips, used_ips, subnet_ip_availability } = (await admin.get(`${v2}/network-ip-availabilities/${network_id}`)).body
      .network_ip_availability
    return [total_ips, used_ips, subnet_ip_availability.map((one: { cidr: string }) => one.cidr)]
  }
  assert.deepEqual(await show(), [0, 0, []])
  const subnet = await make('subnets', { network_id, ip_version: 4, cidr: '10.0.0.0/24' })
  assert.deepEqual(await show(), [253, 1, ['10.0.0.0/24']], 'DHCP has one')
  const port = await make('ports', { network_id })
  assert.deepEqual(await show(), [253, 2, ['10.0.0.0/24']])
  await member.put(`${v2}/subnets/${subnet.id}`, { subnet: { allocation_pools: [{ start: '10.0.0.2', end: '10.0.0.11' }] } }, 200)
  assert.deepEqual(await show(), [10, 2, ['10.0.0.0/24']])
  await member.delete(`${v2}/ports/${port.id}`)
  assert.deepEqual(await show(), [10, 1, ['10.0.0.0/24']])
  const found = async (query: string) => (await admin.get(`${v2}/network-ip-availabilities?${query}`)).body.network_ip_availabilities.length
  assert.deepEqual(
    await Promise.all(
      ['network_name=counted', `network_id=${network_id}`, `project_id=${await member.projectId()}`, 'network_name=x'].map(found),
    ),
    [1, 1, 1, 0],
  )
  assert.equal(await faultOf(admin.request('GET', `${v2}/network-ip-availabilities?nothing=1`)), '400 HTTPBadRequest')
})
