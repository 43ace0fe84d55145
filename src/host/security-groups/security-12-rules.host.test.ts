import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Log, silentLog } from '../../log.ts'
import { egress, later, network, port, rule, subnet, testMachine, uuid } from '../../testing/host/machine.ts'
import { openIn, runIn } from '../commands/netns.ts'
import { bridgeName, switchNamespace, tapName } from '../networks/names.ts'
import type { FirewallRule } from './document.ts'

async function pair(rules: FirewallRule[], log?: Log) {
  const machine = await testMachine({ log })
  const [net, clients, servers, a, b] = [uuid(), uuid(), uuid(), uuid(), uuid()]
  const group = (wish: FirewallRule[]) => ({ kind: 'security-group' as const, id: servers, spec: { rules: wish, members: ['10.0.0.6'] } })
  const clientGroup = (members: string[]) => ({ kind: 'security-group' as const, id: clients, spec: { rules: egress, members } })
  await machine.put(
    { kind: 'network', id: net, spec: network({ subnets: [subnet('10.0.0')] }) },
    clientGroup([]),
    group(rules),
    { kind: 'port', id: a, spec: port(net, 'fa:16:3e:00:00:05', '10.0.0.5', { securityGroupIds: [clients] }) },
    { kind: 'port', id: b, spec: port(net, 'fa:16:3e:00:00:06', '10.0.0.6', { securityGroupIds: [servers] }) },
  )
  const client = await machine.guest(a, 'fa:16:3e:00:00:05')
  const server = await machine.guest(b, 'fa:16:3e:00:00:06')
  await client.address('10.0.0.5/24')
  await server.address('10.0.0.6/24')
  await server.echo(22)
  return { machine, client, server, group, clientGroup, clients, net, b }
}

const ssh = rule({ protocol: 6, portMin: 22, portMax: 22 })

test('security-12: a rule taken away reaches running guests and their connections', async () => {
  const { machine, client, group } = await pair([ssh])
  await using _ = machine
  const stream = await openIn(client.namespace, { type: 'connect', address: '10.0.0.6', port: 22, timeoutMs: 20_000 })
  const heard = (ms: number) =>
    Promise.race([
      new Promise<string>((resolve) => stream.once('data', (data) => resolve(String(data)))),
      new Promise<string>((resolve) => setTimeout(resolve, ms, 'nothing')),
    ])
  stream.write('one')
  assert.equal(await heard(20_000), 'one')
  await machine.put(group([]))
  stream.write('two')
  assert.equal(await heard(800), 'nothing')
  assert.equal(await client.connects('10.0.0.6', 22), false)
  await machine.put(group([ssh]))
  assert.equal(await client.comesTo('10.0.0.6', 22), true)
  stream.destroy()
})

test('security-12: bridged frames that no longer pass the rules are seen and led through them again, and it is told', async () => {
  const told: string[] = []
  const { machine, client } = await pair([], { ...silentLog, error: (_fields, message) => void told.push(message) })
  await using _ = machine
  const inSwitch = runIn(switchNamespace(machine.prefix))
  for (const setting of ['net.bridge.bridge-nf-call-iptables', 'net.bridge.bridge-nf-call-ip6tables']) {
    await inSwitch('sysctl', ['-q', '-w', `${setting}=0`])
    later(5100) // a look is believed for five seconds
    machine.reconciler.lookAgain()
    await machine.reconciler.idle()
    assert.equal((await inSwitch('sysctl', ['-n', setting])).trim(), '1')
    assert.equal(await client.connects('10.0.0.6', 22), false)
  }
  assert.equal(told.filter((line) => /bridged frames did not pass/.test(line)).length, 2)
})

test('security-12: what somebody adds to the rules or takes from them is undone, in both families', async () => {
  const { machine, client, server } = await pair([ssh])
  await using _ = machine
  const inSwitch = runIn(switchNamespace(machine.prefix))
  const look = async () => {
    later(5100)
    machine.reconciler.lookAgain()
    await machine.reconciler.idle()
  }
  const saved = async () => Promise.all(['iptables-save', 'ip6tables-save'].map((program) => inSwitch(program, [])))
  const rules = (texts: string[]) =>
    texts.map((text) =>
      text
        .split('\n')
        .filter((line) => /^-A|^:/.test(line))
        .map((line) => line.replace(/ \[.*/, '')),
    )
  const before = rules(await saved())
  for (const program of ['iptables', 'ip6tables']) {
    await inSwitch(program, ['-I', 'FORWARD', '-j', 'ACCEPT'])
    await look()
    assert.deepEqual(rules(await saved()), before, `${program}: added`)
    await inSwitch(program, ['-t', 'mangle', '-F', 'PREROUTING'])
    await look()
    assert.deepEqual(rules(await saved()), before, `${program}: taken away`)
    await inSwitch(program, ['-P', 'FORWARD', 'ACCEPT'])
    await look()
    assert.deepEqual(rules(await saved()), before, `${program}: policy`)
  }
  assert.equal(await client.comesTo('10.0.0.6', 22), true)
  assert.equal(await server.connects('10.0.0.5', 22), false)
})

test('security-12: a group with a rule that cannot be put in force is told as failing, and stays closed until it is mended', async () => {
  const { machine, client, group } = await pair([ssh])
  await using _ = machine
  assert.equal(await client.comesTo('10.0.0.6', 22), true)
  const odd = group([rule({ protocol: 47, portMin: 1, portMax: 2 })])
  await assert.rejects(machine.put(odd), /has no ports/)
  const told = machine.reconciler.troubles.list()
  assert.deepEqual(
    told.map(({ kind, id, step }) => [kind, id, step]),
    [['security-group', odd.id, 'put rules in force']],
  )
  assert.match(told[0]!.error, /protocol 47 has no ports/)
  assert.equal(await client.connects('10.0.0.6', 22), false)
  await machine.put(group([ssh]))
  assert.deepEqual(machine.reconciler.troubles.list(), [])
  assert.equal(await client.comesTo('10.0.0.6', 22), true)
})

test('what a guest may send is judged too, and its answers pass all the same', async () => {
  const { machine, client, server } = await pair([ssh])
  await using _ = machine
  await client.echo(22)
  assert.equal(await client.comesTo('10.0.0.6', 22), true, 'answers of a guest that may send nothing')
  assert.equal(await server.connects('10.0.0.5', 22), false)
  assert.equal(await server.pings('10.0.0.2'), false)
})

test('members of a remote group are let in as they come and go', async () => {
  const { machine, client, group, clientGroup, clients } = await pair([])
  await using _ = machine
  await machine.put(group([rule({ protocol: 6, portMin: 22, portMax: 22, remoteGroupId: clients })]))
  assert.equal(await client.connects('10.0.0.6', 22), false)
  await machine.put(clientGroup(['10.0.0.5']))
  assert.equal(await client.comesTo('10.0.0.6', 22), true)
  await machine.put(clientGroup(['10.0.0.7']))
  assert.equal(await client.connects('10.0.0.6', 22), false)
})

test('security-12: rules of every kind are in force as asked, or a fault', async () => {
  const { machine, group, client } = await pair([ssh])
  await using _ = machine
  const kinds: Partial<FirewallRule>[] = [
    ...[6, 17, 33, 132, 136].flatMap((protocol) => [
      { protocol, portMin: 5, portMax: 5 },
      { protocol, portMin: 1, portMax: 65_535 },
      { protocol, portMin: 0, portMax: 65_535 },
      { protocol },
    ]),
    ...[2, 4, 41, 47, 50, 51, 89, 103, 112, 253, 255].map((protocol) => ({ protocol })),
    { protocol: 1 },
    { protocol: 1, portMin: 8 },
    { protocol: 1, portMin: 3, portMax: 4 },
    { protocol: 1, portMin: 0, portMax: 0 },
    { protocol: 1, portMin: 254, portMax: 255 },
    { remoteCidr: '10.0.0.0/8' },
    { remoteCidr: '10.0.0.9/32' },
    { remoteCidr: '0.0.0.0/0' },
  ]
  const v6: Partial<FirewallRule>[] = [
    { protocol: 58 },
    { protocol: 58, portMin: 128, portMax: 0 },
    { protocol: 58, portMin: 1 },
    { remoteCidr: 'fd00::/8' },
    { remoteCidr: '::/0' },
    { protocol: 6, portMin: 22, portMax: 22 },
    { protocol: 43 },
    { protocol: 44 },
    { protocol: 60 },
  ]
  for (const direction of ['ingress', 'egress'] as const) {
    await machine.put(
      group([...kinds.map((each) => rule({ direction, ...each })), ...v6.map((each) => rule({ direction, ipVersion: 6, ...each }))]),
    )
  }
  await assert.rejects(machine.put(group([rule({ protocol: 47, portMin: 1, portMax: 2 })])), /protocol 47 has no ports/)
  assert.equal(await client.connects('10.0.0.6', 22), false, 'a rule that is a fault opens nothing')
})

test('a real tap belongs to root until its guest starts, and is plugged only when it is filtered', async () => {
  await using machine = await testMachine({ tapAs: 'tap' })
  const [net, p] = [uuid(), uuid()]
  await machine.put(
    { kind: 'network', id: net, spec: network({ subnets: [subnet('10.0.0')] }) },
    { kind: 'port', id: p, spec: port(net, 'fa:16:3e:00:00:05', '10.0.0.5') },
  )
  const [link] = JSON.parse(await runIn(switchNamespace(machine.prefix))('ip', ['-j', '-d', 'link', 'show', tapName(p)]))
  assert.deepEqual(
    [link.master, link.linkinfo.info_data.type, link.linkinfo.info_data.user, link.mtu],
    [bridgeName(net), 'tap', 'root', 1450],
  )
  // A MAC that cannot be guarded: the tap must not be plugged.
  const other = uuid()
  await assert.rejects(machine.put({ kind: 'port', id: other, spec: port(net, 'not-a-mac', '10.0.0.6') }), /not a MAC/)
  const links: { ifname: string }[] = JSON.parse(await runIn(switchNamespace(machine.prefix))('ip', ['-j', 'link', 'show']))
  assert.equal(
    links.some(({ ifname }) => ifname === tapName(other)),
    false,
  )
})
