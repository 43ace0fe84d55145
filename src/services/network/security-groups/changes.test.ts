import assert from 'node:assert/strict'
import { test } from 'node:test'
import { changeEach, faultOf, maker, shown, v2 } from '../../../testing/network/things.ts'
import { testCloud } from '../../../testing/test-cloud.ts'

test('each field of a security group is changed by itself; the default group keeps its name', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const { id } = await maker(member)('security-groups', { name: 'g', description: 'd' })
  await changeEach(member, `security-groups/${id}`, [
    ['name', 'other'],
    ['name', ''],
    ['description', 'text'],
    ['description', null, ''],
    ['stateful', true],
  ])
  const [standard] = (await member.get(`${v2}/security-groups?name=default`)).body.security_groups
  await changeEach(member, `security-groups/${standard.id}`, [
    ['description', 'ours'],
    ['name', 'default'],
  ])
  const rename = (group: string, name: string) => member.put(`${v2}/security-groups/${group}`, { security_group: { name } })
  assert.equal(await faultOf(rename(standard.id, 'mine')), '409 SecurityGroupCannotUpdateDefault')
  assert.equal(await faultOf(rename(id, 'default')), '409 SecurityGroupDefaultAlreadyExists')
  assert.equal(await faultOf(rename(id, 'two\nlines')), '400 HTTPBadRequest')
})

test('a group on a port stays; one that goes takes its rules and those that name it', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const make = maker(member)
  const used = async () => {
    const { quota } = (await member.get(`${v2}/quotas/${await member.projectId()}/details.json`)).body
    return [quota.security_group.used, quota.security_group_rule.used]
  }
  const { id: network_id } = await make('networks')
  const group = await make('security-groups', { name: 'g' })
  const other = await make('security-groups', { name: 'h' })
  const own = await make('security-group-rules', { security_group_id: group.id, direction: 'ingress', protocol: 'tcp' })
  const naming = await make('security-group-rules', { security_group_id: other.id, direction: 'ingress', remote_group_id: group.id })
  // The default group with its four rules, and two each of the others besides.
  assert.deepEqual(await used(), [3, 10])
  const port = await make('ports', { network_id, security_groups: [group.id] })
  const remove = (id: string) => member.request('DELETE', `${v2}/security-groups/${id}`)
  assert.equal(await faultOf(remove(group.id)), '409 SecurityGroupInUse')
  await member.put(`${v2}/ports/${port.id}`, { port: { security_groups: [] } }, 200)
  assert.equal((await remove(group.id)).status, 204)
  for (const { id } of [own, naming]) await member.get(`${v2}/security-group-rules/${id}`, 404)
  assert.deepEqual((await shown(member, `security-groups/${other.id}`)).security_group_rules.length, 2)
  assert.deepEqual(await used(), [2, 6])
  const [standard] = (await member.get(`${v2}/security-groups?name=default`)).body.security_groups
  assert.equal(await faultOf(remove(standard.id)), '409 SecurityGroupCannotRemoveDefault')
  await cloud.admin.delete(`${v2}/security-groups/${standard.id}`)
  const [again] = (await member.get(`${v2}/security-groups?name=default`)).body.security_groups
  assert.notEqual(again.id, standard.id, 'it is made anew when it is needed')
})

test('groups and rules are made together or not at all, and the quota bounds both', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const count = async (path: string) => (Object.values((await member.get(`${v2}/${path}`)).body) as object[][])[0]!.length
  const limit = async (quota: object) => cloud.admin.put(`${v2}/quotas/${await member.projectId()}`, { quota }, 200)
  assert.equal(await count('security-groups'), 1)
  const groups = (...names: string[]) => member.post(`${v2}/security-groups`, { security_groups: names.map((name) => ({ name })) })
  assert.equal(await faultOf(groups('a', 'default')), '409 SecurityGroupDefaultAlreadyExists')
  await limit({ security_group: 2 })
  assert.equal(await faultOf(groups('a', 'b')), '409 OverQuota')
  assert.equal(await count('security-groups'), 1)
  const { security_groups } = (await groups('a')).body
  const rules = (...ports: number[]) =>
    member.post(`${v2}/security-group-rules`, {
      security_group_rules: ports.map((port) => ({
        security_group_id: security_groups[0].id,
        direction: 'ingress',
        protocol: 'tcp',
        port_range_min: port,
        port_range_max: port,
      })),
    })
  assert.equal(await count('security-group-rules'), 6)
  assert.equal(await faultOf(rules(1, 2, 1)), '409 SecurityGroupRuleExists')
  await limit({ security_group_rule: 7 })
  assert.equal(await faultOf(rules(1, 2)), '409 OverQuota')
  assert.equal(await count('security-group-rules'), 6)
  assert.equal((await rules(1)).body.security_group_rules[0].port_range_min, 1)
  await limit({ security_group: -1 })
  assert.equal(await faultOf(groups('b')), '409 OverQuota', 'the two rules of a new group count')
})
