import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { NetworkSpec } from '../networks/document.ts'
import type { RouterSpec } from './document.ts'
import { renderNat } from './nat.ts'
import { isEmpty, planRouter, type RouterHave } from './plan.ts'

const id = (digit: number) => `${String(digit).repeat(8)}-0000-4000-8000-000000000000`
const [inner, outer, innerPort, outerPort, router] = [id(1), id(2), id(3), id(4), id(5)]
const network: NetworkSpec = { external: false, adminUp: true, mtu: 1450, dnsDomain: '', dhcpMac: null, subnets: [] }
const networks = new Map([
  [inner, network],
  [outer, { ...network, external: true, mtu: 1500 }],
])
const want: RouterSpec = {
  adminUp: true,
  interfaces: [
    { portId: innerPort, networkId: inner, mac: 'fa:16:3e:00:00:01', fixedIps: [{ subnetId: 's', ip: '10.0.0.1', prefixLength: 24 }] },
  ],
  gateway: {
    portId: outerPort,
    networkId: outer,
    mac: 'fa:16:3e:00:00:02',
    fixedIps: [{ subnetId: 't', ip: '172.24.4.5', prefixLength: 24 }],
    gatewayIps: ['172.24.4.1'],
    snat: true,
  },
  floatingIps: [{ id: 'f', floatingIp: '172.24.4.10', fixedIp: '10.0.0.5' }],
  routes: [{ destination: '10.9.0.0/16', nexthop: '10.0.0.9' }],
}
const settled = (): RouterHave => ({
  namespace: true,
  links: new Map([
    ['if33333333000', { mac: 'fa:16:3e:00:00:01', mtu: 1450, up: true, addresses: ['10.0.0.1/24'], bridge: 'br11111111000' }],
    [
      'gw44444444000',
      { mac: 'fa:16:3e:00:00:02', mtu: 1500, up: true, addresses: ['172.24.4.5/24', '172.24.4.10/32'], bridge: 'br22222222000' },
    ],
  ]),
  plugs: ['rt33333333000', 'gp44444444000'],
  routes: ['default via 172.24.4.1', '10.9.0.0/16 via 10.0.0.9'],
  nat: renderNat(want).hash,
})
const plan = (wish: RouterSpec, have: RouterHave | undefined) => planRouter('ns', router, wish, networks, have)

test('a router is made', () => {
  const { plug, nat, ...rest } = plan(want, undefined)
  assert.deepEqual(
    plug.map((each) => [each.inside, each.plug, each.bridge, each.mtu, each.mac]),
    [
      ['if33333333000', 'rt33333333000', 'br11111111000', 1450, 'fa:16:3e:00:00:01'],
      ['gw44444444000', 'gp44444444000', 'br22222222000', 1500, 'fa:16:3e:00:00:02'],
    ],
  )
  assert.equal(nat, renderNat(want).script)
  assert.deepEqual(rest, {
    makeNamespace: true,
    unplug: [],
    forget: [],
    lines: [
      'link set dev lo up',
      'addr add 10.0.0.1/24 dev if33333333000',
      'link set dev if33333333000 up',
      'addr add 172.24.4.5/24 dev gw44444444000',
      'addr add 172.24.4.10/32 dev gw44444444000',
      'link set dev gw44444444000 up',
      'route replace default via 172.24.4.1 proto static',
      'route replace 10.9.0.0/16 via 10.0.0.9 proto static',
    ],
    announce: [
      { link: 'if33333333000', address: '10.0.0.1' },
      { link: 'gw44444444000', address: '172.24.4.5' },
      { link: 'gw44444444000', address: '172.24.4.10' },
    ],
  })
})

test('a router that is as wished is left alone', () => assert.ok(isEmpty(plan(want, settled()))))

test('another floating IP touches nothing else', () => {
  const more = { ...want, floatingIps: [...want.floatingIps, { id: 'g', floatingIp: '172.24.4.11', fixedIp: '10.0.0.6' }] }
  const found = plan(more, settled())
  assert.deepEqual([found.makeNamespace, found.unplug, found.plug, found.forget], [false, [], [], []])
  assert.deepEqual(found.lines, [
    'addr add 172.24.4.11/32 dev gw44444444000',
    'route replace default via 172.24.4.1 proto static',
    'route replace 10.9.0.0/16 via 10.0.0.9 proto static',
  ])
  assert.deepEqual(found.announce, [{ link: 'gw44444444000', address: '172.24.4.11' }])
  assert.equal(found.nat, renderNat(more).script)
})

test('an interface is taken away', () => {
  const found = plan({ ...want, interfaces: [], routes: [] }, settled())
  assert.deepEqual([found.unplug, found.plug, found.forget], [['rt33333333000'], [], ['route del 10.9.0.0/16 via 10.0.0.9 proto static']])
})

test('a link to a bridge that was made anew is made anew', () => {
  const have = settled()
  have.links.delete('if33333333000')
  const found = plan(want, have)
  assert.deepEqual([found.unplug, found.plug.map(({ plug }) => plug)], [['rt33333333000'], ['rt33333333000']])
})

test('a router on a network that is not here is a fault', () =>
  assert.throws(() => planRouter('ns', router, want, new Map(), undefined), /is not on this host/))

test('the translation of addresses', () => {
  assert.equal(
    renderNat(want).script.replaceAll(/"[0-9a-f]{32}"/g, 'HASH'),
    `add table ip nephos
delete table ip nephos
table ip nephos {
	comment HASH
	chain prerouting {
		type nat hook prerouting priority dstnat; policy accept;
		dnat to ip daddr map { 172.24.4.10 : 10.0.0.5 }
	}
	chain postrouting {
		type nat hook postrouting priority srcnat; policy accept;
		oifname "gw44444444000" snat to ip saddr map { 10.0.0.5 : 172.24.4.10 }
		oifname "gw44444444000" ip saddr != 172.24.4.5 snat to 172.24.4.5
		iifname != "gw44444444000" oifname != "gw44444444000" ct status dnat snat to 172.24.4.5
	}
	chain forward {
		type filter hook forward priority filter; policy accept;
		iifname != { "if33333333000" } ip saddr 10.0.0.0/24 drop
		iifname != { "gw44444444000" } ip saddr 172.24.4.0/24 drop
		ct status dnat ct original ip daddr . ct reply ip saddr != { 172.24.4.10 . 10.0.0.5 } drop
		ct status snat ct reply ip daddr != 172.24.4.5 ct original ip saddr . ct reply ip daddr != { 10.0.0.5 . 172.24.4.10 } drop
	}
}
add table ip6 nephos
delete table ip6 nephos
table ip6 nephos {
	comment HASH
	chain forward {
		type filter hook forward priority filter; policy accept;
	}
}
`,
  )
  const rules = (router: RouterSpec) =>
    renderNat(router)
      .script.split('\n')
      .filter((line) => /^\t\t(?!type)/.test(line))
      .map((line) => line.trim())
      .filter((line) => !/saddr \S+ drop$/.test(line))
  assert.deepEqual(rules({ ...want, gateway: null }), ['ct status dnat drop', 'ct status snat drop'])
  assert.deepEqual(rules({ ...want, floatingIps: [], gateway: { ...want.gateway!, snat: false } }), [
    'iifname != "gw44444444000" oifname != "gw44444444000" ct status dnat snat to 172.24.4.5',
    'ct status dnat drop',
    'ct status snat ct reply ip daddr != 172.24.4.5 drop',
  ])
})
