// security class 11: messages in which others believe what is said and not who says it. The guest here sends them byte by byte.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { arpRequest, dhcp, frame, ip4, neighbour, sendFrames, udp4 } from '../../testing/host/frames.ts'
import { egress, inSomeTry, network, port, rule, subnet, testMachine, uuid } from '../../testing/host/machine.ts'

const [macA, macB, everybody] = ['fa:16:3e:00:00:0a', 'fa:16:3e:00:00:0b', 'ff:ff:ff:ff:ff:ff']

async function pair() {
  const machine = await testMachine()
  const [net, group, a, b] = [uuid(), uuid(), uuid(), uuid()]
  const addressed = (text: string, six: string) => ({
    fixedIps: [
      { subnetId: uuid(), ip: text, prefixLength: 24 },
      { subnetId: uuid(), ip: six, prefixLength: 64 },
    ],
    securityGroupIds: [group],
  })
  await machine.put(
    { kind: 'network', id: net, spec: network({ subnets: [subnet('10.0.0')] }) },
    { kind: 'security-group', id: group, spec: { rules: [...egress, rule({}), rule({ ipVersion: 6 })], members: [] } },
    { kind: 'port', id: a, spec: port(net, macA, '10.0.0.10', addressed('10.0.0.10', 'fd00::a')) },
    { kind: 'port', id: b, spec: port(net, macB, '10.0.0.11', addressed('10.0.0.11', 'fd00::b')) },
  )
  return { machine, guestA: await machine.guest(a, macA), guestB: await machine.guest(b, macB) }
}

test("security-11: a guest cannot speak to the DHCP server in another's name", async () => {
  const { machine, guestA, guestB } = await pair()
  await using _ = machine
  assert.equal((await guestB.dhcp())?.ip, '10.0.0.11')
  await guestA.address('10.0.0.10/24')
  await guestB.run('ip', ['addr', 'flush', 'dev', 'eth0'])
  // Refused by its owner, an address is not given to anybody for ten minutes.
  const decline = (relay?: string) => dhcp(macB, `350104${`3204${ip4('10.0.0.11')}`}${`3604${ip4('10.0.0.2')}`}`, relay)
  await sendFrames(
    guestA,
    frame(everybody, macA, '0800', udp4('0.0.0.0', '255.255.255.255', [68, 67], decline())),
    frame(everybody, macA, '0800', udp4('10.0.0.10', '10.0.0.2', [68, 67], decline())),
    frame(everybody, macA, '0800', udp4('10.0.0.10', '10.0.0.2', [67, 67], decline('10.0.0.10'))),
  )
  assert.equal((await guestB.dhcp())?.ip, '10.0.0.11')
})

test('security-11: a guest cannot make others believe that the address that they are about to take is taken', async () => {
  const { machine, guestA, guestB } = await pair()
  await using _ = machine
  const group = 'ff02::1:ff00:b'
  const solicited = await guestB.counting('icmpv6 type nd-neighbor-solicit ip6 saddr :: @th,64,128 0xfd00000000000000000000000000000b')
  const probed = await guestB.counting('arp saddr ip 0.0.0.0 arp daddr ip 10.0.0.11')
  const own = await guestB.counting('arp saddr ip 0.0.0.0 arp daddr ip 10.0.0.10')
  const ownSolicited = await guestB.counting('icmpv6 type nd-neighbor-solicit ip6 saddr :: @th,64,128 0xfd00000000000000000000000000000a')
  const probes = () =>
    sendFrames(
      guestA,
      frame('33:33:ff:00:00:0b', macA, '86dd', neighbour(135, '::', group, 'fd00::b')),
      frame(everybody, macA, '0806', arpRequest(macA, '0.0.0.0', '10.0.0.11')),
      frame(everybody, macA, '0806', arpRequest(macA, '0.0.0.0', '10.0.0.10')),
      frame('33:33:ff:00:00:0a', macA, '86dd', neighbour(135, '::', 'ff02::1:ff00:a', 'fd00::a')),
    )
  // Its own probes are heard, so the others would have been.
  const arrived = async () => {
    await probes()
    return (await own()) > 0 && (await ownSolicited()) > 0
  }
  assert.equal(await inSomeTry(arrived), true)
  assert.deepEqual([await solicited(), await probed()], [0, 0])
})
