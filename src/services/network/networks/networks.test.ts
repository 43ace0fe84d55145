import assert from 'node:assert/strict'
import { test } from 'node:test'
import { changeEach, faultOf, maker, shown, v2 } from '../../../testing/network/things.ts'
import { testCloud } from '../../../testing/test-cloud.ts'

test('a network has what was asked for, and what is usual where nothing was', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const make = maker(member)
  const { id, created_at, updated_at, ...plain } = await make('networks')
  const project = await member.projectId()
  assert.deepEqual(plain, {
    name: '',
    description: '',
    admin_state_up: true,
    status: 'ACTIVE',
    subnets: [],
    shared: false,
    'router:external': false,
    mtu: 1500,
    port_security_enabled: true,
    dns_domain: '',
    availability_zone_hints: [],
    availability_zones: plain.availability_zones,
    ipv4_address_scope: null,
    ipv6_address_scope: null,
    project_id: project,
    tenant_id: project,
    revision_number: plain.revision_number,
  })
  assert.match(created_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
  assert.equal(updated_at, created_at)
  const asked = {
    name: 'n',
    description: 'd',
    admin_state_up: false,
    mtu: 1400,
    port_security_enabled: false,
    dns_domain: 'example.org.',
    availability_zone_hints: ['nova'],
  }
  const made = await make('networks', { ...asked, 'provider:network_type': undefined })
  assert.deepEqual(Object.fromEntries(Object.keys(asked).map((name) => [name, made[name]])), asked)
  assert.equal(made.is_default, undefined, 'only of external networks')
  const { port_security_enabled } = await make('ports', { network_id: made.id })
  assert.equal(port_security_enabled, false, 'its ports have that from it')
  assert.equal((await shown(member, `networks/${id}`)).id, id)
})

test('each field of a network is changed by itself, and its hosts hear of it', async () => {
  await using cloud = await testCloud()
  const { admin } = cloud
  const make = maker(admin)
  const network = await make('networks', { name: 'n' })
  const subnet = await make('subnets', { network_id: network.id, ip_version: 4, cidr: '10.0.0.0/24' })
  const router = await make('routers')
  await admin.put(`${v2}/routers/${router.id}/add_router_interface`, { subnet_id: subnet.id }, 200)
  await changeEach(admin, `networks/${network.id}`, [
    ['name', 'other'],
    ['name', null, ''],
    ['description', 'text\nof two lines'],
    ['description', null, ''],
    ['admin_state_up', false],
    ['admin_state_up', 'True', true],
    ['admin_state_up', false],
    ['shared', true],
    ['shared', false],
    ['mtu', 1280],
    ['mtu', 0, 1500],
    ['mtu', '1400', 1400],
    ['port_security_enabled', false],
    ['dns_domain', 'example.org.'],
  ])
  await cloud.settled()
  const spec = await cloud.cloud.hosts.get(cloud.cloud.database.read, 'fake-1', 'network', network.id)
  assert.deepEqual([spec?.adminUp, spec?.mtu, spec?.dnsDomain], [false, 1400, 'example.org.'])
  await admin.put(`${v2}/networks/${network.id}`, { network: { 'router:external': true } }, 200)
  assert.deepEqual(
    [(await shown(admin, `networks/${network.id}`))['router:external'], (await shown(admin, `networks/${network.id}`)).is_default],
    [true, false],
  )
  await admin.put(`${v2}/networks/${network.id}`, { network: { 'router:external': false } }, 200)
})

test('what a network cannot be is refused, at its creation and later', async () => {
  await using cloud = await testCloud()
  const { admin } = cloud
  const { id } = await maker(admin)('networks')
  for (const [fields, fault] of [
    [{ mtu: 67 }, '400 InvalidInput'],
    [{ mtu: 65_536 }, '400 HTTPBadRequest'],
    [{ 'provider:network_type': 'vxlan' }, '400 InvalidInput'],
    [{ 'provider:physical_network': 'physnet1' }, '400 InvalidInput'],
    [{ 'provider:segmentation_id': 5 }, '400 InvalidInput'],
    [{ dns_domain: 'not a domain' }, '400 HTTPBadRequest'],
    [{ name: 'two\nlines' }, '400 HTTPBadRequest'],
    [{ admin_state_up: 'maybe' }, '400 HTTPBadRequest'],
    [{ status: 'DOWN' }, '400 HTTPBadRequest'],
  ] as const) {
    assert.equal(await faultOf(admin.post(`${v2}/networks`, { network: fields })), fault, JSON.stringify(fields))
    assert.equal(await faultOf(admin.put(`${v2}/networks/${id}`, { network: fields })), fault, JSON.stringify(fields))
  }
  assert.equal(await faultOf(admin.post(`${v2}/networks`, { network: { availability_zone_hints: ['mars'] } })), '400 InvalidInput')
  assert.equal(await faultOf(admin.put(`${v2}/networks/${id}`, { network: { availability_zone_hints: ['nova'] } })), '400 HTTPBadRequest')
  assert.equal(await faultOf(admin.put(`${v2}/networks/${id}`, { network: { tenant_id: 'x' } })), '400 HTTPBadRequest')
})

test('a network in use stays; one that is not goes with its subnets, its DHCP port and what they took of the quota', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const make = maker(member)
  const used = async () => {
    const { quota } = (await member.get(`${v2}/quotas/${await member.projectId()}/details.json`)).body
    return ['network', 'subnet', 'port'].map((name) => quota[name].used)
  }
  const network = await make('networks')
  const subnets = [await make('subnets', { network_id: network.id, ip_version: 4, cidr: '10.0.0.0/24' })]
  subnets.push(await make('subnets', { network_id: network.id, ip_version: 6, cidr: 'fd00::/64' }))
  const port = await make('ports', { network_id: network.id })
  assert.deepEqual(await used(), [1, 2, 1])
  assert.equal(await faultOf(member.request('DELETE', `${v2}/networks/${network.id}`)), '409 NetworkInUse')
  await member.delete(`${v2}/ports/${port.id}`)
  const stale = { headers: { 'if-match': 'revision_number=99' } }
  assert.equal((await member.request('DELETE', `${v2}/networks/${network.id}`, stale)).status, 412)
  await member.delete(`${v2}/networks/${network.id}`)
  for (const path of [`networks/${network.id}`, ...subnets.map(({ id }) => `subnets/${id}`)]) await member.get(`${v2}/${path}`, 404)
  assert.deepEqual((await cloud.admin.get(`${v2}/ports?network_id=${network.id}`)).body.ports, [])
  assert.deepEqual(await used(), [0, 0, 0])
  assert.equal(await faultOf(member.request('DELETE', `${v2}/networks/${network.id}`)), '404 NetworkNotFound')
})

test('an external network stays external while gateways or floating IPs are on it', async () => {
  await using cloud = await testCloud()
  const { admin } = cloud
  const make = maker(admin)
  const member = await cloud.as('member')
  const network = await make('networks', { 'router:external': true })
  await make('subnets', { network_id: network.id, ip_version: 4, cidr: '192.0.2.0/24', enable_dhcp: false })
  const inside = () => admin.put(`${v2}/networks/${network.id}`, { network: { 'router:external': false } })
  const router = await maker(member)('routers', { external_gateway_info: { network_id: network.id } })
  assert.equal(await faultOf(inside()), '409 ExternalNetworkInUse')
  assert.equal(await faultOf(admin.request('DELETE', `${v2}/networks/${network.id}`)), '409 NetworkInUse')
  await member.delete(`${v2}/routers/${router.id}`)
  const floating = await maker(member)('floatingips', { floating_network_id: network.id })
  assert.equal(await faultOf(inside()), '409 ExternalNetworkInUse')
  await admin.delete(`${v2}/networks/${network.id}`)
  await member.get(`${v2}/floatingips/${floating.id}`, 404)
})

test('a list of networks that cannot all be made makes none, and the quota bounds them', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const project = await member.projectId()
  await cloud.admin.put(`${v2}/quotas/${project}`, { quota: { network: 2 } }, 200)
  const own = async () => (await member.get(`${v2}/networks?project_id=${project}`)).body.networks.length
  assert.equal(await faultOf(member.post(`${v2}/networks`, { networks: [{}, {}, {}] })), '409 OverQuota')
  assert.equal(await faultOf(member.post(`${v2}/networks`, { networks: [{}, { availability_zone_hints: ['mars'] }] })), '400 InvalidInput')
  assert.equal(await own(), 0)
  assert.equal((await member.post(`${v2}/networks`, { networks: [{ name: 'a' }, { name: 'b' }] }, 201)).body.networks[1].name, 'b')
  assert.equal(await faultOf(member.post(`${v2}/networks`, { network: {} })), '409 OverQuota')
  assert.equal(await own(), 2)
})
