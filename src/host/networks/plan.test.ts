import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bridgeLines } from './bridges.ts'
import { renderConfig } from './dhcp-files.ts'
import type { NetworkSpec } from './document.ts'
import type { NetworkHave } from './observe.ts'
import { planNetwork } from './plan.ts'

const id = '11111111-0000-4000-8000-000000000000'
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
const plain: NetworkSpec = { external: false, adminUp: true, mtu: 1450, dnsDomain: '', dhcpMac: 'fa:16:3e:aa:aa:aa', subnets: [subnet] }
const outer: NetworkSpec = { ...plain, external: true, subnets: [{ ...subnet, dhcp: false, dhcpIp: null }] }
const config = renderConfig('/run/x', id, plain)
const settled = (): NetworkHave => ({
  bridge: { mtu: 1450, up: true },
  dhcp: {
    end: { mac: 'fa:16:3e:aa:aa:aa', mtu: 1450, up: true, addresses: ['10.0.0.2/24', '169.254.169.254/32'] },
    config,
    metadata: true,
  },
  outside: null,
})
const outside = { mac: '02:00:00:00:00:01', mtu: 1450, up: true, addresses: ['10.0.0.1/24'] }
const change = (edit: (have: NetworkHave) => void) => {
  const have = settled()
  edit(have)
  return have
}

const cases: [string, NetworkSpec | undefined, NetworkHave | undefined, string[]][] = [
  ['nothing is there', plain, undefined, ['ensure bridge', 'make dhcp namespace', 'start dnsmasq', 'listen for metadata']],
  ['all is there', plain, settled(), []],
  [
    'the bridge is missing',
    plain,
    change((have) => {
      have.bridge = null
    }),
    ['ensure bridge', 'make dhcp namespace', 'start dnsmasq', 'listen for metadata'],
  ],
  ['the network is put down', { ...plain, adminUp: false }, settled(), ['ensure bridge']],
  ['the MTU changes', { ...plain, mtu: 1400 }, settled(), ['ensure bridge', 'make dhcp namespace', 'start dnsmasq', 'listen for metadata']],
  [
    'dnsmasq is dead',
    plain,
    change((have) => {
      have.dhcp!.config = null
    }),
    ['start dnsmasq'],
  ],
  [
    'the agent is new',
    plain,
    change((have) => {
      have.dhcp!.metadata = false
    }),
    ['listen for metadata'],
  ],
  [
    'the DHCP link is unplugged',
    plain,
    change((have) => {
      have.dhcp!.end = null
    }),
    ['make dhcp namespace', 'start dnsmasq', 'listen for metadata'],
  ],
  [
    'an address was lost',
    plain,
    change((have) => {
      have.dhcp!.end!.addresses.pop()
    }),
    ['address dhcp namespace'],
  ],
  ['a name server is added', { ...plain, subnets: [{ ...subnet, dnsNameservers: ['10.0.0.53'] }] }, settled(), ['start dnsmasq']],
  ['DHCP is switched off', { ...plain, subnets: [{ ...subnet, dhcp: false, dhcpIp: null }] }, settled(), ['remove dhcp namespace']],
  ['an external network is new', outer, undefined, ['ensure bridge', 'plug outside']],
  ['an external network is there', outer, { ...settled(), dhcp: null, outside }, []],
  [
    'its gateway moves',
    { ...outer, subnets: [{ ...outer.subnets[0]!, gatewayIp: '10.0.0.254' }] },
    { ...settled(), dhcp: null, outside },
    ['address outside'],
  ],
  ['it is not external any more', { ...outer, external: false }, { ...settled(), dhcp: null, outside }, ['unplug outside']],
  ['it is removed', undefined, { ...settled(), outside }, ['remove dhcp namespace', 'unplug outside', 'remove bridge']],
  ['it was never there', undefined, undefined, []],
]
for (const [name, want, have, steps] of cases) {
  test(`a network when ${name}`, () =>
    assert.deepEqual(
      planNetwork('/run/x', id, want, have).map((step) => step.do),
      steps,
    ))
}

test('bridges are made with the lowest free zones, and one that exists keeps its own', () => {
  const link = {
    ifname: 'br22222222000',
    ifalias: 'network:22222222-0000-4000-8000-000000000000',
    address: '',
    mtu: 1500,
    group: '1',
    flags: [],
  }
  const wishes = [id, '22222222-0000-4000-8000-000000000000', '33333333-0000-4000-8000-000000000000'].map((each) => ({
    id: each,
    mtu: 1450,
    up: true,
  }))
  assert.deepEqual(bridgeLines(wishes, [link]), [
    'link add name br11111111000 type bridge forward_delay 0 stp_state 0 mcast_snooping 0',
    'link set dev br11111111000 group 2 alias network:11111111-0000-4000-8000-000000000000',
    'link set dev br11111111000 mtu 1450 up',
    'link set dev br22222222000 mtu 1450 up',
    'link add name br33333333000 type bridge forward_delay 0 stp_state 0 mcast_snooping 0',
    'link set dev br33333333000 group 3 alias network:33333333-0000-4000-8000-000000000000',
    'link set dev br33333333000 mtu 1450 up',
  ])
})
