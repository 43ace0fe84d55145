import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PortSpec } from './document.ts'
import { guardInForce, guardRemoval, guardScript, portGuard, readGuards } from './guard.ts'
import { type PortHave, planPort } from './plan.ts'
import { plugLines, removalLines, tapLines } from './taps.ts'

const id = '44444444-0000-4000-8000-000000000000'
const port: PortSpec = {
  networkId: '11111111-0000-4000-8000-000000000000',
  mac: 'fa:16:3e:00:00:05',
  fixedIps: [
    { subnetId: 's', ip: '10.0.0.5', prefixLength: 24 },
    { subnetId: 't', ip: 'fd00::5', prefixLength: 64 },
  ],
  adminUp: true,
  hostname: 'web',
  portSecurity: true,
  securityGroupIds: [],
  allowedAddressPairs: [],
  guestId: null,
  dhcpOptions: [],
}
const guard = portGuard(id, port)!
const settled: PortHave = { tap: { mtu: 1450, up: true, bridge: 'br11111111000' }, guard: guard.hash, filtered: true, dhcp: true }
const want = { port, mtu: 1450, guard }

const cases: [string, Parameters<typeof planPort>[0], PortHave | undefined, string[]][] = [
  ['nothing is there', want, undefined, ['make tap', 'guard', 'put filter in force', 'write dhcp entries', 'plug']],
  ['all is there', want, settled, []],
  ['the guard was lost', want, { ...settled, guard: null }, ['unplug', 'guard', 'plug']],
  ['its addresses change', want, { ...settled, guard: 'old' }, ['guard']],
  ['the rules change', want, { ...settled, filtered: false }, ['put filter in force']],
  ['it was unplugged', want, { ...settled, tap: { mtu: 1450, up: true, bridge: null } }, ['plug']],
  ['it is in another network', want, { ...settled, tap: { mtu: 1450, up: true, bridge: 'br22222222000' } }, ['unplug', 'plug']],
  ['it is put down', { ...want, port: { ...port, adminUp: false } }, settled, ['unplug']],
  ['it is down', { ...want, port: { ...port, adminUp: false } }, { ...settled, tap: { mtu: 1450, up: false, bridge: null } }, []],
  ['port security is switched off', { ...want, guard: null }, settled, ['remove guard']],
  ['the MTU changes', { ...want, mtu: 1400 }, settled, ['plug']],
  ['it is removed', undefined, settled, ['remove tap', 'put filter in force', 'write dhcp entries']],
  ['it was never there', undefined, undefined, []],
]
for (const [name, wish, have, steps] of cases)
  test(`a port when ${name}`, () =>
    assert.deepEqual(
      planPort(wish, have).map((step) => step.do),
      steps,
    ))

test('a tap is made for the guests user and plugged by lines of ip', () => {
  assert.deepEqual(tapLines({ tapAs: 'tap' }, id, 1450), [
    'tuntap add dev tap44444444000 mode tap user 0',
    `link set dev tap44444444000 alias port:${id}`,
    'link set dev tap44444444000 mtu 1450',
  ])
  assert.deepEqual(plugLines({ id, networkId: port.networkId, mtu: 1450 }), [
    'link set dev tap44444444000 mtu 1450 master br11111111000 up',
  ])
  assert.deepEqual(removalLines(['tap1', 'tap2']), [
    'link set dev tap1 group 100000',
    'link set dev tap2 group 100000',
    'link delete group 100000',
  ])
  assert.deepEqual(plugLines({ id, networkId: null, mtu: 0 }), ['link set dev tap44444444000 nomaster down'])
})

test('the guard of a port', () => {
  const pairs = [
    { ip: '10.7.0.0/16', mac: null },
    { ip: '0.0.0.0/0', mac: 'fa:16:3e:00:00:77' },
    { ip: 'fd01::/64', mac: null },
  ]
  const guarded = portGuard(id, { ...port, allowedAddressPairs: pairs })!
  const old = new Map([['tap44444444000', [{ hash: '01d', inForce: true }]]])
  assert.equal(
    guardScript([guarded], old).replaceAll('tap44444444000', 'TAP').replaceAll(guarded.hash, 'HASH'),
    `table netdev nephos {
	chain nd-TAP-HASH {
		meta l4proto ipv6-icmp @th,64,128 0xfd000000000000000000000000000005 return
		meta l4proto ipv6-icmp @th,64,64 0xfd01000000000000 return
		meta l4proto ipv6-icmp @th,64,128 0xfe80000000000000f8163efffe000005 return
		meta l4proto ipv6-icmp @th,64,128 0xfe80000000000000f8163efffe000077 return
		ether saddr fa:16:3e:00:00:05 udp dport 67 @th,256,80 0xfa163e000005 return
		ether saddr fa:16:3e:00:00:77 udp dport 67 @th,256,80 0xfa163e000077 return
		drop
	}
	chain TAP-HASH {
		type filter hook ingress device "TAP" priority 0; policy drop;
		ether saddr != { fa:16:3e:00:00:05, fa:16:3e:00:00:77 } drop
		udp sport 67 udp dport 68 drop
		udp sport 547 udp dport 546 drop
		icmpv6 type nd-router-advert drop
		icmpv6 type nd-redirect drop
		icmpv6 type nd-neighbor-advert jump nd-TAP-HASH
		ip6 saddr :: icmpv6 type nd-neighbor-solicit jump nd-TAP-HASH
		udp dport 67 jump nd-TAP-HASH
		ether saddr fa:16:3e:00:00:05 ip saddr 0.0.0.0 ip daddr 255.255.255.255 udp sport 68 udp dport 67 accept
		ether saddr fa:16:3e:00:00:05 ip6 saddr :: ip6 daddr ff02::/16 icmpv6 type { nd-neighbor-solicit, nd-router-solicit, mld-listener-report, mld2-listener-report } accept
		ether saddr fa:16:3e:00:00:77 ip saddr 0.0.0.0 ip daddr 255.255.255.255 udp sport 68 udp dport 67 accept
		ether saddr fa:16:3e:00:00:77 ip6 saddr :: ip6 daddr ff02::/16 icmpv6 type { nd-neighbor-solicit, nd-router-solicit, mld-listener-report, mld2-listener-report } accept
		ether saddr fa:16:3e:00:00:05 ip saddr 10.0.0.5/32 accept
		ether saddr fa:16:3e:00:00:05 arp saddr ether fa:16:3e:00:00:05 arp saddr ip 10.0.0.5/32 accept
		ether saddr fa:16:3e:00:00:05 arp operation request arp saddr ether fa:16:3e:00:00:05 arp saddr ip 0.0.0.0 arp daddr ip 10.0.0.5/32 accept
		ether saddr fa:16:3e:00:00:05 ip saddr 10.7.0.0/16 accept
		ether saddr fa:16:3e:00:00:05 arp saddr ether fa:16:3e:00:00:05 arp saddr ip 10.7.0.0/16 accept
		ether saddr fa:16:3e:00:00:05 arp operation request arp saddr ether fa:16:3e:00:00:05 arp saddr ip 0.0.0.0 arp daddr ip 10.7.0.0/16 accept
		ether saddr fa:16:3e:00:00:77 ether type ip accept
		ether saddr fa:16:3e:00:00:77 arp saddr ether fa:16:3e:00:00:77 accept
		ether saddr fa:16:3e:00:00:77 arp operation request arp saddr ether fa:16:3e:00:00:77 arp saddr ip 0.0.0.0 accept
		ether saddr fa:16:3e:00:00:05 ip6 saddr fd00::5/128 accept
		ether saddr fa:16:3e:00:00:05 ip6 saddr fd01::/64 accept
		ether saddr fa:16:3e:00:00:05 ip6 saddr fe80::f816:3eff:fe00:5/128 accept
		ether saddr fa:16:3e:00:00:77 ip6 saddr fe80::f816:3eff:fe00:77/128 accept
	}
}
delete chain netdev nephos TAP-01d
delete chain netdev nephos nd-TAP-01d
`,
  )
  const there = new Map([['tap44444444000', [{ hash: guarded.hash, inForce: true }]]])
  assert.equal(guardScript([guarded], there), 'table netdev nephos {\n}\n')
  assert.equal(
    guardRemoval(['tap44444444000', 'tap1'], old),
    'delete chain netdev nephos tap44444444000-01d\ndelete chain netdev nephos nd-tap44444444000-01d\n',
  )
})

test('a guard counts only when its chain is the one of its tap, bound to it, and drops by default', () => {
  const tap = 'tap44444444000'
  const chain = (hash: string, head: string) =>
    `\tchain nd-${tap}-${hash} {\n\t}\n\tchain ${tap}-${hash} {\n\t\ttype filter hook ingress ${head}\n\t}\n`
  const of = (...chains: string[]) => guardInForce(readGuards(`table netdev nephos {\n${chains.join('')}}\n`), tap)
  const good = `device "${tap}" priority filter; policy drop;`
  assert.equal(of(chain('abc', good)), 'abc')
  assert.equal(of(chain('abc', good.replace('drop', 'accept'))), null)
  assert.equal(of(chain('abc', good.replace(tap, 'tap5'))), null)
  assert.equal(of(chain('abc', good), chain('def', good)), null)
  assert.equal(of(), null)
})
