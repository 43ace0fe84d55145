import assert from 'node:assert/strict'
import { test } from 'node:test'
import { activeServer, ground } from '../../../testing/compute/servers.ts'
import { testCloud } from '../../../testing/test-cloud.ts'

const groups = '/compute/v2.1/os-security-groups'
const rules = '/compute/v2.1/os-security-group-rules'

test('groups and rules made here are those of the network service', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const projectId = await member.projectId()
  assert.deepEqual(
    (await member.get(groups)).body.security_groups.map((group: { name: string }) => group.name),
    ['default'],
  )
  const made = (await member.post(groups, { security_group: { name: ' web ', description: 'd' } }, 200)).body.security_group
  assert.deepEqual(made, { id: made.id, name: ' web ', description: 'd', tenant_id: projectId, rules: [] })
  const content = { parent_group_id: made.id, ip_protocol: 'TCP', from_port: '22', to_port: 22, cidr: '10.2.3.124/24' }
  const rule = (await member.post(rules, { security_group_rule: content }, 200)).body.security_group_rule
  assert.deepEqual(rule, {
    id: rule.id,
    parent_group_id: made.id,
    ip_protocol: 'tcp',
    from_port: 22,
    to_port: 22,
    group: {},
    ip_range: { cidr: '10.2.3.124/24' },
  })
  const twin = (await member.get(`/network/v2.0/security-group-rules/${rule.id}`)).body.security_group_rule
  assert.deepEqual([twin.direction, twin.remote_ip_prefix, twin.normalized_cidr], ['ingress', '10.2.3.124/24', '10.2.3.0/24'])
  await member.post(rules, { security_group_rule: { ...content, cidr: '10.2.3.0/24' } }, 400)
  const ping = { parent_group_id: made.id, ip_protocol: 'icmp', from_port: -1, to_port: -1 }
  const anyPing = (await member.post(rules, { security_group_rule: ping }, 200)).body.security_group_rule
  assert.deepEqual([anyPing.from_port, anyPing.to_port, anyPing.ip_range], [-1, -1, { cidr: '0.0.0.0/0' }])
  const peer = (await member.post(groups, { security_group: { name: 'peer' } }, 200)).body.security_group
  const fromPeer = (await member.post(rules, { security_group_rule: { parent_group_id: made.id, group_id: peer.id } }, 200)).body
  assert.deepEqual(fromPeer.security_group_rule.group, { name: 'peer', tenant_id: projectId })
  await member.delete(`${groups}/${peer.id}`, 202)
  assert.deepEqual((await member.get(`${groups}/${made.id}`)).body.security_group.rules, [rule, anyPing], 'the rule went with its peer')
  await member.delete(`${rules}/${rule.id}`, 202)
  const renamed = await member.put(`${groups}/${made.id}`, { security_group: { name: 'www', description: 'e' } }, 200)
  assert.equal(renamed.body.security_group.name, 'www')
  assert.deepEqual(renamed.body.security_group.rules, [anyPing])
  await member.delete(`${groups}/${made.id}`, 202)
  await member.get(`${groups}/${made.id}`, 404)
  const { security_group: left } = await cloud.cloud.quota.show(cloud.cloud.database.read, projectId, 'network.')
  assert.equal(left!.in_use, 1)
})

test('a server gets groups and loses them, on the host too', async () => {
  await using cloud = await testCloud()
  const place = await ground(cloud)
  const { member } = place
  const id = await activeServer(cloud, place)
  const names = ['a', 'b', 'c', 'd']
  const ids = new Map<string, string>()
  for (const name of names) ids.set(name, (await member.post(groups, { security_group: { name } }, 200)).body.security_group.id)
  const action = (body: object, expected: number) => member.post(`/compute/v2.1/servers/${id}/action`, body, expected)
  await Promise.all(names.map((name) => action({ addSecurityGroup: { name } }, 202)))
  const shown = async (): Promise<string[]> =>
    (await member.get(`/compute/v2.1/servers/${id}/os-security-groups`)).body.security_groups.map((g: { name: string }) => g.name).sort()
  assert.deepEqual(await shown(), [...names, 'default'], 'none of four at once is lost')
  await cloud.settled()
  assert.deepEqual(cloud.host.inventory()['security-group'].length, 5)
  await member.delete(`${groups}/${ids.get('a')}`, 400)
  for (const name of names) await action({ removeSecurityGroup: { name } }, 202)
  await action({ removeSecurityGroup: { name: 'a' } }, 404)
  await action({ addSecurityGroup: { name: 'nobody' } }, 404)
  await action({ addSecurityGroup: { name: 'a', more: 1 } }, 400)
  assert.deepEqual(await shown(), ['default'])
  await member.post(groups, { security_group: { name: 'b' } }, 200)
  await action({ addSecurityGroup: { name: 'b' } }, 409)
  await cloud.settled()
  assert.deepEqual(cloud.host.inventory()['security-group'].length, 1)
})

test('bad groups and rules are refused, and so are others', async () => {
  await using cloud = await testCloud()
  const [member, other, reader] = [await cloud.as('member'), await cloud.as('member', 'other'), await cloud.as('reader')]
  const { id } = (await member.post(groups, { security_group: { name: 'mine' } }, 200)).body.security_group
  for (const bad of [{}, { name: '' }, { name: '  ' }, { name: 'x'.repeat(256) }, { name: 1 }, { name: 'x', y: 1 }, { name: 'a\u0000' }]) {
    await member.post(groups, { security_group: bad }, 400)
  }
  const good = { parent_group_id: id, ip_protocol: 'tcp', from_port: 1, to_port: 2 }
  for (const bad of [
    { from_port: 2, to_port: 1 },
    { from_port: 0 },
    { to_port: 65536 },
    { from_port: 'x' },
    { from_port: null },
    { ip_protocol: 'gre' },
    { ip_protocol: null },
    { cidr: '10.0.0.0/33' },
    { cidr: '10.0.0.0/8\n' },
    { parent_group_id: 'no-id' },
    { unknown: 1 },
  ]) {
    await member.post(rules, { security_group_rule: { ...good, ...bad } }, 400)
  }
  await member.post(rules, { security_group_rule: { ...good, parent_group_id: '11111111-1111-4111-8111-111111111111' } }, 404)
  const rule = (await member.post(rules, { security_group_rule: good }, 200)).body.security_group_rule
  await other.post(rules, { security_group_rule: { ...good, parent_group_id: id } }, 404)
  await other.delete(`${rules}/${rule.id}`, 404)
  await other.get(`${groups}/${id}`, 404)
  await other.delete(`${groups}/${id}`, 404)
  await other.get(`${groups}?all_tenants=1`)
  assert.equal((await other.get(groups)).body.security_groups.length, 1)
  await reader.get(`${groups}/${id}`)
  await reader.delete(`${groups}/${id}`, 403)
  await reader.post(groups, { security_group: { name: 'x' } }, 403)
  await reader.post(rules, { security_group_rule: good }, 403)
  const [standard] = (await member.get(groups)).body.security_groups
  await member.delete(`${groups}/${standard.id}`, 400)
  assert.deepEqual((await member.get(`${groups}?limit=1&offset=1`)).body.security_groups.length, 1)
})
