import assert from 'node:assert/strict'
import { test } from 'node:test'
import { egress, network, port, rule, subnet, testMachine, uuid } from '../../testing/host/machine.ts'
import { listNamespaces } from '../commands/netns.ts'

test('a guest gets its address, its routes and its metadata', async () => {
  const asked: string[] = []
  await using machine = await testMachine({
    metadata: async (networkId, ip, path) => {
      asked.push(`${networkId} ${ip} ${path}`)
      return ip === '10.0.0.5' ? { status: 200, body: 'i-am-five' } : null
    },
  })
  const [net, group, p5, p6] = [uuid(), uuid(), uuid(), uuid()]
  await machine.put(
    { kind: 'network', id: net, spec: network({ subnets: [subnet('10.0.0')] }) },
    { kind: 'security-group', id: group, spec: { rules: egress, members: [] } },
    { kind: 'port', id: p5, spec: port(net, 'fa:16:3e:00:00:05', '10.0.0.5', { securityGroupIds: [group] }) },
    { kind: 'port', id: p6, spec: port(net, 'fa:16:3e:00:00:06', '10.0.0.6', { securityGroupIds: [group] }) },
  )
  const five = await machine.guest(p5, 'fa:16:3e:00:00:05')
  const answer = await five.dhcp()
  assert.deepEqual(answer, {
    ip: '10.0.0.5',
    router: '10.0.0.1',
    dns: '10.0.0.2',
    mtu: '1450',
    hostname: 'host-10-0-0-5',
    staticroutes: '169.254.169.254/32 10.0.0.2 0.0.0.0/0 10.0.0.1',
    serverid: '10.0.0.2',
  })
  assert.match((await five.get('169.254.169.254', '/latest/meta-data', 'X-Forwarded-For: 10.0.0.6'))!, /^HTTP\/1.1 200 OK\r\n.*i-am-five$/s)
  const six = await machine.guest(p6, 'fa:16:3e:00:00:06')
  assert.equal((await six.dhcp())?.ip, '10.0.0.6')
  assert.match((await six.get('169.254.169.254', '/latest/meta-data'))!, /^HTTP\/1.1 404 /)
  assert.deepEqual(asked, [`${net} 10.0.0.5 /latest/meta-data`, `${net} 10.0.0.6 /latest/meta-data`])
  assert.equal(await five.get('10.0.0.2', '/latest/meta-data'), null)
})

test('only what the groups allow comes in, and its replies pass', async () => {
  await using machine = await testMachine()
  const [net, ssh, none, a, b] = [uuid(), uuid(), uuid(), uuid(), uuid()]
  await machine.put(
    { kind: 'network', id: net, spec: network({ subnets: [subnet('10.0.0')] }) },
    { kind: 'security-group', id: none, spec: { rules: egress, members: ['10.0.0.5'] } },
    {
      kind: 'security-group',
      id: ssh,
      spec: {
        rules: [...egress, rule({ protocol: 6, portMin: 22, portMax: 22, remoteGroupId: none }), rule({ protocol: 1 })],
        members: [],
      },
    },
    { kind: 'port', id: a, spec: port(net, 'fa:16:3e:00:00:05', '10.0.0.5', { securityGroupIds: [none] }) },
    { kind: 'port', id: b, spec: port(net, 'fa:16:3e:00:00:06', '10.0.0.6', { securityGroupIds: [ssh] }) },
  )
  const client = await machine.guest(a, 'fa:16:3e:00:00:05')
  const server = await machine.guest(b, 'fa:16:3e:00:00:06')
  await client.address('10.0.0.5/24')
  await server.address('10.0.0.6/24')
  await server.echo(22)
  await server.echo(80)
  assert.equal(await client.reaches('10.0.0.6'), true)
  assert.equal(await server.pings('10.0.0.5'), false)
  assert.equal(await client.comesTo('10.0.0.6', 22), true)
  assert.equal(await client.connects('10.0.0.6', 80), false)
})

test('nothing is left when all is removed', async () => {
  await using machine = await testMachine()
  const [net, p] = [uuid(), uuid()]
  await machine.put(
    { kind: 'network', id: net, spec: network({ subnets: [subnet('10.0.0')] }) },
    { kind: 'port', id: p, spec: port(net, 'fa:16:3e:00:00:05', '10.0.0.5') },
  )
  assert.equal((await listNamespaces(machine.prefix)).length, 2)
  await machine.remove({ kind: 'port', id: p }, { kind: 'network', id: net })
  assert.deepEqual(await listNamespaces(machine.prefix), [])
})
