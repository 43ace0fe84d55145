// security class 11: what a guest may send. The guests here are namespaces whose root lies as a hostile guest would.
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { egress, inSomeTry, network, port, rule, subnet, testMachine, uuid } from '../../testing/host/machine.ts'
import { ipBatch } from '../commands/ip.ts'

const [macA, macB] = ['fa:16:3e:00:00:0a', 'fa:16:3e:00:00:0b']

async function pair(options: { dhcp?: boolean; pairs?: { ip: string; mac: string | null }[]; portSecurity?: boolean } = {}) {
  const machine = await testMachine()
  const [net, group, a, b] = [uuid(), uuid(), uuid(), uuid()]
  const dhcp = options.dhcp ?? true
  await machine.put(
    { kind: 'network', id: net, spec: network({ subnets: [subnet('10.0.0', dhcp ? {} : { dhcp: false, dhcpIp: null })] }) },
    { kind: 'security-group', id: group, spec: { rules: [...egress, rule({}), rule({ ipVersion: 6 })], members: [] } },
    {
      kind: 'port',
      id: a,
      spec: port(net, macA, '10.0.0.10', {
        securityGroupIds: [group],
        allowedAddressPairs: options.pairs ?? [],
        portSecurity: options.portSecurity ?? true,
      }),
    },
    { kind: 'port', id: b, spec: port(net, macB, '10.0.0.11', { securityGroupIds: [group] }) },
  )
  const guestA = await machine.guest(a, macA)
  const guestB = await machine.guest(b, macB)
  await guestA.address('10.0.0.10/24')
  await guestB.address('10.0.0.11/24')
  return { machine, guestA, guestB }
}

test('security-11: the own address passes, a foreign one is dropped, unless an address pair allows it', async () => {
  const { machine, guestA, guestB } = await pair({ pairs: [{ ip: '10.0.0.77', mac: null }] })
  await using _ = machine
  assert.equal(await guestA.reaches('10.0.0.11'), true)
  await guestA.address('10.0.0.66/24')
  await guestA.address('10.0.0.77/24')
  const spoofed = await guestB.counting('ip saddr 10.0.0.66')
  await guestA.succeeds(guestA.busybox('ping', '-c', '2', '-W', '1', '-I', '10.0.0.66', '10.0.0.11'))
  assert.equal(await spoofed(), 0)
  const fromAllowed = () => guestA.succeeds(guestA.busybox('ping', '-c', '1', '-W', '1', '-I', '10.0.0.77', '10.0.0.11'))
  assert.equal(await inSomeTry(fromAllowed), true)
})

test('security-11: a foreign MAC is dropped', async () => {
  const { machine, guestA, guestB } = await pair()
  await using _ = machine
  const arrived = await guestB.counting('ether saddr fa:16:3e:99:99:99')
  await ipBatch(guestA.namespace, ['link set dev eth0 down', 'link set dev eth0 address fa:16:3e:99:99:99', 'link set dev eth0 up'])
  assert.equal(await guestA.pings('10.0.0.11'), false)
  assert.equal(await arrived(), 0)
})

test('security-11: ARP for an address of another is not heard', async () => {
  const { machine, guestA, guestB } = await pair()
  await using _ = machine
  await guestA.address('10.0.0.1/24')
  const lies = await guestB.counting('arp saddr ip 10.0.0.1')
  await guestA.succeeds(guestA.busybox('arping', '-U', '-c', '2', '-w', '2', '-I', 'eth0', '-s', '10.0.0.1', '10.0.0.1'))
  assert.equal(await lies(), 0)
  const truths = await guestB.counting('arp saddr ip 10.0.0.10')
  await guestA.succeeds(guestA.busybox('arping', '-U', '-c', '2', '-w', '2', '-I', 'eth0', '-s', '10.0.0.10', '10.0.0.10'))
  assert.ok((await truths()) > 0)
})

test('security-11: a DHCP server on a guest is not heard by another', async () => {
  const { machine, guestA, guestB } = await pair({ dhcp: false })
  await using _ = machine
  const stop = new AbortController()
  const config = join(machine.folder, 'udhcpd.conf')
  const lines = ['interface eth0', 'start 10.0.0.200', 'end 10.0.0.210', `lease_file ${config}.leases`, `pidfile ${config}.pid`]
  await writeFile(config, `${lines.join('\n')}\n`)
  await writeFile(`${config}.leases`, '')
  const rogue = guestA.run('busybox', ['udhcpd', '-f', config], { signal: stop.signal }).catch(() => {})
  const requests = await guestA.counting('udp dport 67')
  const offers = await guestB.counting('udp sport 67')
  assert.equal(await guestB.dhcp(3), null)
  assert.ok((await requests()) > 0, 'there was something to answer')
  assert.equal(await offers(), 0)
  stop.abort()
  await rogue
})

test('security-11: IPv6: router advertisements, foreign sources and foreign neighbour advertisements are dropped', async () => {
  const { machine, guestA, guestB } = await pair()
  await using _ = machine
  const linkLocalB = 'fe80::f816:3eff:fe00:b'
  // Not at once: the kernel first looks whether anybody has the address.
  assert.equal(await inSomeTry(() => guestA.succeeds(guestA.busybox('ping6', '-c', '1', '-W', '1', '-I', 'eth0', linkLocalB))), true)
  await ipBatch(guestA.namespace, ['addr add fd00::66/64 dev eth0 nodad'])
  const arrived = await guestB.counting('ip6 saddr fd00::66')
  await ipBatch(guestB.namespace, ['addr add fd00::b/64 dev eth0 nodad'])
  assert.equal(await guestA.succeeds(guestA.busybox('ping6', '-c', '1', '-W', '1', '-I', 'fd00::66', 'fd00::b')), false)
  assert.equal(await arrived(), 0)
})
