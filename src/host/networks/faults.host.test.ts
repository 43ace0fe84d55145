import assert from 'node:assert/strict'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { test } from 'node:test'
import { egress, later, network, port, rule, type StandIn, subnet, testMachine, uuid } from '../../testing/host/machine.ts'
import { until } from '../../testing/until.ts'
import { run } from '../commands/exec.ts'
import { listNamespaces, namespaceInode, openIn, removeNamespace, runIn } from '../commands/netns.ts'
import { giveTap, openTunDevice } from '../commands/taps.ts'
import { processOf } from '../daemons/processes.ts'
import type { HostDocument } from '../documents.ts'
import type { Driver } from '../driver.ts'
import { dhcpFiles } from './dhcp-files.ts'
import { dhcpNamespaces, switchNamespace, tapName } from './names.ts'

const metadata = async (networkId: string, ip: string) => ({ status: 200, body: `${networkId} ${ip}` })

async function site() {
  const machine = await testMachine({ metadata })
  const [net, group, p] = [uuid(), uuid(), uuid()]
  const documents: HostDocument[] = [
    { generation: 1, kind: 'network', id: net, spec: network({ subnets: [subnet('10.0.0')] }) },
    { generation: 1, kind: 'security-group', id: group, spec: { rules: egress, members: [] } },
    { generation: 1, kind: 'port', id: p, spec: port(net, 'fa:16:3e:00:00:05', '10.0.0.5', { securityGroupIds: [group] }) },
  ]
  await machine.put(...documents)
  const guest = await machine.guest(p, 'fa:16:3e:00:00:05')
  return { machine, guest, net, group, p, documents, files: dhcpFiles(machine.runDir, net) }
}

/** The number in a file that dnsmasq writes anew; NaN while it is not there. */
const pidIn = (path: string) => readFile(path, 'utf8').then(Number, () => Number.NaN)
const another = (path: string, pid: number) => async () => {
  const found = await pidIn(path)
  return found > 0 && found !== pid
}

test('a dnsmasq that was killed comes back by itself', async () => {
  const { machine, guest, files } = await site()
  await using _ = machine
  const pid = await pidIn(files.pid)
  process.kill(pid, 'SIGKILL')
  await until('another dnsmasq', another(files.pid, pid))
  await machine.reconciler.idle()
  assert.equal((await guest.dhcp())?.ip, '10.0.0.5')
})

test('a DHCP namespace that was deleted is made anew, with its listener', async () => {
  const { machine, guest, net } = await site()
  await using _ = machine
  await guest.dhcp()
  await removeNamespace(dhcpNamespaces(machine.prefix).of(net))
  await until('the namespace', async () => (await listNamespaces(dhcpNamespaces(machine.prefix).of(net))).length === 1)
  await machine.reconciler.idle()
  assert.equal((await guest.dhcp())?.ip, '10.0.0.5')
  assert.match((await guest.get('169.254.169.254', '/'))!, new RegExp(`${net} 10.0.0.5$`))
})

test('a switch namespace that was deleted is made anew, with filters before plugs', async () => {
  const { machine, p } = await site()
  await using _ = machine
  await removeNamespace(switchNamespace(machine.prefix))
  await until('the namespace', async () => (await listNamespaces(switchNamespace(machine.prefix))).length === 1)
  machine.reconciler.lookAgain()
  await machine.reconciler.idle()
  const again = await machine.guest(p, 'fa:16:3e:00:00:05')
  assert.equal((await again.dhcp())?.ip, '10.0.0.5')
  assert.match((await again.get('169.254.169.254', '/'))!, /10\.0\.0\.5$/)
})

test('rules that somebody flushed are put back', async () => {
  const { machine, guest } = await site()
  await using _ = machine
  await guest.dhcp()
  await runIn(switchNamespace(machine.prefix))('iptables', ['-F'])
  assert.equal(await guest.pings('10.0.0.2'), false, 'closed, not open, meanwhile')
  later(5100) // a look is believed for five seconds
  machine.reconciler.lookAgain()
  await machine.reconciler.idle()
  assert.equal(await guest.reaches('10.0.0.2'), true)
})

test('a new agent finds everything and changes nothing but its own listeners', async () => {
  const { machine, guest, documents, files } = await site()
  await guest.dhcp()
  const pid = await readFile(files.pid, 'utf8')
  await machine.stop()
  await using second = await testMachine({ prefix: machine.prefix, metadata })
  const steps: string[] = []
  const drivers = second.networks.drivers
  second.networks.documents(new Map(documents.map((each) => [`${each.kind}/${each.id}`, each])))
  for (const { kind, id, spec } of documents) {
    const driver = drivers[kind as keyof typeof drivers] as Driver
    steps.push(...driver.plan(id, spec!, (await driver.observe()).get(id)).map(({ name }) => name))
  }
  assert.deepEqual(steps, ['listen for metadata', 'write dhcp entries'])
  await second.put(...documents)
  assert.equal(await readFile(files.pid, 'utf8'), pid)
  assert.match((await guest.get('169.254.169.254', '/'))!, /10\.0\.0\.5$/)
  await removeNamespace(guest.namespace)
})

test('two networks with the same addresses do not meet', async () => {
  await using machine = await testMachine({ metadata })
  const ids = [uuid(), uuid()]
  const [group, open] = [uuid(), uuid()]
  const ports = [uuid(), uuid(), uuid(), uuid()]
  const mac = (index: number) => `fa:16:3e:00:00:0${index}`
  await machine.put(
    ...ids.map((id) => ({ kind: 'network' as const, id, spec: network({ subnets: [subnet('10.0.0')] }) })),
    { kind: 'security-group', id: group, spec: { rules: egress, members: [] } },
    { kind: 'security-group', id: open, spec: { rules: [...egress, rule({})], members: [] } },
    ...ports.map((id, index) => ({
      kind: 'port' as const,
      id,
      spec: port(ids[index % 2]!, mac(index), `10.0.0.${index < 2 ? 5 : 6}`, { securityGroupIds: [index === 2 ? open : group] }),
    })),
  )
  const guests: StandIn[] = []
  for (const [index, id] of ports.entries()) guests.push(await machine.guest(id, mac(index)))
  for (const [index, guest] of guests.entries()) assert.equal((await guest.dhcp())?.ip, `10.0.0.${index < 2 ? 5 : 6}`)
  for (const [index, guest] of guests.entries())
    assert.match((await guest.get('169.254.169.254', '/'))!, new RegExp(`${ids[index % 2]} 10.0.0.${index < 2 ? 5 : 6}$`))
  // One table of connections for both would take what a guest of one network sends for the answer to a guest of the other.
  const send = async (from: StandIn, sourcePort: number, to: string, targetPort: number) => {
    const socket = await openIn(from.namespace, { type: 'datagram', address: '0.0.0.0', port: sourcePort })
    await new Promise((resolve) => socket.send('x', targetPort, to, resolve))
    socket.close()
  }
  const arrived = await guests[1]!.counting('udp dport 4000')
  await send(guests[0]!, 4000, '10.0.0.6', 5000)
  await send(guests[3]!, 5000, '10.0.0.5', 4000)
  await guests[3]!.pings('10.0.0.5')
  assert.equal(await arrived(), 0)
})

test('an address that moves to another port is given to it at once', async () => {
  const { machine, guest, net, group, p } = await site()
  await using _ = machine
  await guest.dhcp()
  const next = uuid()
  await machine.put(
    { kind: 'port', id: p, spec: null },
    { kind: 'port', id: next, spec: port(net, 'fa:16:3e:00:00:09', '10.0.0.5', { securityGroupIds: [group] }) },
  )
  const successor = await machine.guest(next, 'fa:16:3e:00:00:09')
  assert.equal((await successor.dhcp())?.ip, '10.0.0.5')
})

test('removal leaves no process, file or namespace', async () => {
  const { machine, net, group, p, files } = await site()
  const pid = await pidIn(files.pid)
  await using _ = machine
  await machine.remove({ kind: 'port', id: p }, { kind: 'security-group', id: group }, { kind: 'network', id: net })
  assert.deepEqual(await listNamespaces(`${machine.prefix}-s`), [])
  assert.deepEqual(await listNamespaces(`${machine.prefix}-dhcp`), [])
  assert.equal(await processOf(pid), null)
  await assert.rejects(readdir(machine.runDir), { code: 'ENOENT' })
})

test('a switch namespace that lost its name while a guest runs gets it back, and the guest keeps its tap', async () => {
  await using machine = await testMachine({ tapAs: 'tap', guestUid: 65_534 })
  const [net, p] = [uuid(), uuid()]
  await machine.put(
    { kind: 'network', id: net, spec: network({ subnets: [subnet('10.0.0')] }) },
    { kind: 'port', id: p, spec: port(net, 'fa:16:3e:00:00:05', '10.0.0.5') },
  )
  const name = switchNamespace(machine.prefix)
  await openTunDevice()
  await giveTap(name, tapName(p), 65_534)
  const stop = new AbortController()
  const netdev = `tap,id=n,ifname=${tapName(p)},script=no,downscript=no`
  const qemu = ['qemu-system-x86_64', '-machine', 'none', '-nodefaults', '-display', 'none', '-S', '-netdev', netdev]
  const guest = runIn(name)('setpriv', ['--reuid=65534', '--clear-groups', ...qemu], { signal: stop.signal, timeout: 60_000 }).catch(String)
  const carrier = async () =>
    (await runIn(name)('cat', [`/proc/net/dev`])).includes(tapName(p)) &&
    (await runIn(name)('ip', ['link', 'show', tapName(p)])).includes('LOWER_UP')
  await until('the guest holds its tap', carrier)
  const inode = await namespaceInode(name)
  // Unmounted, so that a file with nothing behind it stays, or deleted.
  for (const lose of [(lost: string) => run('umount', [`/run/netns/${lost}`]), removeNamespace]) {
    await lose(name)
    await until('the name', async () => (await namespaceInode(name)) !== null)
    await machine.reconciler.idle()
    assert.equal(await namespaceInode(name), inode)
    assert.equal(await carrier(), true)
  }
  stop.abort()
  await guest
})

test('a new agent hears of the death of a dnsmasq that it did not start', async () => {
  const { machine, documents, guest, files } = await site()
  await machine.stop()
  await using second = await testMachine({ prefix: machine.prefix, metadata })
  await second.put(...documents)
  const pid = await pidIn(files.pid)
  process.kill(pid, 'SIGKILL')
  await until('another dnsmasq', another(files.pid, pid))
  await second.reconciler.idle()
  assert.equal((await guest.dhcp())?.ip, '10.0.0.5')
  await removeNamespace(guest.namespace)
})

test('a dnsmasq that ends again and again is started later and later, and its network says why', async () => {
  const { machine, guest, net, files } = await site()
  await using _ = machine
  const said = () => machine.reports.get(`network/${net}`)!
  let pid = await pidIn(files.pid)
  for (let times = 1; times <= 2; times++) {
    process.kill(pid, 'SIGKILL')
    if (times === 2) break
    await until('another dnsmasq', another(files.pid, pid))
    await machine.reconciler.idle()
    pid = await pidIn(files.pid)
  }
  await until('the network says why', () => said().outcome === 'failed')
  assert.match(said().error!, /^dnsmasq has ended by itself \(signal SIGKILL\): .*2 times in a row, so it is tried again after 1 s$/)
  await until('it is back', () => said().outcome === 'done')
  assert.equal((await guest.dhcp())?.ip, '10.0.0.5')
})

test('a dnsmasq of a version without a supervisor is ended, not doubled', async () => {
  const { machine, documents, guest, net, files } = await site()
  await machine.stop()
  process.kill(await pidIn(files.pid), 'SIGKILL')
  await until('it is gone', async () => (await processOf(await pidIn(files.pid))) === null)
  // It went into the background by itself, which needs its errors to go to the log of the system.
  await writeFile(files.config, (await readFile(files.config, 'utf8')).replace('log-facility=-\n', ''))
  await runIn(dhcpNamespaces(machine.prefix).of(net))('dnsmasq', [`--conf-file=${files.config}`])
  const before = await pidIn(files.pid)
  await using second = await testMachine({ prefix: machine.prefix, metadata })
  await second.put(...documents)
  assert.notEqual(await pidIn(files.pid), before)
  assert.equal(await processOf(before), null)
  assert.equal((await guest.dhcp())?.ip, '10.0.0.5')
  await removeNamespace(guest.namespace)
})

test('a dnsmasq whose namespace and document went while no agent was there is removed', async () => {
  const { machine, guest, net, files } = await site()
  const pid = await pidIn(files.pid)
  await machine.stop()
  await removeNamespace(dhcpNamespaces(machine.prefix).of(net))
  await using second = await testMachine({ prefix: machine.prefix, metadata })
  second.reconciler.complete()
  await until('it is gone', async () => (await processOf(pid)) === null)
  await until('its files are gone', () =>
    readdir(machine.runDir).then(
      () => false,
      () => true,
    ),
  )
  await second.reconciler.idle()
  await removeNamespace(guest.namespace)
})
