import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testCloud } from '../../../testing/test-cloud.ts'
import { parseIp } from '../addresses/ip.ts'
import { inPools } from '../addresses/pools.ts'

test('500 ports made at once have 500 addresses, all of them from the pools', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const { id } = (await member.post('/network/v2.0/networks', { network: {} }, 201)).body.network
  const pools = [
    { start: '10.0.0.10', end: '10.0.0.200' },
    { start: '10.0.1.7', end: '10.0.1.7' },
    { start: '10.0.2.0', end: '10.0.3.254' },
  ]
  const subnet = { network_id: id, cidr: '10.0.0.0/22', ip_version: 4, allocation_pools: pools, enable_dhcp: false }
  await member.post('/network/v2.0/subnets', { subnet }, 201)
  await cloud.admin.put(`/network/v2.0/quotas/${await member.projectId()}`, { quota: { port: -1 } }, 200)
  const answers = await Promise.all(
    Array.from({ length: 500 }, () => member.post('/network/v2.0/ports', { port: { network_id: id } }, 201)),
  )
  const ips: string[] = answers.map((answer) => answer.body.port.fixed_ips[0].ip_address)
  assert.equal(new Set(ips).size, 500)
  assert.equal(new Set(answers.map((answer) => answer.body.port.mac_address)).size, 500)
  for (const ip of ips) assert.ok(inPools(pools, parseIp(ip)!.value), ip)

  // Freed addresses are found again when nothing else is left: 703 in all.
  for (const { body } of answers.slice(0, 3)) await member.delete(`/network/v2.0/ports/${body.port.id}`)
  const rest = 191 + 1 + 511 - 497
  const more = await Promise.all(Array.from({ length: rest + 1 }, () => member.post('/network/v2.0/ports', { port: { network_id: id } })))
  assert.equal(more.filter((answer) => answer.status === 201).length, rest)
  const refused = more.filter((answer) => answer.status !== 201)
  assert.equal(refused[0]!.status, 409)
  assert.equal(refused[0]!.body.NeutronError.type, 'IpAddressGenerationFailure')
})

test('an address that a port asks for is refused when another has it, when it is outside, and taken exactly once', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const { id } = (await member.post('/network/v2.0/networks', { network: {} }, 201)).body.network
  await member.post('/network/v2.0/subnets', { subnet: { network_id: id, cidr: '10.0.0.0/24', ip_version: 4 } }, 201)
  const ask = (ip_address: string) => member.post('/network/v2.0/ports', { port: { network_id: id, fixed_ips: [{ ip_address }] } })
  const race = await Promise.all(Array.from({ length: 20 }, () => ask('10.0.0.77')))
  assert.equal(race.filter((answer) => answer.status === 201).length, 1)
  const lost = race.find((answer) => answer.status !== 201)!
  assert.deepEqual([lost.status, lost.body.NeutronError.type], [409, 'IpAddressInUse'])
  for (const ip of ['10.0.1.5', '10.0.0.255', '10.0.0.0', 'fd00::1', 'nonsense', '10.0.0.5\n']) {
    assert.equal((await ask(ip)).status, 400, ip)
  }
})

test('an update keeps addresses that it names, takes others and gives the rest back', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const { id } = (await member.post('/network/v2.0/networks', { network: {} }, 201)).body.network
  const make = async (cidr: string) =>
    (await member.post('/network/v2.0/subnets', { subnet: { network_id: id, cidr, ip_version: 4 } }, 201)).body.subnet
  const [one, two] = [await make('10.0.0.0/24'), await make('10.0.1.0/24')]
  const wish = [{ subnet_id: one.id }, { subnet_id: two.id, ip_address: '10.0.1.9' }]
  const { port } = (await member.post('/network/v2.0/ports', { port: { network_id: id, fixed_ips: wish } }, 201)).body
  const change = async (fixed_ips: object[]) =>
    (await member.put(`/network/v2.0/ports/${port.id}`, { port: { fixed_ips } }, 200)).body.port.fixed_ips
  assert.deepEqual(await change([{ subnet_id: one.id }]), [port.fixed_ips[0]])
  await member.post('/network/v2.0/ports', { port: { network_id: id, fixed_ips: [{ ip_address: '10.0.1.9' }] } }, 201)
  const both = await change([{ subnet_id: two.id }, { subnet_id: one.id, ip_address: port.fixed_ips[0].ip_address }])
  assert.equal(both[1].ip_address, port.fixed_ips[0].ip_address)
  assert.notEqual(both[0].ip_address, '10.0.1.9')
})

test('a host of a SLAAC subnet has the address that its MAC makes', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const { id } = (await member.post('/network/v2.0/networks', { network: {} }, 201)).body.network
  const { port: early } = (await member.post('/network/v2.0/ports', { port: { network_id: id, mac_address: 'fa:16:3e:00:00:01' } }, 201))
    .body
  const subnet = { network_id: id, cidr: '2001:db8::/64', ip_version: 6, ipv6_ra_mode: 'slaac', ipv6_address_mode: 'slaac' }
  const { subnet: made } = (await member.post('/network/v2.0/subnets', { subnet }, 201)).body
  const { port } = (await member.post('/network/v2.0/ports', { port: { network_id: id, mac_address: 'fa:16:3e:00:00:02' } }, 201)).body
  assert.equal(port.fixed_ips[0].ip_address, '2001:db8::f816:3eff:fe00:2')
  const then = (await member.get(`/network/v2.0/ports/${early.id}`)).body.port
  assert.equal(then.fixed_ips[0].ip_address, '2001:db8::f816:3eff:fe00:1')
  // The subnet goes although ports, and DHCP beside another subnet, have addresses of it.
  await member.post('/network/v2.0/subnets', { subnet: { network_id: id, cidr: '10.0.0.0/24', ip_version: 4 } }, 201)
  await member.delete(`/network/v2.0/subnets/${made.id}`)
  const left = (await member.get('/network/v2.0/ports')).body.ports.map((p: { fixed_ips: object[] }) => p.fixed_ips.length)
  assert.deepEqual(left.sort(), [0, 0, 1])
})

test("projects that share a network do not get in each other's way", async () => {
  await using cloud = await testCloud()
  const { id } = (await cloud.admin.post('/network/v2.0/networks', { network: { shared: true } }, 201)).body.network
  await cloud.admin.post('/network/v2.0/subnets', { subnet: { network_id: id, cidr: '10.0.0.0/24', ip_version: 4 } }, 201)
  const members = await Promise.all(['a', 'b', 'c', 'd'].map((project) => cloud.as('member', project)))
  const add = (i: number) => members[i % 4]!.post('/network/v2.0/ports', { port: { network_id: id } }, 201)
  const answers = await Promise.all(Array.from({ length: 100 }, (_, i) => add(i)))
  assert.equal(new Set(answers.map((answer) => answer.body.port.fixed_ips[0].ip_address)).size, 100)
})
