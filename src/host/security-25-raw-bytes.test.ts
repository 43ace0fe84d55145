// Raw bytes against the unix sockets of both processes, and what a hostile peer may answer on each.
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { after, test } from 'node:test'
import { getControl } from '../cli/control.ts'
import type { Status } from '../cli/status.ts'
import { join as joinStreams, lineReader } from '../contain.ts'
import { serveControl } from '../control.ts'
import { createEnvironment, seededRandom } from '../environment.ts'
import { silentLog } from '../log.ts'
import { misbehave } from '../testing/host/raw-bytes.ts'
import { testCloud } from '../testing/test-cloud.ts'
import { until } from '../testing/until.ts'
import { connectQmp } from './commands/qmp.ts'
import { createFakeHost } from './fake/fake-host.ts'
import { createMonitors } from './guests/monitors.ts'
import { connectLink, upgrade } from './link-client.ts'

const folder = mkdtempSync(join(tmpdir(), 'nephos-raw-'))
after(() => rmSync(folder, { recursive: true, force: true }))

test('security-25: raw bytes on the control socket leave the control process as it was', async () => {
  await using cloud = await testCloud()
  mkdirSync(join(cloud.cloud.config.dataDir, 'run'), { recursive: true })
  const control = await serveControl(cloud.cloud)
  const { dataDir } = cloud.cloud.config
  try {
    const paths = [
      '/agent/sync',
      '/agent/poke',
      '/status',
      '/agent/images/x',
      '/agent/calls?host=h',
      '/agent/calls?%',
      '/stream?address=%00&port=1',
    ]
    await misbehave({ path: join(dataDir, 'run/control.sock') }, { seed: 'control', count: 600, paths })
    assert.ok((await getControl<Status>(dataDir, '/status')).pid > 0)
  } finally {
    await control.close()
  }
})

/** What stands where an answer should. */
const noAnswers = [
  'x\n',
  'null\n',
  '[]\n',
  '{"id":{}}\n',
  '{"id":1}\n',
  '{"id":1,"error":null}\n',
  '{"id":1,"result":{}}\n',
  '\0\n',
  `${'['.repeat(100_000)}\n`,
]

test('security-25: an agent whose answers are none loses its connection, and nothing else', async () => {
  await using cloud = await testCloud()
  mkdirSync(join(cloud.cloud.config.dataDir, 'run'), { recursive: true })
  const control = await serveControl(cloud.cloud)
  const socketPath = join(cloud.cloud.config.dataDir, 'run/control.sock')
  try {
    const { hosts, database } = cloud.cloud
    const { facts } = (await hosts.list(database.read))[0]!
    for (const [index, answer] of [...noAnswers, 'x'.repeat(17 * 2 ** 20)].entries()) {
      await hosts.sync({ host: `h${index}`, session: 's', facts, all: false, taken: [], reports: [] }, 0)
      const socket = await upgrade(socketPath, `/agent/calls?host=h${index}&session=s`, 'nephos-calls')
      let over = false
      for (const event of ['end', 'close']) socket.on(event, () => (over = true))
      socket.resume().write(answer)
      await until('it was taken in', () => cloud.cloud.hosts.calls(`h${index}`) !== undefined || over)
      socket.destroy()
      await until('it is gone', () => cloud.cloud.hosts.calls(`h${index}`) === undefined)
    }
    assert.ok((await getControl<Status>(cloud.cloud.config.dataDir, '/status')).pid > 0)
  } finally {
    await control.close()
  }
})

/** A server that answers each connection as `speak` says. */
async function speaking(
  name: string,
  speak: (socket: Socket) => void,
): Promise<{ path: string; connections: () => number; close(): void }> {
  const path = join(folder, name)
  let connections = 0
  const open = new Set<Socket>()
  const server: Server = createServer((socket) => {
    connections++
    open.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => open.delete(socket))
    speak(socket)
  })
  await new Promise<void>((resolve) => server.listen(path, resolve))
  return {
    path,
    connections: () => connections,
    close() {
      server.close()
      for (const socket of open) socket.destroy()
    },
  }
}

test('security-25: an agent goes on when what answers on its socket is no control process', async () => {
  const random = seededRandom('no control process')
  const ok = (body: string) => `HTTP/1.1 200 OK\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
  const switched = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: nephos-calls\r\n\r\n'
  const sayings = [
    () => random.bytes(200),
    () => ok('{'),
    () => ok('null'),
    () => 'HTTP/1.1 500 No\r\nContent-Length: 9\r\n\r\nhalf',
    ...noAnswers.map((line) => () => switched + line),
    () => `${switched}{"id":1,"method":"vnc","guestId":"../../x"}\n{"id":2,"method":"consoleLog","guestId":{}}\n`,
    () => `${switched}${'x'.repeat(2 ** 21)}`,
  ]
  const environment = createEnvironment()
  const host = createFakeHost({ name: 'h', environment, delayMs: 0, faults: null })
  for (const [index, say] of sayings.entries()) {
    const control = await speaking(`control-${index}`, (socket) => {
      socket.once('data', () => socket.end(say()))
    })
    const link = connectLink({ socketPath: control.path, name: 'h', session: 's', host, log: silentLog })
    const request = { host: 'h', session: 's', facts: await host.facts(), all: true, taken: [], reports: [] }
    await link.sync(request, new AbortController().signal).catch((error: Error) => assert.ok(error.message))
    await until('the connection for calls was tried', () => control.connections() >= 2)
    link.close()
    control.close()
  }
})

test('security-25: a monitor that says anything is given up with a reason', async () => {
  const random = seededRandom('no monitor')
  const greeting = '{"QMP": {}}\n'
  const capable = '{"return": {}, "id": 1}\n'
  /** What it says at once, then to each command. */
  const sayings: (string | Buffer)[][] = [
    ...noAnswers.map((line) => [line]),
    ...noAnswers.map((line) => [greeting, line]),
    ...noAnswers.map((line) => [greeting, capable, line]),
    [greeting, capable, '{"return": null, "id": 2}\n'],
    [greeting, capable, '{"error": null, "id": 2}\n'],
    [greeting, capable, '{"event": "STOP", "data": 7}\n{"event": "STOP"}\n'],
    [greeting, `${'{"a":'.repeat(100_000)}\n`],
    ['x'.repeat(2 ** 21)],
    ...Array.from({ length: 30 }, () => [random.bytes(1 + Math.floor(random.float() * 3000))]),
  ]
  for (const [index, said] of sayings.entries()) {
    const monitor = await speaking(`qmp-${index}`, (socket) => {
      const next = said.values()
      const say = () => void socket.write(next.next().value ?? '')
      say()
      socket.on('data', say)
    })
    const work = connectQmp(monitor.path, 100).then(async (qmp) => {
      await qmp.execute('query-status', undefined, 100).finally(() => qmp.close())
    })
    await work.catch((error: Error) => assert.ok(error.message))
    monitor.close()
  }
})

test('security-25: a QEMU that talks without end, or hangs up each time, keeps the agent neither busy nor with open connections', async () => {
  const id = '11111111-2222-4333-8444-555555555555'
  const sockets = join(folder, 'guests', id, 'sockets')
  mkdirSync(sockets, { recursive: true })
  const flood = '{"event": "STOP"}\n{"event": "RESUME"}\n'.repeat(20_000)
  const open = new Set<Socket>()
  const server = createServer((socket) => {
    open.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => open.delete(socket))
    socket.write('{"QMP": {}}\n')
    socket.once('data', () => {
      socket.write('{"return": {}, "id": 1}\n')
      socket.once('data', () => socket.end(`{"return": {"status": "running"}, "id": 2}\n${flood}`))
    })
  })
  await new Promise<void>((resolve) => server.listen(join(sockets, 'qmp'), resolve))
  let told = 0
  const { clock } = createEnvironment()
  const monitors = createMonitors({ dataDir: folder, clock, log: silentLog, changed: () => told++ })
  const started = clock.now()
  for (let times = 0; times < 5; times++) await monitors.status(id)
  await until('news have come', () => told >= 2)
  assert.ok(told <= 2 + (clock.now() - started) / 200, `${told} times`)
  monitors.close()
  await until('no connection is left', () => open.size === 0)
  server.close()
})

test('a console stream that breaks on either side takes the other along, also when it was gone before they met', async () => {
  const gone = new PassThrough()
  gone.on('error', () => {}).destroy(new Error('reset'))
  const waiting = new PassThrough()
  joinStreams(gone, waiting)
  await until('the other goes', () => waiting.destroyed)
  for (const breaks of [0, 1]) {
    const pair = [new PassThrough(), new PassThrough()] as const
    joinStreams(...pair)
    pair[breaks]!.destroy(new Error('reset'))
    await until('both are gone', () => pair.every((stream) => stream.destroyed))
  }
})

test('lines come whole however they are cut, and long ones end it', () => {
  const random = seededRandom('lines')
  for (let times = 0; times < 50; times++) {
    const lines = Array.from({ length: 20 }, () => 'é'.repeat(1 + Math.floor(random.float() * 40)))
    let text = Buffer.from(`${lines.join('\n')}\n`)
    const taken: string[] = []
    const read = lineReader(100, (line) => taken.push(line))
    while (text.length) {
      const size = 1 + Math.floor(random.float() * 90)
      read(text.subarray(0, size))
      text = text.subarray(size)
    }
    assert.deepEqual(taken, lines)
  }
  const read = lineReader(10, () => {})
  read('12345')
  assert.throws(() => read('678901'), /too long/)
})
