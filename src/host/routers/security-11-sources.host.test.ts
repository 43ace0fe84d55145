// security class 11: a guest without port security, on a network of its owner's, must not speak over a router for guests of another one.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { egress, inSomeTry, network, port, router, rule, subnet, testMachine, uuid } from '../../testing/host/machine.ts'
import { ipBatch } from '../commands/ip.ts'

test('security-11: a router forwards no packet whose source is of another of its networks', async () => {
  await using machine = await testMachine()
  const [own, shared, group, liar, heard] = [uuid(), uuid(), uuid(), uuid(), uuid()]
  const [mac, other] = ['fa:16:3e:00:00:05', 'fa:16:3e:00:00:06']
  const link = (networkId: string, last: string, ips: [string, number][]) => ({
    portId: uuid(),
    networkId,
    mac: `fa:16:3e:00:01:0${last}`,
    fixedIps: ips.map(([ip, prefixLength]) => ({ subnetId: uuid(), ip, prefixLength })),
  })
  // What a group lets in from its members says who they are by their addresses alone.
  const members = [
    rule({ remoteCidr: '10.1.0.0/24' }),
    rule({ ipVersion: 6, remoteCidr: 'fd01::/64' }),
    rule({ remoteCidr: '10.0.0.5/32' }),
  ]
  await machine.put(
    { kind: 'network', id: own, spec: network({ subnets: [subnet('10.0.0')] }) },
    { kind: 'network', id: shared, spec: network({ subnets: [subnet('10.1.0')] }) },
    { kind: 'security-group', id: group, spec: { rules: [...egress, ...members], members: [] } },
    {
      kind: 'router',
      id: uuid(),
      spec: router({
        interfaces: [
          link(own, '1', [
            ['10.0.0.1', 24],
            ['fd00::1', 64],
          ]),
          link(shared, '2', [
            ['10.1.0.1', 24],
            ['fd01::1', 64],
          ]),
        ],
      }),
    },
    { kind: 'port', id: liar, spec: port(own, mac, '10.0.0.5', { portSecurity: false }) },
    {
      kind: 'port',
      id: heard,
      spec: port(shared, other, '10.1.0.6', {
        securityGroupIds: [group],
        fixedIps: [
          { subnetId: uuid(), ip: '10.1.0.6', prefixLength: 24 },
          { subnetId: uuid(), ip: 'fd01::6', prefixLength: 64 },
        ],
      }),
    },
  )
  const guest = await machine.guest(liar, mac)
  const victim = await machine.guest(heard, other)
  await ipBatch(guest.namespace, [
    'addr add 10.0.0.5/24 dev eth0',
    'addr add 10.1.0.9/32 dev eth0',
    'addr add fd00::5/64 dev eth0 nodad',
    'addr add fd01::9/128 dev eth0 nodad',
    'route add default via 10.0.0.1',
    'route add ::/0 via fd00::1',
  ])
  await ipBatch(victim.namespace, [
    'addr add 10.1.0.6/24 dev eth0',
    'addr add fd01::6/64 dev eth0 nodad',
    'route add default via 10.1.0.1',
    'route add ::/0 via fd01::1',
  ])
  const lies = [await victim.counting('ip saddr 10.1.0.9'), await victim.counting('ip6 saddr fd01::9')]
  const ping = (program: 'ping' | 'ping6', from: string, to: string) =>
    guest.succeeds(guest.busybox(program, '-c', '1', '-W', '1', '-I', from, to))
  // In its own name it is answered, so that what it says in another's would have come as well.
  assert.equal(await inSomeTry(() => ping('ping', '10.0.0.5', '10.1.0.6')), true)
  for (let times = 0; times < 3; times++) {
    await ping('ping', '10.1.0.9', '10.1.0.6')
    await ping('ping6', 'fd01::9', 'fd01::6')
  }
  assert.deepEqual(await Promise.all(lies.map((count) => count())), [0, 0])
})
