import assert from 'node:assert/strict'
import { test } from 'node:test'
import { canonicalRules } from '../commands/iptables.ts'
import type { HostDocument } from '../documents.ts'
import { wantedOf } from '../networks/wanted.ts'
import type { FirewallRule } from './document.ts'
import { ruleMatch } from './rule-match.ts'
import { renderRuleset } from './ruleset.ts'

const id = (digit: number) => `${String(digit).repeat(8)}-0000-4000-8000-000000000000`
const [net, web, admin, open, closed] = [id(1), id(2), id(3), id(5), id(4)]
const rule = (more: Partial<FirewallRule>): FirewallRule => ({
  direction: 'ingress',
  ipVersion: 4,
  protocol: null,
  portMin: null,
  portMax: null,
  remoteCidr: null,
  remoteGroupId: null,
  ...more,
})
const port = {
  networkId: net,
  mac: 'fa:16:3e:00:00:05',
  fixedIps: [],
  adminUp: true,
  hostname: 'web',
  portSecurity: true,
  securityGroupIds: [web],
  allowedAddressPairs: [],
  guestId: null,
  dhcpOptions: [],
}
const subnet = {
  id: 's',
  ipVersion: 4 as const,
  cidr: '10.0.0.0/24',
  gatewayIp: '10.0.0.1',
  dhcp: true,
  dhcpIp: '10.0.0.2',
  dnsNameservers: [],
  hostRoutes: [],
}
const webRules = [
  rule({ direction: 'egress' }),
  rule({ direction: 'egress', ipVersion: 6 }),
  rule({ protocol: 6, portMin: 80, portMax: 80 }),
  rule({ protocol: 6, portMin: 8000, portMax: 8100, remoteCidr: '192.0.2.7/24' }),
  rule({ protocol: 1, portMin: 8, portMax: 0 }),
  rule({ remoteGroupId: admin }),
  rule({ protocol: 132, portMin: 5, portMax: 5 }),
  rule({ protocol: 47 }),
  rule({ ipVersion: 6, protocol: 58, portMin: 128 }),
]
const documents = (rules: FirewallRule[]): HostDocument[] => [
  {
    kind: 'network',
    id: net,
    generation: 1,
    spec: { external: false, adminUp: true, mtu: 1450, dnsDomain: '', dhcpMac: null, subnets: [subnet] },
  },
  { kind: 'security-group', id: web, generation: 1, spec: { members: ['10.0.0.5', 'fd00::5'], rules } },
  { kind: 'security-group', id: admin, generation: 1, spec: { members: ['10.0.0.6', '10.8.0.0/16'], rules: [] } },
  { kind: 'port', id: closed, generation: 1, spec: port },
  { kind: 'port', id: open, generation: 1, spec: { ...port, portSecurity: false, securityGroupIds: [] } },
]
const zones = new Map([[net, 7]])

test('the ruleset of IPv4', () => {
  const { text, faults } = renderRuleset(4, wantedOf(documents(webRules)), zones)
  assert.deepEqual([...faults], [])
  assert.equal(
    text,
    `*raw
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
-A PREROUTING -i br11111111000 -j CT --zone 7
COMMIT
*mangle
:PREROUTING ACCEPT [0:0]
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:from-any - [0:0]
:from-net-11111111000 - [0:0]
:from-port-44444444000 - [0:0]
:from-group-22222222000 - [0:0]
-A from-any -p 17 -m udp --sport 68 --dport 67 -j ACCEPT
-A from-any -m conntrack --ctstate INVALID -j DROP
-A from-any -m conntrack --ctstate RELATED -j ACCEPT
-A from-any -m conntrack --ctstate ESTABLISHED --ctdir REPLY -j ACCEPT
-A PREROUTING -i br11111111000 -j from-net-11111111000
-A from-net-11111111000 -m physdev --physdev-in tap44444444000 -j from-port-44444444000
-A from-net-11111111000 -m physdev --physdev-in tap55555555000 -j ACCEPT
-A from-net-11111111000 -m physdev --physdev-in tap+ -j DROP
-A from-port-44444444000 -j from-any
-A from-port-44444444000 -j from-group-22222222000
-A from-port-44444444000 -j DROP
-A from-group-22222222000 -j ACCEPT
COMMIT
*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
:to-any - [0:0]
:to-net-11111111000 - [0:0]
:to-port-44444444000 - [0:0]
:to-group-22222222000 - [0:0]
:to-member-33333333000 - [0:0]
-A to-any -m conntrack --ctstate INVALID -j DROP
-A to-any -m conntrack --ctstate RELATED -j ACCEPT
-A to-any -m conntrack --ctstate ESTABLISHED --ctdir REPLY -j ACCEPT
-A FORWARD -i br11111111000 -j to-net-11111111000
-A to-net-11111111000 -s 10.0.0.2/32 -p 17 -m udp --sport 67 --dport 68 -j ACCEPT
-A to-net-11111111000 -m physdev --physdev-out tap44444444000 -j to-port-44444444000
-A to-net-11111111000 -m physdev --physdev-out tap55555555000 -j ACCEPT
-A to-net-11111111000 -m physdev --physdev-out tap+ -j DROP
-A to-net-11111111000 -j ACCEPT
-A to-port-44444444000 -j to-any
-A to-port-44444444000 -j to-group-22222222000
-A to-port-44444444000 -j DROP
-A to-group-22222222000 -p 6 -m tcp --dport 80 -j ACCEPT
-A to-group-22222222000 -s 192.0.2.0/24 -p 6 -m tcp --dport 8000:8100 -j ACCEPT
-A to-group-22222222000 -p 1 -m icmp --icmp-type 8/0 -j ACCEPT
-A to-group-22222222000 -j to-member-33333333000
-A to-group-22222222000 -p 132 -m multiport --dports 5 -j ACCEPT
-A to-group-22222222000 -p 47 -j ACCEPT
-A to-member-33333333000 -s 10.0.0.6/32 -j ACCEPT
-A to-member-33333333000 -s 10.8.0.0/16 -j ACCEPT
COMMIT
`,
  )
})

test('the ruleset of IPv6', () => {
  assert.equal(
    renderRuleset(6, wantedOf(documents(webRules)), zones).text,
    `*raw
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
-A PREROUTING -i br11111111000 -j CT --zone 7
COMMIT
*mangle
:PREROUTING ACCEPT [0:0]
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:from-any - [0:0]
:from-net-11111111000 - [0:0]
:from-port-44444444000 - [0:0]
:from-group-22222222000 - [0:0]
-A from-any -p 58 -m icmp6 --icmpv6-type 131 -j ACCEPT
-A from-any -p 58 -m icmp6 --icmpv6-type 132 -j ACCEPT
-A from-any -p 58 -m icmp6 --icmpv6-type 133 -j ACCEPT
-A from-any -p 58 -m icmp6 --icmpv6-type 135 -j ACCEPT
-A from-any -p 58 -m icmp6 --icmpv6-type 136 -j ACCEPT
-A from-any -p 58 -m icmp6 --icmpv6-type 143 -j ACCEPT
-A from-any -p 17 -m udp --sport 546 --dport 547 -j ACCEPT
-A from-any -m conntrack --ctstate INVALID -j DROP
-A from-any -m conntrack --ctstate RELATED -j ACCEPT
-A from-any -m conntrack --ctstate ESTABLISHED --ctdir REPLY -j ACCEPT
-A PREROUTING -i br11111111000 -j from-net-11111111000
-A from-net-11111111000 -m physdev --physdev-in tap44444444000 -j from-port-44444444000
-A from-net-11111111000 -m physdev --physdev-in tap55555555000 -j ACCEPT
-A from-net-11111111000 -m physdev --physdev-in tap+ -j DROP
-A from-port-44444444000 -j from-any
-A from-port-44444444000 -j from-group-22222222000
-A from-port-44444444000 -j DROP
-A from-group-22222222000 -j ACCEPT
COMMIT
*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
:to-any - [0:0]
:to-net-11111111000 - [0:0]
:to-port-44444444000 - [0:0]
:to-group-22222222000 - [0:0]
-A to-any -p 58 -m icmp6 --icmpv6-type 130 -j ACCEPT
-A to-any -p 58 -m icmp6 --icmpv6-type 134 -j ACCEPT
-A to-any -p 58 -m icmp6 --icmpv6-type 135 -j ACCEPT
-A to-any -p 58 -m icmp6 --icmpv6-type 136 -j ACCEPT
-A to-any -p 17 -m udp --sport 547 --dport 546 -j ACCEPT
-A to-any -m conntrack --ctstate INVALID -j DROP
-A to-any -m conntrack --ctstate RELATED -j ACCEPT
-A to-any -m conntrack --ctstate ESTABLISHED --ctdir REPLY -j ACCEPT
-A FORWARD -i br11111111000 -j to-net-11111111000
-A to-net-11111111000 -m physdev --physdev-out tap44444444000 -j to-port-44444444000
-A to-net-11111111000 -m physdev --physdev-out tap55555555000 -j ACCEPT
-A to-net-11111111000 -m physdev --physdev-out tap+ -j DROP
-A to-net-11111111000 -j ACCEPT
-A to-port-44444444000 -j to-any
-A to-port-44444444000 -j to-group-22222222000
-A to-port-44444444000 -j DROP
-A to-group-22222222000 -p 58 -m icmp6 --icmpv6-type 128 -j ACCEPT
COMMIT
`,
  )
})

test('security-12: a rule that cannot be expressed is a fault of its group, and lets nothing in', () => {
  const odd = [
    { protocol: 47, portMin: 1 },
    { protocol: 300 },
    { protocol: 1, portMin: 255 },
    { protocol: 0 },
    { portMin: 80 },
    { protocol: 6, portMin: 90, portMax: 80 },
    { protocol: 6, portMin: -1 },
    { protocol: 1, portMax: 3 },
    { remoteCidr: 'fd00::/64' },
    { remoteCidr: '10.0.0.0/33' },
    { remoteCidr: 'x\n-A FORWARD -j ACCEPT' },
  ]
  for (const each of odd) {
    const { text, faults } = renderRuleset(4, wantedOf(documents([rule(each)])), zones)
    assert.deepEqual([...faults.keys()], [web], JSON.stringify(each))
    assert.doesNotMatch(text, /-A to-group/)
  }
})

test('what a rule matches', () => {
  const matches: [Partial<FirewallRule>, string][] = [
    [{}, ''],
    [{ direction: 'egress', remoteCidr: '10.1.2.3' }, ' -d 10.1.2.3/32'],
    [{ remoteCidr: '0.0.0.0/0' }, ''],
    [{ protocol: 6, portMin: 0, portMax: 65_535 }, ' -p 6'],
    [{ protocol: 17, portMin: 53, portMax: 53 }, ' -p 17 -m udp --dport 53'],
    [{ protocol: 33, portMin: 1, portMax: 9 }, ' -p 33 -m multiport --dports 1:9'],
    [{ protocol: 1 }, ' -p 1'],
    [{ protocol: 1, portMin: 8 }, ' -p 1 -m icmp --icmp-type 8'],
    [{ ipVersion: 6, protocol: 1, portMin: 128, portMax: 0 }, ' -p 58 -m icmp6 --icmpv6-type 128/0'],
    [{ ipVersion: 6, remoteCidr: 'FD00:0::1/64' }, ' -s fd00::/64'],
  ]
  for (const [given, match] of matches) assert.equal(ruleMatch(rule(given)), match)
})

test('what iptables-save prints and what was asked are compared in one form', () => {
  const asked = '*filter\n:FORWARD DROP [0:0]\n:b - [0:0]\n:a - [0:0]\n-A FORWARD -j a\n-A a -p 6 -m tcp --dport 80 -j ACCEPT\nCOMMIT\n'
  const saved =
    '# Generated\n*filter\n:FORWARD DROP [17:4]\n:a - [0:0]\n:b - [0:0]\n-A FORWARD -j a\n-A a -p tcp -m tcp --dport 80 -j ACCEPT\nCOMMIT\n# Completed\n'
  const names = new Map([['tcp', 6]])
  assert.equal(canonicalRules(saved, names), canonicalRules(asked, names))
  assert.notEqual(canonicalRules(saved.replace('80', '81'), names), canonicalRules(asked, names))
  assert.notEqual(canonicalRules(saved.replace('FORWARD DROP', 'FORWARD ACCEPT'), names), canonicalRules(asked, names))
  assert.notEqual(canonicalRules(saved.replace('-A FORWARD -j a\n', ''), names), canonicalRules(asked, names))
})
