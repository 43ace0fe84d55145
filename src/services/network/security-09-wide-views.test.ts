// Rules by which upstream lets somebody see what is other projects': of whole rows, by the rule of each kind of row besides.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testCloud } from '../../testing/test-cloud.ts'

const v2 = '/network/v2.0'

test('who may look at everything sees the rows of all projects whose own rule lets that too, and changes none', async () => {
  const auditor = 'role:service'
  await using cloud = await testCloud({
    policy: {
      context_with_global_access: auditor,
      get_network: `rule:admin_or_owner or ${auditor}`,
      // Only those of a certain kind are for auditors: a list holds other projects' rows where all of them may be seen.
      get_port: `rule:admin_or_owner or (${auditor} and rule:network_device)`,
      get_router: `rule:admin_or_owner or ${auditor}`,
    },
  })
  const [member, service] = [await cloud.as('member'), await cloud.as('service', 'elsewhere')]
  const { id } = (await member.post(`${v2}/networks`, { network: { name: 'net' } }, 201)).body.network
  const port = (await member.post(`${v2}/ports`, { port: { network_id: id } }, 201)).body.port.id
  const router = (await member.post(`${v2}/routers`, { router: {} }, 201)).body.router.id
  const group = (await member.get(`${v2}/security-groups`)).body.security_groups[0].id
  const listed = async (path: string, key: string) => (await service.get(`${v2}/${path}`)).body[key].map((row: { id: string }) => row.id)
  assert.ok((await listed('networks', 'networks')).includes(id))
  assert.deepEqual(await listed('routers', 'routers'), [router])
  await service.get(`${v2}/networks/${id}`)
  await service.get(`${v2}/routers/${router}`)
  await service.get(`${v2}/ports/${port}`, 403)
  assert.deepEqual(await listed('ports', 'ports'), [])
  await service.get(`${v2}/security-groups/${group}`, 403)
  await service.put(`${v2}/networks/${id}`, { network: { name: 'mine' } }, 403)
  await service.delete(`${v2}/routers/${router}`, 403)
})

test('a view of everything is none to build on: what somebody refers to must be the own', async () => {
  const auditor = 'role:reader'
  const sees = Object.fromEntries(['network', 'subnet', 'port', 'router', 'security_group'].map((kind) => [`get_${kind}`, auditor]))
  await using cloud = await testCloud({ policy: { context_with_global_access: auditor, ...sees } })
  const [theirs, mine] = [await cloud.as('member'), await cloud.as('member', 'mine')]
  const make = async (who: typeof mine, path: string, key: string, body: object): Promise<string> =>
    (await who.post(`${v2}/${path}`, { [key]: body }, 201)).body[key].id
  const network = await make(theirs, 'networks', 'network', {})
  const subnet = await make(theirs, 'subnets', 'subnet', { network_id: network, ip_version: 4, cidr: '10.5.0.0/24' })
  const port = await make(theirs, 'ports', 'port', { network_id: network })
  const group = await make(theirs, 'security-groups', 'security_group', { name: 'g' })
  const router = await make(mine, 'routers', 'router', {})
  const own = await make(mine, 'security-groups', 'security_group', { name: 'g' })
  const [external] = (await mine.get(`${v2}/networks?router:external=true`)).body.networks
  for (const path of [`networks/${network}`, `ports/${port}`, `subnets/${subnet}`, `security-groups/${group}`])
    await mine.get(`${v2}/${path}`)
  assert.ok((await mine.get(`${v2}/ports?fields=id`)).text.includes(port))
  await mine.post(`${v2}/ports`, { port: { network_id: network } }, 403)
  await mine.post(`${v2}/subnets`, { subnet: { network_id: network, ip_version: 4, cidr: '10.6.0.0/24' } }, 404)
  await mine.put(`${v2}/routers/${router}/add_router_interface`, { subnet_id: subnet }, 404)
  await mine.put(`${v2}/routers/${router}/add_router_interface`, { port_id: port }, 404)
  await mine.post(`${v2}/floatingips`, { floatingip: { floating_network_id: external.id, port_id: port } }, 404)
  const rule = { security_group_id: group, direction: 'ingress' }
  await mine.post(`${v2}/security-group-rules`, { security_group_rule: rule }, 404)
  await mine.post(`${v2}/security-group-rules`, { security_group_rule: { ...rule, security_group_id: own, remote_group_id: group } }, 404)
})

test('a service that networking trusts sees ports and networks of all projects, and has ports on them', async () => {
  await using cloud = await testCloud({ policy: { context_is_advsvc: 'role:service', create_port: 'role:service or rule:admin_or_owner' } })
  const [member, service] = [await cloud.as('member'), await cloud.as('service', 'elsewhere')]
  const { id } = (await member.post(`${v2}/networks`, { network: { name: 'net' } }, 201)).body.network
  const port = (await member.post(`${v2}/ports`, { port: { network_id: id } }, 201)).body.port.id
  const router = (await member.post(`${v2}/routers`, { router: {} }, 201)).body.router.id
  assert.ok((await service.get(`${v2}/ports`)).body.ports.some((row: { id: string }) => row.id === port))
  await service.get(`${v2}/networks/${id}`)
  await service.get(`${v2}/routers/${router}`, 403)
  await service.post(`${v2}/ports`, { port: { network_id: id } }, 201)
  await service.put(`${v2}/ports/${port}`, { port: { name: 'theirs' } }, 200)
})
