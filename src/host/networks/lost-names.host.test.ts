// Names of namespaces that lead nowhere: unmounted by somebody, or mounted in another mount namespace than the agent's.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { egress, inSomeTry, network, port, router, rule, subnet, testMachine, testPrefix, uuid } from '../../testing/host/machine.ts'
import { until } from '../../testing/until.ts'
import { run } from '../commands/exec.ts'
import { addNamespace, listNamespaces, namespaceInode, removeNamespace, runIn } from '../commands/netns.ts'
import { dhcpNamespaces, outsideNamespace, routerNamespaces, switchNamespace } from './names.ts'

const metadata = async (networkId: string, ip: string) => ({ status: 200, body: `${networkId} ${ip}` })
/** What an operator's `umount` does: the file stays, with nothing behind it. */
const unmount = (name: string) => run('umount', [`/run/netns/${name}`])

async function site(prefix = testPrefix()) {
  const machine = await testMachine({ metadata, prefix })
  const [outer, inner, group, guestPort, routerId] = [uuid(), uuid(), uuid(), uuid(), uuid()]
  const end = (networkId: string, mac: string, ip: string) => ({
    portId: uuid(),
    networkId,
    mac,
    fixedIps: [{ subnetId: uuid(), ip, prefixLength: 24 }],
  })
  const documents = [
    {
      kind: 'network' as const,
      id: outer,
      spec: network({ external: true, mtu: 1500, subnets: [subnet('172.24.4', { dhcp: false, dhcpIp: null })] }),
    },
    { kind: 'network' as const, id: inner, spec: network({ subnets: [subnet('10.0.0')] }) },
    { kind: 'security-group' as const, id: group, spec: { rules: [...egress, rule({})], members: [] } },
    {
      kind: 'router' as const,
      id: routerId,
      spec: router({
        interfaces: [end(inner, 'fa:16:3e:00:01:01', '10.0.0.1')],
        gateway: { ...end(outer, 'fa:16:3e:00:01:02', '172.24.4.5'), gatewayIps: ['172.24.4.1'], snat: true },
      }),
    },
    { kind: 'port' as const, id: guestPort, spec: port(inner, 'fa:16:3e:00:00:05', '10.0.0.5', { securityGroupIds: [group] }) },
  ]
  await machine.put(...documents)
  const guest = await machine.guest(guestPort, 'fa:16:3e:00:00:05')
  await guest.dhcp()
  const names = {
    dhcp: dhcpNamespaces(prefix).of(inner),
    router: routerNamespaces(prefix).of(routerId),
    outside: outsideNamespace(prefix),
  }
  return { machine, guest, names, documents, inner, guestPort }
}

test('a name with nothing behind it is no namespace, and is taken when one is made', async () => {
  const name = `${testPrefix()}-stale`
  await addNamespace(name)
  await unmount(name)
  assert.equal(await namespaceInode(name), null)
  assert.deepEqual(await listNamespaces(name), [])
  await addNamespace(name)
  assert.equal((await runIn(name)('ip', ['link', 'show', 'lo'])).includes('LOOPBACK'), true)
  await unmount(name)
  await removeNamespace(name)
  assert.equal((await run('ls', ['/run/netns'])).includes(name), false)
})

test('namespaces whose names were unmounted are made again, and the guest goes on talking', async () => {
  const { machine, guest, names, inner } = await site()
  await using _ = machine
  assert.equal(await guest.reaches('172.24.4.1'), true)
  for (const name of Object.values(names)) {
    await unmount(name)
    await until(`${name} is there again`, async () => (await namespaceInode(name)) !== null)
    await machine.reconciler.idle()
    assert.equal(await guest.reaches('172.24.4.1'), true, `after ${name} was lost`)
  }
  assert.equal((await guest.dhcp())?.ip, '10.0.0.5')
  assert.match((await guest.get('169.254.169.254', '/'))!, new RegExp(`${inner} 10.0.0.5$`))
  assert.deepEqual(
    [...machine.reports.values()].filter(({ outcome }) => outcome === 'failed'),
    [],
  )
})

test('an agent that sees none of the names, as from another mount namespace, makes all again', async () => {
  const { machine, guest, names, documents, guestPort } = await site()
  await machine.stop()
  for (const name of [...Object.values(names), switchNamespace(machine.prefix)]) await unmount(name)
  await using second = await testMachine({ prefix: machine.prefix, metadata })
  await removeNamespace(guest.namespace)
  await second.put(...documents)
  const again = await second.guest(guestPort, 'fa:16:3e:00:00:05')
  assert.equal((await again.dhcp())?.ip, '10.0.0.5')
  assert.equal(await inSomeTry(() => again.pings('172.24.4.1')), true)
})
