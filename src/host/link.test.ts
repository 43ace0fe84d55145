import assert from 'node:assert/strict'
import http from 'node:http'
import { join } from 'node:path'
import { test } from 'node:test'
import { silentLog } from '../log.ts'
import { testDisks } from '../testing/host/guests.ts'
import { type TestCloud, testCloud } from '../testing/test-cloud.ts'
import { until } from '../testing/until.ts'
import { startAgent } from './agent.ts'
import { createFakeHost } from './fake/fake-host.ts'
import type { GuestSpec } from './guests/document.ts'
import { openJournal } from './journal.ts'
import { connectLink } from './link-client.ts'
import { serveLink } from './link-server.ts'
import type { NetworkSpec } from './networks/document.ts'

const network: NetworkSpec = { external: false, adminUp: true, mtu: 1500, dnsDomain: '', dhcpMac: null, subnets: [] }
const guest: GuestSpec = {
  name: 'one',
  vcpus: 1,
  ramMiB: 64,
  disks: testDisks({ id: 'i', format: 'raw', size: 1, sha512: '' }),
  kernel: null,
  ramdisk: null,
  kernelArguments: '',
  nics: [],
  channels: [],
  metadata: {},
  power: 'running',
  shutdownTimeout: 1,
}

/** A second host, `away`, whose agent comes over a socket as from a process of its own. */
async function withRemote(
  work: (kit: { cloud: TestCloud; start(folder?: string): ReturnType<typeof remote> }) => Promise<void>,
): Promise<void> {
  await using cloud = await testCloud()
  const socketPath = join(cloud.cloud.config.dataDir, 'link.sock')
  const server = await serveLink({ socketPath, hosts: cloud.cloud.hosts, log: silentLog })
  const started: ReturnType<typeof remote>[] = []
  try {
    await work({
      cloud,
      start: (folder = 'agent') => {
        const made = remote(cloud, socketPath, join(cloud.cloud.config.dataDir, folder))
        started.push(made)
        return made
      },
    })
  } finally {
    for (const agent of started) await agent.stop()
    await server.close()
  }
}

function remote(cloud: TestCloud, socketPath: string, folder: string) {
  const { environment } = cloud.cloud
  const host = createFakeHost({ name: 'away', environment, delayMs: 0, faults: null })
  const journal = openJournal(folder)
  const link = connectLink({ socketPath, name: 'away', session: journal.session, host, log: silentLog })
  const agent = startAgent({ name: 'away', host, link, journal, environment, log: silentLog })
  let stopped: Promise<void> | null = null
  return {
    host,
    idle: () => agent.idle(),
    stop: () => {
      link.close()
      stopped ??= agent.stop()
      return stopped
    },
  }
}

const settled = async (cloud: TestCloud, kind: 'network' | 'guest', id: string) => {
  const { hosts, database } = cloud.cloud
  return hosts.settled(database.read, 'away', kind, id).then(
    () => true,
    () => false,
  )
}

test('documents reach an agent of another process, its reports come back, and it answers calls', () =>
  withRemote(async ({ cloud, start }) => {
    const { hosts, database } = cloud.cloud
    const { host } = start()
    await database.write(async (tx) => {
      await hosts.put(tx, 'away', 'network', 'n1', network)
      await hosts.put(tx, 'away', 'guest', 'g1', guest)
    })
    await until('the guest', () => settled(cloud, 'guest', 'g1'))
    assert.deepEqual(host.inventory().network, ['n1'])
    await until('the agent answers calls', () => hosts.calls('away') !== undefined)
    assert.match(await hosts.calls('away')!.consoleLog({ guestId: 'g1' }), /login: $/)
    const screen = await hosts.calls('away')!.vnc({ guestId: 'g1' })
    const [first] = await new Promise<Buffer[]>((resolve) => screen.once('data', (chunk) => resolve([chunk])))
    assert.equal(first!.toString(), 'RFB 003.008\n')
    screen.destroy()
    await database.write((tx) => hosts.remove(tx, 'away', 'guest', 'g1'))
    await until('the guest is gone', () => host.inventory().guest.length === 0)
    await until('its document is gone', async () => (await hosts.get(database.read, 'away', 'guest', 'g1')) === undefined)
  }))

test('what was asked for while the agent was away is done when it is back, also what shall be gone', () =>
  withRemote(async ({ cloud, start }) => {
    const { hosts, database } = cloud.cloud
    const first = start()
    await database.write(async (tx) => {
      await hosts.put(tx, 'away', 'network', 'n1', network)
      await hosts.put(tx, 'away', 'network', 'n2', network)
    })
    await until('n2', () => settled(cloud, 'network', 'n2'))
    await first.stop()
    await database.write(async (tx) => {
      await hosts.remove(tx, 'away', 'network', 'n1')
      await hosts.put(tx, 'away', 'network', 'n3', network)
    })
    // The same machine again: its documents are on its disk, so it makes n1 and n2 before it is told better.
    const second = start()
    await until('n3', () => settled(cloud, 'network', 'n3'))
    await until('n1 is gone', () => second.host.inventory().network.sort().join() === 'n2,n3')
  }))

test('a job is done once by an agent of another process, whose successor remembers it', () =>
  withRemote(async ({ cloud, start }) => {
    const { hosts, database } = cloud.cloud
    const first = start()
    const job = { id: 'j1', type: 'reboot-hard' as const, input: {}, timeoutSeconds: 60 }
    const result = () => hosts.jobResult(database.read, 'away', 'guest', 'g1', job)
    await database.write(async (tx) => {
      await hosts.put(tx, 'away', 'guest', 'g1', guest)
      await hosts.startJob(tx, 'away', 'guest', 'g1', job)
    })
    await until('its end', () =>
      result().then(
        () => true,
        () => false,
      ),
    )
    assert.deepEqual(await result(), {})
    const boots = async (host: typeof first.host) => (await host.consoleLog({ guestId: 'g1' })).split('login: ').length - 1
    assert.equal(await boots(first.host), 2)
    await first.stop()
    // Its documents, with the job, are on its disk; the machine was lost.
    const second = start()
    await until('the guest is there again', async () => (await boots(second.host)) > 0)
    await second.idle()
    assert.equal(await boots(second.host), 1)
  }))

test('a second agent that takes the name of a live one is refused', () =>
  withRemote(async ({ cloud, start }) => {
    const { hosts, database } = cloud.cloud
    const first = start('one')
    await until('the first agent is known', async () => (await hosts.list(database.read)).some((host) => host.name === 'away'))
    const thief = start('two')
    await database.write((tx) => hosts.put(tx, 'away', 'network', 'n1', network))
    await until('n1', () => settled(cloud, 'network', 'n1'))
    assert.deepEqual([first.host.inventory().network, thief.host.inventory().network], [['n1'], []])
    await until('the first agent answers calls', () => hosts.calls('away') !== undefined)
    await database.write((tx) => hosts.put(tx, 'away', 'guest', 'g1', guest))
    await until('g1', () => settled(cloud, 'guest', 'g1'))
    const asked = http.get({
      socketPath: join(cloud.cloud.config.dataDir, 'link.sock'),
      path: '/agent/calls?host=away&session=another',
      headers: { connection: 'Upgrade', upgrade: 'nephos-calls' },
    })
    const status = await new Promise((resolve) => {
      asked.once('response', (answer) => resolve(answer.statusCode)).once('upgrade', () => resolve(101))
    })
    asked.destroy()
    assert.equal(status, 409)
    assert.match(await hosts.calls('away')!.consoleLog({ guestId: 'g1' }), /login: $/)
  }))

test('an agent that says too much to be heard is told of to the operator', async () => {
  await using cloud = await testCloud()
  const socketPath = join(cloud.cloud.config.dataDir, 'link.sock')
  const told: string[] = []
  const log = { ...silentLog, error: (_fields: object, text: string) => void told.push(text) }
  const server = await serveLink({ socketPath, hosts: cloud.cloud.hosts, log })
  try {
    let ended = false
    const sent = http.request({ socketPath, path: '/agent/sync', method: 'POST' }, (answer) => answer.resume())
    sent.on('error', () => {}).on('close', () => (ended = true))
    for (let i = 0; i < 65; i++) sent.write(Buffer.alloc(2 ** 20, ' '))
    await until('it is told', () => told.length > 0)
    assert.deepEqual(told, ['agent link'])
    await until('the connection is gone', () => ended)
  } finally {
    await server.close()
  }
})
