import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { networkInterfaces } from 'node:os'
import { test } from 'node:test'
import { egress, inSomeTry, network, port, router, rule, subnet, testMachine, uuid } from '../../testing/host/machine.ts'
import { run } from '../commands/exec.ts'
import { removeNamespace, runIn } from '../commands/netns.ts'
import { outsideNamespace, routerNamespaces } from '../networks/names.ts'
import type { RouterSpec } from './document.ts'

const open = [...egress, rule({})]

/** An external network, a private one with one guest at 10.0.0.5, and a router between them. */
async function site(options: { hostRoute?: boolean; outerNet?: string } = {}) {
  const machine = await testMachine({ hostRoute: options.hostRoute })
  const outerNet = options.outerNet ?? '172.24.4'
  const [outer, inner, group, guestPort, second, routerId, gatewayPort, innerPort] = Array.from({ length: 8 }, uuid) as [
    string,
    string,
    string,
    string,
    string,
    string,
    string,
    string,
  ]
  const ids = { outer, inner, group, guestPort, second, routerId }
  const spec = (floatingIps: RouterSpec['floatingIps'], more: Partial<RouterSpec> = {}) =>
    router({
      interfaces: [
        {
          portId: innerPort,
          networkId: inner,
          mac: 'fa:16:3e:00:01:01',
          fixedIps: [{ subnetId: uuid(), ip: '10.0.0.1', prefixLength: 24 }],
        },
      ],
      gateway: {
        portId: gatewayPort,
        networkId: outer,
        mac: 'fa:16:3e:00:01:02',
        fixedIps: [{ subnetId: uuid(), ip: `${outerNet}.5`, prefixLength: 24 }],
        gatewayIps: [`${outerNet}.1`],
        snat: true,
      },
      floatingIps,
      ...more,
    })
  await machine.put(
    {
      kind: 'network',
      id: outer,
      spec: network({ external: true, mtu: 1500, subnets: [subnet(outerNet, { dhcp: false, dhcpIp: null })] }),
    },
    { kind: 'network', id: inner, spec: network({ subnets: [subnet('10.0.0')] }) },
    { kind: 'security-group', id: group, spec: { rules: open, members: [] } },
    { kind: 'router', id: routerId, spec: spec([]) },
    { kind: 'port', id: guestPort, spec: port(inner, 'fa:16:3e:00:00:05', '10.0.0.5', { securityGroupIds: [group] }) },
    { kind: 'port', id: second, spec: port(inner, 'fa:16:3e:00:00:06', '10.0.0.6', { securityGroupIds: [group] }) },
  )
  const guest = await machine.guest(guestPort, 'fa:16:3e:00:00:05')
  const other = await machine.guest(second, 'fa:16:3e:00:00:06')
  await guest.dhcp()
  await other.dhcp()
  return { machine, spec, guest, other, ids, outside: runIn(outsideNamespace(machine.prefix)) }
}

const floating = (floatingIp: string, fixedIp: string) => ({ id: uuid(), floatingIp, fixedIp })

test('a guest reaches the outside with the address of the gateway', async () => {
  const { machine, guest, outside } = await site()
  await using _ = machine
  assert.equal(await guest.reaches('172.24.4.1'), true)
  await outside('nft', ['-f', '-'], {
    input:
      'table ip seen { chain in { type filter hook input priority 0; ip saddr 10.0.0.0/8 counter; ip saddr 172.24.4.5 counter\n }\n }\n',
  })
  assert.equal(await guest.reaches('172.24.4.1'), true)
  const [inner, gateway] = [...(await outside('nft', ['list', 'table', 'ip', 'seen'])).matchAll(/packets (\d+)/g)].map((match) =>
    Number(match[1]),
  )
  assert.deepEqual([inner, gateway! > 0], [0, true])
})

test('a floating IP is reached by ping and by a stream, and no longer when it is taken away', async () => {
  const { machine, spec, guest, other, ids } = await site()
  await using _ = machine
  await guest.echo(22)
  await assert.rejects(machine.networks.connect({ address: '10.0.0.5', port: 22 }), /in no external network/)
  await machine.put({ kind: 'router', id: ids.routerId, spec: spec([floating('172.24.4.10', '10.0.0.5')]) })
  const stream = await machine.networks.connect({ address: '172.24.4.10', port: 22 })
  const heard = () => new Promise<string>((resolve) => stream.once('data', (data) => resolve(String(data))))
  stream.write('hello')
  assert.equal(await heard(), 'hello')
  assert.equal(await other.reaches('172.24.4.10'), true, 'from behind the same router')

  await machine.put({
    kind: 'router',
    id: ids.routerId,
    spec: spec([floating('172.24.4.10', '10.0.0.5'), floating('172.24.4.11', '10.0.0.6')]),
  })
  stream.write('again')
  assert.equal(await heard(), 'again', 'another floating IP does not disturb')

  await machine.put({ kind: 'router', id: ids.routerId, spec: spec([floating('172.24.4.11', '10.0.0.6')]) })
  await assert.rejects(machine.networks.connect({ address: '172.24.4.10', port: 22 }), /connection to 172.24.4.10:22 failed: /)
  stream.write('lost')
  assert.equal(await Promise.race([heard(), new Promise((resolve) => setTimeout(resolve, 700, 'nothing'))]), 'nothing')
  stream.destroy()
})

test('with a route from the host the machine itself reaches floating IPs; it is mended, and goes with the setting', async () => {
  const { machine, spec, ids } = await site({ hostRoute: true, outerNet: '198.51.100' })
  const link = `${machine.prefix}-host`
  const address = '198.51.100.10'
  const dev = () =>
    run('ip', ['-j', 'route', 'get', address]).then(
      (text) => (JSON.parse(text) as { dev: string }[])[0]!.dev,
      () => null, // no route at all
    )
  // Bound to the link: whatever the routes are, nothing leaves by another interface.
  const ping = () =>
    run('busybox', ['ping', '-I', link, '-c', '1', '-W', '1', address]).then(
      () => true,
      () => false,
    )
  await machine.put({ kind: 'router', id: ids.routerId, spec: spec([floating(address, '10.0.0.5')]) })
  assert.equal(await dev(), link)
  assert.equal(await inSomeTry(ping), true)
  await run('ip', ['link', 'delete', 'dev', link])
  machine.reconciler.lookAgain()
  await machine.reconciler.idle()
  assert.equal(await dev(), link)
  assert.equal(await inSomeTry(ping), true)

  const documents = [...machine.reconciler.documents.values()]
  await machine.stop()
  await using second = await testMachine({ prefix: machine.prefix })
  await second.put(...documents)
  assert.equal(Object.hasOwn(networkInterfaces(), link), false)
  assert.notEqual(await dev(), link)
  await machine.endGuests()
})

test('security-11: with a route from the host no guest reaches the machine over it', async () => {
  const { machine, guest, outside, ids, spec } = await site({ hostRoute: true, outerNet: '198.51.100' })
  await using _ = machine
  const [ofHost, outer] = ['169.254.96.1', '198.51.100.1']
  await machine.put({ kind: 'router', id: ids.routerId, spec: spec([floating('198.51.100.10', '10.0.0.5')]) })
  const server = createServer((socket) => socket.destroy()).listen(0, ofHost)
  try {
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    assert.equal(await guest.reaches(outer), true)
    assert.equal(await guest.connects(ofHost, port), false)
    assert.equal(await guest.pings(ofHost), false)
    // A filter that was lost, or was never there, is made again.
    await outside('nft', ['delete', 'table', 'ip', 'nephos'])
    machine.reconciler.lookAgain()
    await machine.reconciler.idle()
    assert.equal(await guest.connects(ofHost, port), false)
  } finally {
    server.close()
  }
})

test('a router that lost its namespace is made anew', async () => {
  const { machine, guest, ids } = await site()
  await using _ = machine
  await removeNamespace(routerNamespaces(machine.prefix).of(ids.routerId))
  machine.reconciler.lookAgain()
  await machine.reconciler.idle()
  assert.equal(machine.reports.get(`router/${ids.routerId}`)?.outcome, 'done')
  assert.equal(await guest.reaches('172.24.4.1'), true)
})

test('static routes come and go, and a router that is down forwards nothing', async () => {
  const { machine, spec, guest, ids } = await site()
  await using _ = machine
  const routes = async () =>
    (await runIn(routerNamespaces(machine.prefix).of(ids.routerId))('ip', ['route', 'show', 'proto', 'static']))
      .split('\n')
      .map((line) => line.trim())
      .filter(Boolean)
  await machine.put({ kind: 'router', id: ids.routerId, spec: spec([], { routes: [{ destination: '10.7.0.0/16', nexthop: '10.0.0.6' }] }) })
  assert.deepEqual(
    (await routes()).map((line) => line.replace(/ dev \S+/, '')),
    ['default via 172.24.4.1', '10.7.0.0/16 via 10.0.0.6'],
  )
  await machine.put({ kind: 'router', id: ids.routerId, spec: spec([]) })
  assert.deepEqual(
    (await routes()).map((line) => line.replace(/ dev \S+/, '')),
    ['default via 172.24.4.1'],
  )
  await machine.put({ kind: 'router', id: ids.routerId, spec: spec([], { adminUp: false }) })
  assert.equal(await guest.pings('172.24.4.1'), false)
  await machine.put({ kind: 'router', id: ids.routerId, spec: spec([]) })
  assert.equal(await guest.reaches('172.24.4.1'), true)
})
