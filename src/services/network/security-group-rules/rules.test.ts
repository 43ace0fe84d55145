import assert from 'node:assert/strict'
import { test } from 'node:test'
import { faultOf, maker, shown, v2 } from '../../../testing/network/things.ts'
import { testCloud } from '../../../testing/test-cloud.ts'

test('a rule is shown as it was asked for, in its group and by itself, and goes', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const make = maker(member)
  const { id: security_group_id } = await make('security-groups', { name: 'g' })
  const ingress = { security_group_id, direction: 'ingress' }
  const none = { protocol: null, port_range_min: null, port_range_max: null, remote_ip_prefix: null, remote_group_id: null }
  for (const [asked, then] of [
    [
      { direction: 'egress', protocol: 'udp' },
      { direction: 'egress', protocol: 'udp' },
    ],
    [{}, {}],
    [{ ethertype: 'ipv6' }, { ethertype: 'IPv6' }],
    [{ protocol: 'any', description: 'all' }, { description: 'all' }],
    [
      { protocol: 6, port_range_min: '22', port_range_max: 22 },
      { protocol: '6', port_range_min: 22, port_range_max: 22 },
    ],
    [
      { protocol: 'icmp', port_range_min: 8, port_range_max: 0 },
      { protocol: 'icmp', port_range_min: 8, port_range_max: 0 },
    ],
    [{ remote_ip_prefix: '10.0.0.0/8' }, { remote_ip_prefix: '10.0.0.0/8', normalized_cidr: '10.0.0.0/8' }],
    [{ remote_ip_prefix: '10.1.2.3/16' }, { remote_ip_prefix: '10.1.2.3/16', normalized_cidr: '10.1.0.0/16' }],
    [{ remote_group_id: security_group_id }, { remote_group_id: security_group_id }],
  ] as [object, Record<string, unknown>][]) {
    const answer = await member.post(`${v2}/security-group-rules`, { security_group_rule: { ...ingress, ...asked } }, 201)
    const rule = answer.body.security_group_rule
    const { id, project_id, tenant_id, created_at, updated_at, revision_number, ...rest } = rule
    const expected = {
      security_group_id,
      direction: 'ingress',
      ethertype: 'IPv4',
      ...none,
      normalized_cidr: null,
      description: '',
      ...then,
    }
    assert.deepEqual(rest, expected, JSON.stringify(asked))
    assert.deepEqual([project_id, tenant_id], Array(2).fill(await member.projectId()))
    assert.deepEqual(await shown(member, `security-group-rules/${id}`), rule)
    const { security_group_rules } = await shown(member, `security-groups/${security_group_id}`)
    assert.deepEqual(
      security_group_rules.find((one: { id: string }) => one.id === id),
      rule,
    )
    await member.delete(`${v2}/security-group-rules/${id}`)
    await member.get(`${v2}/security-group-rules/${id}`, 404)
  }
  assert.equal(await faultOf(member.request('DELETE', `${v2}/security-group-rules/nothing`)), '404 SecurityGroupRuleNotFound')
})

test('what a rule cannot be is refused by the fault that says why, and costs nothing', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const stranger = await cloud.as('member', 'project-2')
  const { id: security_group_id } = await maker(member)('security-groups', { name: 'g' })
  const foreign = await maker(stranger)('security-groups', { name: 'g' })
  const tcp = { protocol: 'tcp' }
  for (const [fields, fault] of [
    [{ security_group_id: 'nothing' }, '404 SecurityGroupNotFound'],
    [{ security_group_id: foreign.id }, '404 SecurityGroupNotFound'],
    [{ remote_group_id: 'nothing' }, '404 SecurityGroupNotFound'],
    [{ remote_group_id: foreign.id }, '404 SecurityGroupNotFound'],
    [{ direction: 'sideways' }, '400 HTTPBadRequest'],
    [{ direction: undefined }, '400 HTTPBadRequest'],
    [{ ethertype: 'IPv5' }, '400 HTTPBadRequest'],
    [{ protocol: 'nothing' }, '400 SecurityGroupRuleInvalidProtocol'],
    [{ protocol: 256 }, '400 HTTPBadRequest'],
    [{ protocol: 'icmpv6' }, '400 SecurityGroupEthertypeConflictWithProtocol'],
    [{ ...tcp, port_range_min: 9, port_range_max: 5 }, '400 SecurityGroupInvalidPortRange'],
    [{ ...tcp, port_range_min: 9 }, '400 SecurityGroupInvalidPortRange'],
    [{ ...tcp, port_range_min: 0, port_range_max: 65_536 }, '400 SecurityGroupInvalidPortValue'],
    [{ ...tcp, port_range_min: -1, port_range_max: 5 }, '400 SecurityGroupInvalidPortValue'],
    [{ port_range_min: 1, port_range_max: 5 }, '400 SecurityGroupProtocolRequiredWithPorts'],
    [{ protocol: 'icmp', port_range_min: 256 }, '400 SecurityGroupInvalidIcmpValue'],
    [{ protocol: 'icmp', port_range_max: 0 }, '400 SecurityGroupMissingIcmpType'],
    [{ remote_ip_prefix: 'x' }, '400 InvalidCIDR'],
    [{ remote_ip_prefix: 'fd00::/8' }, '400 SecurityGroupRuleParameterConflict'],
    [{ remote_ip_prefix: '10.0.0.0/8', remote_group_id: security_group_id }, '400 SecurityGroupRemoteGroupAndRemoteIpPrefix'],
    [{ nothing: 1 }, '400 HTTPBadRequest'],
  ] as const) {
    const security_group_rule = { security_group_id, direction: 'ingress', ...fields }
    assert.equal(await faultOf(member.post(`${v2}/security-group-rules`, { security_group_rule })), fault, JSON.stringify(fields))
  }
  assert.equal((await shown(member, `security-groups/${security_group_id}`)).security_group_rules.length, 2)
  assert.equal((await member.get(`${v2}/quotas/${await member.projectId()}/details.json`)).body.quota.security_group_rule.used, 6)
})
