// Streams of two agents, joined by the control process, over its real socket.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { Duplex, Readable, Writable } from 'node:stream'
import { test } from 'node:test'
import { seededRandom } from '../environment.ts'
import { silentLog } from '../log.ts'
import { guestSpec } from '../testing/host/guests.ts'
import { testCloud } from '../testing/test-cloud.ts'
import { until } from '../testing/until.ts'
import { eachCall, type HostCalls } from './calls.ts'
import type { Hosts } from './client.ts'
import { connectLink } from './link-client.ts'
import { serveLink } from './link-server.ts'

const guestId = 'g1'
const from = { host: 'from', call: 'vnc' as const, input: { guestId } }
const to = { host: 'to', call: 'serial' as const, input: { guestId } }

/** Two agents whose streams are these; more calls they do not answer. */
async function withAgents(streams: { source: () => Duplex; target: () => Duplex }, work: (hosts: Hosts) => Promise<void>): Promise<void> {
  await using cloud = await testCloud()
  const { hosts, database, config } = cloud.cloud
  const socketPath = join(config.dataDir, 'link.sock')
  const server = await serveLink({ socketPath, hosts, log: silentLog })
  const [{ facts } = { facts: {} }] = await hosts.list(database.read)
  const nothing = eachCall(() => () => Promise.reject(new Error('not asked')))
  const agents: [string, HostCalls][] = [
    ['from', { ...nothing, vnc: async () => streams.source() }],
    ['to', { ...nothing, serial: async () => streams.target() }],
  ]
  const links = []
  for (const [name, host] of agents) {
    await hosts.sync({ host: name, session: name, facts: facts as never, all: false, taken: [], reports: [] }, 0)
    links.push(connectLink({ socketPath, name, session: name, host, log: silentLog }))
  }
  try {
    await until('both are connected', () => agents.every(([name]) => hosts.calls(name)))
    await work(hosts)
  } finally {
    for (const link of links) link.close()
    await server.close()
  }
}

const piece = 1 << 16
/** So many pieces from a seed, and what was read of them. */
function source(pieces: number) {
  const random = seededRandom('disk')
  const sum = createHash('sha256')
  const state = { read: 0, sum: () => sum.digest('hex'), stream: null as unknown as Duplex }
  const make = () => {
    const readable = new Readable({
      read() {
        if (state.read === pieces) return void this.push(null)
        state.read++
        const bytes = Buffer.alloc(piece, random.bytes(256))
        sum.update(bytes)
        this.push(bytes)
      },
    })
    state.stream = Duplex.from({ readable, writable: new Writable({ write: (_chunk, _encoding, done) => done() }) })
    return state.stream
  }
  return { state, make }
}

/** A target that takes nothing before `open` is called. */
function gate() {
  const sum = createHash('sha256')
  const opened = Promise.withResolvers<void>()
  const state = { taken: 0, sum: () => sum.digest('hex'), stream: null as unknown as Duplex }
  const make = () => {
    state.stream = new Duplex({
      read() {},
      write(chunk: Buffer, _encoding, done) {
        opened.promise.then(() => {
          state.taken += chunk.length
          sum.update(chunk)
          done()
        }, done)
      },
      final(done) {
        this.push(null)
        done()
      },
    })
    return state.stream
  }
  return { state, make, open: opened.resolve }
}

test('all of it arrives, and the source is held back as long as the target takes nothing', async () => {
  const pieces = 512
  const [disk, sink] = [source(pieces), gate()]
  await withAgents({ source: disk.make, target: sink.make }, async (hosts) => {
    const joined = hosts.join(from, to)
    let [before, still] = [-1, 0]
    await until('nothing moves', () => {
      still = disk.state.read === before && before > 0 ? still + 1 : 0
      before = disk.state.read
      return still === 40
    })
    assert.ok(disk.state.read * piece < 16 << 20, `${disk.state.read * piece} bytes were read`)
    sink.open()
    await joined
    assert.deepEqual([disk.state.read, sink.state.taken], [pieces, pieces * piece])
    assert.equal(sink.state.sum(), disk.state.sum())
  })
})

for (const [what, breaks] of [
  ['source', (disk: Duplex, _sink: Duplex) => disk.destroy(new Error('the disk cannot be read'))],
  ['target', (_disk: Duplex, sink: Duplex) => sink.destroy(new Error('the disk is full'))],
] as const) {
  test(`a ${what} that breaks ends both, and is what the join fails with`, async () => {
    const [disk, sink] = [source(Number.POSITIVE_INFINITY), gate()]
    await withAgents({ source: disk.make, target: sink.make }, async (hosts) => {
      const joined = hosts.join(from, to)
      joined.catch(() => {})
      sink.open()
      await until('it has begun', () => sink.state.taken > 0)
      breaks(disk.state.stream, sink.state.stream)
      await assert.rejects(joined, /the disk (cannot be read|is full)/)
      await until('both are gone', () => disk.state.stream.destroyed && sink.state.stream.destroyed)
    })
  })
}

test('a target that broke before anything came to it says why too', async () => {
  const disk = source(Number.POSITIVE_INFINITY)
  const target = () => new Duplex({ read() {} }).on('error', () => {}).destroy(new Error('the disk is full'))
  await withAgents({ source: disk.make, target }, async (hosts) => {
    await assert.rejects(hosts.join(from, to), /the disk is full/)
    await until('the source is gone', () => disk.state.stream.destroyed)
  })
})

test('what cannot be opened leaves nothing open', async () => {
  const disk = source(4096)
  const target = () => {
    throw new Error('somebody else is at the serial console of this guest')
  }
  await withAgents({ source: disk.make, target }, async (hosts) => {
    await assert.rejects(hosts.join(from, to), /somebody else/)
    await until('it is gone', () => disk.state.stream.destroyed)
    await assert.rejects(hosts.join({ ...from, host: 'nowhere' }, to), /nowhere is not connected/)
  })
})

test('a guest’s serial console answers over the link, and who leaves it makes room', async () => {
  await using cloud = await testCloud()
  const { hosts, database, config, environment } = cloud.cloud
  const id = environment.uuid()
  await database.write((tx) => hosts.put(tx, config.hostName, 'guest', id, guestSpec({ name: 'one' })))
  await cloud.settled()
  await withAgentOf(cloud.host, async (calls) => {
    const serial = await calls.serial({ guestId: id })
    let said = ''
    serial.on('data', (bytes: Buffer) => {
      said += bytes
    })
    serial.write('root\rsecret\r')
    await until('it answers', () => said.includes('Login incorrect'))
    assert.equal(said, 'root\r\nPassword: \r\n\r\nLogin incorrect\r\none login: ')
    assert.ok((await calls.consoleLog({ guestId: id })).endsWith(said))
    await assert.rejects(calls.serial({ guestId: id }), /somebody else/)
    serial.destroy()
    await until('there is room', () =>
      calls.serial({ guestId: id }).then(
        (stream) => stream.destroy().destroyed,
        () => false,
      ),
    )
    await assert.rejects(calls.serial({ guestId: 'none' }), /does not run/)
  })
})

/** The host's calls as the control process has them over a socket. */
async function withAgentOf(host: HostCalls, work: (calls: HostCalls) => Promise<void>): Promise<void> {
  await using cloud = await testCloud()
  const { hosts, database, config } = cloud.cloud
  const socketPath = join(config.dataDir, 'link.sock')
  const server = await serveLink({ socketPath, hosts, log: silentLog })
  const [{ facts } = { facts: {} }] = await hosts.list(database.read)
  await hosts.sync({ host: 'away', session: 's', facts: facts as never, all: false, taken: [], reports: [] }, 0)
  const link = connectLink({ socketPath, name: 'away', session: 's', host, log: silentLog })
  try {
    await until('it is connected', () => hosts.calls('away') !== undefined)
    await work(hosts.calls('away')!)
  } finally {
    link.close()
    await server.close()
  }
}
