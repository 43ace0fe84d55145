import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testCloud } from '../../../testing/test-cloud.ts'

const groups = '/network/v2.0/security-groups'
const rules = '/network/v2.0/security-group-rules'

test('each project has one default group, made when it is first looked for', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const lists = await Promise.all(Array.from({ length: 10 }, () => member.get(groups)))
  for (const { body } of lists) assert.equal(body.security_groups.length, 1)
  const [group] = lists[0]!.body.security_groups
  const shown = group.security_group_rules.map((rule: Record<string, string>) => [rule.direction, rule.ethertype, rule.remote_group_id])
  assert.deepEqual(shown.sort(), [
    ['egress', 'IPv4', null],
    ['egress', 'IPv6', null],
    ['ingress', 'IPv4', group.id],
    ['ingress', 'IPv6', group.id],
  ])
  assert.equal(
    (await member.post(groups, { security_group: { name: 'default' } })).body.NeutronError.type,
    'SecurityGroupDefaultAlreadyExists',
  )
  assert.equal((await member.put(`${groups}/${group.id}`, { security_group: { name: 'x' } })).status, 409)
  assert.equal((await member.delete(`${groups}/${group.id}`, 409)).body.NeutronError.type, 'SecurityGroupCannotRemoveDefault')
  await cloud.admin.delete(`${groups}/${group.id}`)
  const usage = await cloud.cloud.quota.show(cloud.cloud.database.read, await member.projectId(), 'network.security')
  assert.deepEqual(
    Object.values(usage).map(({ in_use }) => in_use),
    [0, 0],
  )
})

test('a rule that says the same as another is refused, however it is written', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const { security_group: group } = (await member.post(groups, { security_group: { name: 'web' } }, 201)).body
  const add = (rule: object) => member.post(rules, { security_group_rule: { security_group_id: group.id, direction: 'ingress', ...rule } })
  assert.equal((await add({ protocol: 'tcp', port_range_min: 80, port_range_max: 80 })).status, 201)
  for (const same of [{ protocol: 'TCP' }, { protocol: 6 }, { protocol: '6', remote_ip_prefix: '0.0.0.0/0' }]) {
    const again = await add({ port_range_min: '80', port_range_max: 80, ...same })
    assert.deepEqual([again.status, again.body.NeutronError.type], [409, 'SecurityGroupRuleExists'], JSON.stringify(same))
  }
  const race = await Promise.all(Array.from({ length: 10 }, () => add({ protocol: 'udp', port_range_min: 53, port_range_max: 53 })))
  assert.deepEqual(race.map(({ status }) => status).sort(), [201, ...Array(9).fill(409)])
})

const refused: [rule: object, status: number][] = [
  [{ protocol: 'bad' }, 400],
  [{ protocol: 256 }, 400],
  [{ protocol: 'tcp', port_range_min: 80, port_range_max: 22 }, 400],
  [{ protocol: 'tcp', port_range_min: 0, port_range_max: 22 }, 400],
  [{ protocol: 'tcp', port_range_min: 1, port_range_max: 65536 }, 400],
  [{ protocol: 'tcp', port_range_min: 1 }, 400],
  [{ port_range_min: 1, port_range_max: 2 }, 400],
  [{ protocol: 'gre', port_range_min: 1, port_range_max: 2 }, 400],
  [{ protocol: 'icmp', port_range_min: 256 }, 400],
  [{ protocol: 'icmp', port_range_max: 1 }, 400],
  [{ protocol: 'icmpv6' }, 400],
  [{ ethertype: 'IPv5' }, 400],
  [{ direction: 'sideways' }, 400],
  [{ remote_ip_prefix: '10.0.0.0/33' }, 400],
  [{ remote_ip_prefix: '10.0.0.0/8\n-A FORWARD -j ACCEPT' }, 400],
  [{ remote_ip_prefix: 'fd00::/8' }, 400],
  [{ remote_ip_prefix: '10.0.0.0/8', ethertype: 'IPv6' }, 400],
  [{ remote_group_id: 'nowhere' }, 404],
  [{ security_group_id: 'nowhere' }, 404],
  [{ more: 1 }, 400],
]
test('security class 12: a rule that could not be put into effect is refused', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const { security_group: group } = (await member.post(groups, { security_group: { name: 'g' } }, 201)).body
  for (const [rule, status] of refused) {
    const answer = await member.post(rules, { security_group_rule: { security_group_id: group.id, direction: 'ingress', ...rule } })
    assert.equal(answer.status, status, `${JSON.stringify(rule)}: ${answer.text}`)
  }
})

test('rules, members and remote groups of bound ports reach the host, and leave it', async () => {
  await using cloud = await testCloud()
  const { database, network, hosts } = cloud.cloud
  const member = await cloud.as('member')
  const { network: net } = (await member.post('/network/v2.0/networks', { network: {} }, 201)).body
  await member.post('/network/v2.0/subnets', { subnet: { network_id: net.id, cidr: '10.0.0.0/24', ip_version: 4 } }, 201)
  const make = async (name: string) => (await member.post(groups, { security_group: { name } }, 201)).body.security_group
  const [front, back] = [await make('front'), await make('back')]
  const rule = {
    security_group_id: front.id,
    direction: 'ingress',
    protocol: 'tcp',
    port_range_min: 443,
    port_range_max: 443,
    remote_group_id: back.id,
  }
  const { security_group_rule: made } = (await member.post(rules, { security_group_rule: rule }, 201)).body
  const document = (id: string) => hosts.get(database.read, 'fake-1', 'security-group', id)
  assert.equal(await document(front.id), undefined, 'nothing on the host uses it')
  const request = {
    projectId: await member.projectId(),
    isAdmin: false,
    serverId: 's1',
    hostname: 'a',
    host: 'fake-1',
    zone: 'nova',
    nics: [{ networkId: net.id }],
  }
  await database.write((tx) => network.bindPorts(tx, { ...request, securityGroups: ['front'] }))
  assert.deepEqual(
    (await document(front.id))!.rules.find(({ direction }) => direction === 'ingress'),
    {
      direction: 'ingress',
      ipVersion: 4,
      protocol: 6,
      portMin: 443,
      portMax: 443,
      remoteCidr: null,
      remoteGroupId: back.id,
    },
  )
  assert.deepEqual((await document(back.id))!.members, [])
  const other = { network_id: net.id, security_groups: [back.id], allowed_address_pairs: [{ ip_address: '10.7.0.0/16' }] }
  const { port } = (await member.post('/network/v2.0/ports', { port: other }, 201)).body
  assert.deepEqual((await document(back.id))!.members, [port.fixed_ips[0].ip_address, '10.7.0.0/16'])
  assert.equal((await member.delete(`${groups}/${back.id}`, 409)).body.NeutronError.type, 'SecurityGroupInUse')
  await member.delete(`/network/v2.0/ports/${port.id}`)
  assert.deepEqual((await document(back.id))!.members, [])
  await member.delete(`${rules}/${made.id}`)
  assert.equal(await document(back.id), undefined, 'no rule names it any more')
  await database.write((tx) => network.unbindPorts(tx, 's1'))
  assert.equal(await document(front.id), undefined)
})

test('a group may be asked to remember connections, as all do; one that shall not is refused as not built', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const { security_group: group } = (await member.post(groups, { security_group: { name: 'web', stateful: 'True' } }, 201)).body
  assert.equal(group.stateful, true)
  await member.post(groups, { security_group: { name: 'other', stateful: false } }, 501)
  await member.put(`${groups}/${group.id}`, { security_group: { stateful: 'false' } }, 501)
  await member.put(`${groups}/${group.id}`, { security_group: { stateful: true } }, 200)
})
