import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testCloud } from '../../../testing/test-cloud.ts'

const v2 = '/network/v2.0'

test('an interface gets no addresses by its port that the router would refuse to be connected by', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const make = async (path: string, name: string, content: object) =>
    (await member.post(`${v2}/${path}`, { [name]: content }, 201)).body[name]
  const network = () => make('networks', 'network', {})
  const subnet = (network_id: string, cidr: string) => make('subnets', 'subnet', { network_id, cidr, ip_version: 4 })
  const [first, second] = [await network(), await network()]
  const used = await subnet(first.id, '10.0.0.0/24')
  const beside = await subnet(first.id, '10.0.1.0/24')
  const [overlapping, own] = [await subnet(second.id, '10.0.0.0/25'), await subnet(second.id, '10.0.2.0/24')]
  const [external] = (await member.get(`${v2}/networks?router:external=true`)).body.networks
  const router = await make('routers', 'router', { external_gateway_info: { network_id: external.id } })
  const connect = async (subnet_id: string): Promise<string> =>
    (await member.put(`${v2}/routers/${router.id}/add_router_interface`, { subnet_id }, 200)).body.port_id
  const [one, two] = [await connect(used.id), await connect(own.id)]
  const port = await make('ports', 'port', { network_id: first.id, fixed_ips: [{ subnet_id: used.id }] })
  const floating = await make('floatingips', 'floatingip', { floating_network_id: external.id, port_id: port.id })
  const give = (id: string, ...subnets: { id: string }[]) =>
    member.put(`${v2}/ports/${id}`, { port: { fixed_ips: subnets.map(({ id }) => ({ subnet_id: id })) } })
  assert.equal((await give(two, overlapping)).status, 400)
  assert.equal((await give(two)).status, 400)
  assert.equal((await give(one, used, beside)).status, 400)
  assert.equal((await give(one, beside)).body.NeutronError?.type, 'RouterInterfaceInUseByFloatingIP')
  assert.deepEqual((await member.get(`${v2}/ports/${one}`)).body.port.fixed_ips, [{ subnet_id: used.id, ip_address: '10.0.0.1' }])
  await member.delete(`${v2}/floatingips/${floating.id}`)
  assert.equal((await give(one, beside)).status, 200)
  assert.equal((await give(two, overlapping)).status, 200)
})
