import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PortSpec } from '../ports/document.ts'
import { portLines, renderConfig, renderHosts } from './dhcp-files.ts'
import type { NetworkSpec } from './document.ts'
import { leasesGone, releasePacket } from './release-leases.ts'

const id = '11111111-0000-4000-8000-000000000000'
const subnet = {
  id: 's',
  ipVersion: 4 as const,
  cidr: '10.0.0.0/24',
  gatewayIp: '10.0.0.1' as string | null,
  dhcp: true,
  dhcpIp: '10.0.0.2',
  dnsNameservers: ['10.0.0.53', '10.0.0.54'],
  hostRoutes: [{ destination: '10.9.0.0/16', nexthop: '10.0.0.9' }],
}
const network: NetworkSpec = {
  external: false,
  adminUp: true,
  mtu: 1450,
  dnsDomain: 'example.org.',
  dhcpMac: null,
  subnets: [subnet, { ...subnet, cidr: '10.1.0.0/16', dhcpIp: '10.1.0.2', gatewayIp: null, dnsNameservers: [], hostRoutes: [] }],
}
const port: PortSpec = {
  networkId: id,
  mac: 'FA:16:3E:00:00:05',
  fixedIps: [
    { subnetId: 's', ip: '10.0.0.5', prefixLength: 24 },
    { subnetId: 't', ip: '10.1.0.5', prefixLength: 16 },
  ],
  adminUp: true,
  hostname: 'web',
  portSecurity: true,
  securityGroupIds: [],
  allowedAddressPairs: [],
  guestId: null,
  dhcpOptions: [],
}

test('the configuration of dnsmasq', () => {
  const folder = `/run/x/${id}`
  assert.equal(
    renderConfig('/run/x', id, network),
    `user=nobody
group=nogroup
no-hosts
no-resolv
no-ping
log-facility=-
bind-interfaces
interface=dhcp0
except-interface=lo
pid-file=${folder}/dnsmasq.pid
dhcp-leasefile=${folder}/leases
dhcp-hostsfile=${folder}/hosts
dhcp-optsfile=${folder}/options
addn-hosts=${folder}/names
dhcp-authoritative
dhcp-lease-max=65536
dhcp-option-force=option:mtu,1450
domain=example.org
local=/example.org/
expand-hosts
dhcp-range=set:subnet0,10.0.0.0,static,255.255.255.0,86400s
dhcp-option=tag:subnet0,option:router,10.0.0.1
dhcp-option=tag:subnet0,option:dns-server,10.0.0.53,10.0.0.54
dhcp-option=tag:subnet0,option:classless-static-route,169.254.169.254/32,10.0.0.2,10.9.0.0/16,10.0.0.9,0.0.0.0/0,10.0.0.1
dhcp-option=tag:subnet0,249,169.254.169.254/32,10.0.0.2,10.9.0.0/16,10.0.0.9,0.0.0.0/0,10.0.0.1
dhcp-range=set:subnet1,10.1.0.0,static,255.255.0.0,86400s
dhcp-option=tag:subnet1,option:router
dhcp-option=tag:subnet1,option:dns-server,10.1.0.2
dhcp-option=tag:subnet1,option:classless-static-route,169.254.169.254/32,10.1.0.2
dhcp-option=tag:subnet1,249,169.254.169.254/32,10.1.0.2
`,
  )
})

test('the entries of ports: one address in each subnet, a tag where there are options', () => {
  const other = {
    ...port,
    mac: 'fa:16:3e:00:00:06',
    hostname: 'db',
    fixedIps: [{ subnetId: 's', ip: '10.0.0.6', prefixLength: 24 }],
    dhcpOptions: [
      { option: '67', value: 'boot.img', ipVersion: 4 as const },
      { option: 'server-ip-address', value: '10.0.0.9', ipVersion: 4 as const },
    ],
  }
  assert.deepEqual(
    renderHosts(
      network,
      new Map([
        ['22222222-0000-4000-8000-000000000000', port],
        ['33333333-0000-4000-8000-000000000000', other],
      ]),
    ),
    {
      hosts: 'fa:16:3e:00:00:05,web,10.0.0.5\nfa:16:3e:00:00:05,web,10.1.0.5\nfa:16:3e:00:00:06,set:port33333333000,db,10.0.0.6\n',
      options: 'tag:port33333333000,67,boot.img\ntag:port33333333000,option:server-ip-address,10.0.0.9\n',
      names: '10.0.0.5 web\n10.0.0.6 db\n10.1.0.5 web\n',
    },
  )
})

const hostile = ['a\nb', 'a\0b', 'a\rb', 'a\u2028b', 'a"b', 'a\\b', 'a#b']
for (const value of hostile) {
  test(`security-13: ${JSON.stringify(value)} is written to none of dnsmasq's files`, () => {
    const of = (more: Partial<PortSpec>) => portLines(network, id, { ...port, ...more })
    assert.throws(() => of({ hostname: value }), /is not a host name/)
    assert.throws(() => of({ mac: value }), /is not a MAC/)
    assert.throws(() => of({ fixedIps: [{ subnetId: 's', ip: value, prefixLength: 24 }] }), /is not an address/)
    assert.throws(() => of({ dhcpOptions: [{ option: '67', value, ipVersion: 4 }] }), /cannot be the value/)
    assert.throws(() => of({ dhcpOptions: [{ option: value, value: 'x', ipVersion: 4 }] }), /is not a DHCP option/)
    assert.equal(renderHosts(network, new Map([[id, { ...port, hostname: value }]])).hosts, '')
    const config = (more: Partial<NetworkSpec>) => renderConfig('/run/x', id, { ...network, ...more })
    assert.throws(() => config({ dnsDomain: value }), /is not a domain name/)
    assert.throws(() => config({ subnets: [{ ...subnet, gatewayIp: value }] }), /is not an address/)
    assert.throws(() => config({ subnets: [{ ...subnet, dnsNameservers: [value] }] }), /is not an address/)
    assert.throws(
      () => config({ subnets: [{ ...subnet, hostRoutes: [{ destination: value, nexthop: '10.0.0.9' }] }] }),
      /is not an address/,
    )
    assert.throws(() => renderConfig('/run/x', value, network), /is not a UUID/)
  })
}

test('leases that are gone are released', () => {
  assert.deepEqual(leasesGone('m1,a,10.0.0.5\nm2,set:x,b,10.0.0.6\n', 'm2,b,10.0.0.6\nm3,c,10.0.0.5\n'), [{ mac: 'm1', ip: '10.0.0.5' }])
  const packet = releasePacket({ mac: 'fa:16:3e:00:00:05', ip: '10.0.0.5' }, '10.0.0.2', Buffer.from('01020304', 'hex'))
  assert.equal(packet.subarray(0, 34).toString('hex'), '01010600' + '01020304' + '00000000' + '0a000005' + '00'.repeat(12) + 'fa163e000005')
  assert.equal(packet.subarray(236).toString('hex'), '63825363' + '350107' + '36040a000002' + 'ff')
})
