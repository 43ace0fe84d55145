import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Static } from 'typebox'
import { Fault } from '../../api/faults.ts'
import type { FirewallRule } from '../../host/security-groups/document.ts'
import { ruleMatch } from '../../host/security-groups/rule-match.ts'
import { testCloud } from '../../testing/test-cloud.ts'
import { protocolNames, protocolNumber } from './documents/protocols.ts'
import { firewallRule } from './documents/security-groups.ts'
import { checkRule } from './security-group-rules/check.ts'
import type { NewRule } from './security-group-rules/schema.ts'

type Given = Static<typeof NewRule>
const basic = { security_group_id: 'x', direction: 'ingress' } as const

/** What the filter gets of the rule, null for one that is refused. Throws when it is accepted and the filter cannot express it. */
function applied(given: Partial<Given>): { rule: FirewallRule; match: string } | null {
  let content: ReturnType<typeof checkRule>
  try {
    content = checkRule({ ...basic, ...given })
  } catch (error) {
    assert.ok(error instanceof Fault && error.status === 400, (error as Error).stack)
    return null
  }
  const rule = firewallRule(content)
  return { rule, match: ruleMatch(rule) }
}

const names = [...protocolNames, ...protocolNames.map((name) => name.toUpperCase())]
const numbers = Array.from({ length: 258 }, (_, number) => [number - 1, String(number - 1), `0${number}`]).flat()
const any = new Set(['any', 'ANY', '', 'ip', 'IP', 0, '0', '00'])

test('every protocol is matched by its number, or refused; only what says any protocol matches all', () => {
  for (const ethertype of ['IPv4', 'IPv6'] as const) {
    let taken = 0
    for (const protocol of [...names, ...numbers, ...any, 'tcp ', 'tcp\n', '-1', '1.5', '0x6', '6e0', '+6', 'all', '!tcp', 'tcp,udp']) {
      const found = applied({ ethertype, protocol })
      if (!found) continue
      taken++
      const what = `${ethertype} ${JSON.stringify(protocol)}`
      if (any.has(protocol)) assert.equal(found.match, '', what)
      else
        assert.equal(
          found.match,
          ` -p ${protocolNumber(String(Number(protocol)) === 'NaN' ? String(protocol).toLowerCase() : String(Number(protocol)), ethertype)}`,
          what,
        )
    }
    assert.ok(taken > 200)
  }
  // Those that no filter tells apart, or that it would take for any.
  for (const protocol of ['hopopt', 'ipv6-route', 'ipv6-frag', 'ipv6-opts', 'ah', 43, '44', 51, 60])
    assert.equal(applied({ ethertype: 'IPv6', protocol }), null, String(protocol))
  assert.equal(applied({ ethertype: 'IPv4', protocol: 'hopopt' }), null)
})

test('every accepted port, type and range stands in the filter as it is shown', () => {
  const edges = [null, -1, 0, 1, 2, 80, 254, 255, 256, 65_534, 65_535, 65_536, '22', '-5', '080']
  for (const ethertype of ['IPv4', 'IPv6'] as const) {
    for (const protocol of [null, 'tcp', 'udp', 'sctp', 'dccp', 'udplite', 'icmp', 'ipv6-icmp', 'gre', 6, '17']) {
      for (const port_range_min of edges) {
        for (const port_range_max of edges) {
          const found = applied({ ethertype, protocol, port_range_min, port_range_max })
          if (!found) continue
          const { rule, match } = found
          const what = JSON.stringify({ ethertype, protocol, port_range_min, port_range_max })
          const [first, last] = [port_range_min, port_range_max].map((value) => (value === null ? null : Number(value)))
          assert.deepEqual([rule.portMin, rule.portMax], [first, last], what)
          if (first === null) assert.doesNotMatch(match, /port|type/, what)
          else if (rule.protocol === 1 || rule.protocol === 58)
            assert.ok(match.endsWith(` ${first}${last === null ? '' : `/${last}`}`), what)
          else assert.ok(match.endsWith(` ${first === last ? first : `${first}:${last}`}`), `${what}: ${match}`)
        }
      }
    }
  }
  assert.equal(applied({ protocol: 'icmp', port_range_min: 255 }), null)
})

test('every accepted range of addresses is the one that the filter matches, and the one that is shown', () => {
  const ranges: [ethertype: 'IPv4' | 'IPv6', prefix: string, match: string | null][] = [
    ['IPv4', '10.1.2.3', ' -s 10.1.2.3/32'],
    ['IPv4', '10.1.2.3/8', ' -s 10.0.0.0/8'],
    ['IPv4', '0.0.0.0/0', ''],
    ['IPv4', '255.255.255.255/32', ' -s 255.255.255.255/32'],
    ['IPv4', '10.0.0.0/33', null],
    ['IPv4', '10.0.0/8', null],
    ['IPv4', '010.0.0.0/8', null],
    ['IPv4', '0x0a.0.0.1', null],
    ['IPv4', '167772161', null],
    ['IPv4', '10.0.0.0/255.0.0.0', null],
    ['IPv4', '10.0.0.0/-1', null],
    ['IPv4', '10.0.0.0/ 8', null],
    ['IPv4', '!10.0.0.0/8', null],
    ['IPv4', '10.0.0.0/8,11.0.0.0/8', null],
    ['IPv4', '2001:db8::/32', null],
    ['IPv6', '2001:DB8::1/32', ' -s 2001:db8::/32'],
    ['IPv6', '::/0', ''],
    ['IPv6', '::1', ' -s ::1/128'],
    ['IPv6', 'fe80::1%eth0/64', null],
    ['IPv6', '10.0.0.0/8', null],
    ['IPv6', '2001:db8::/129', null],
    ['IPv6', '1::2::3/64', null],
  ]
  for (const [ethertype, remote_ip_prefix, match] of ranges)
    assert.equal(applied({ ethertype, remote_ip_prefix })?.match ?? null, match, remote_ip_prefix)
})

test('the API shows the canonical name, and takes one of the names of ICMPv6 as the other', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const { security_group } = (await member.post('/network/v2.0/security-groups', { security_group: { name: 'g' } }, 201)).body
  const make = (fields: object, expected: number) =>
    member.post(
      '/network/v2.0/security-group-rules',
      { security_group_rule: { ...basic, security_group_id: security_group.id, ...fields } },
      expected,
    )
  const made = (await make({ ethertype: 'IPv6', protocol: 'icmp' }, 201)).body.security_group_rule
  assert.equal(made.protocol, 'ipv6-icmp')
  const shown = (await member.get(`/network/v2.0/security-group-rules?protocol=ipv6-icmp&security_group_id=${security_group.id}`)).body
  assert.equal(shown.security_group_rules[0].id, made.id)
  for (const protocol of ['icmpv6', 'IPv6-ICMP', 58, '58']) await make({ ethertype: 'IPv6', protocol }, 409)
  assert.equal((await make({ protocol: 'TCP', port_range_min: 1, port_range_max: '2' }, 201)).body.security_group_rule.protocol, 'tcp')
  await make({ ethertype: 'IPv6', protocol: 'ipv6-frag' }, 400)
})
