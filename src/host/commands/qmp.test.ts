import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { connectQmp, QmpError } from './qmp.ts'

/** A monitor on a socket of its own; `answer` gets each command and writes what it likes. */
async function fakeMonitor(answer: (command: { execute: string; id: number; arguments?: unknown }, socket: Socket) => void, greet = true) {
  const folder = await mkdtemp(join(tmpdir(), 'qmp-'))
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    if (greet) socket.write('{"QMP": {"version": {}, "capabilities": []}}\r\n')
    socket.setEncoding('utf8').on('data', (text: string) => {
      for (const line of text.split('\n').filter(Boolean)) answer(JSON.parse(line), socket)
    })
    socket.on('error', () => {})
  })
  await new Promise<void>((resolve) => server.listen(join(folder, 's'), resolve))
  return {
    path: join(folder, 's'),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await rm(folder, { recursive: true })
    },
  }
}

const reply = (socket: Socket, message: object) => socket.write(`${JSON.stringify(message)}\r\n`)

test('commands are matched to answers, whatever their order and cut', async () => {
  const held: (() => void)[] = []
  await using monitor = await fakeMonitor((command, socket) => {
    if (command.execute === 'qmp_capabilities') return reply(socket, { return: {}, id: command.id })
    const text = `${JSON.stringify({ return: [command.execute, command.arguments], id: command.id })}\r\n`
    held.push(() => {
      socket.write(text.slice(0, 5))
      setTimeout(() => socket.write(text.slice(5)), 20)
    })
    if (held.length === 2) {
      held[1]!()
      setTimeout(held[0]!, 50)
    }
  })
  const qmp = await connectQmp(monitor.path)
  const first = qmp.execute('a', { x: 1 })
  const second = qmp.execute('b')
  assert.deepEqual(await Promise.all([first, second]), [
    ['a', { x: 1 }],
    ['b', null],
  ])
  qmp.close()
})

test('events reach the listener and an error names its cause', async () => {
  await using monitor = await fakeMonitor((command, socket) => {
    if (command.execute === 'qmp_capabilities') return reply(socket, { return: {}, id: command.id })
    reply(socket, { event: 'SHUTDOWN', data: { guest: true }, timestamp: {} })
    reply(socket, { error: { class: 'GenericError', desc: 'no such thing' }, id: command.id })
  })
  const qmp = await connectQmp(monitor.path)
  const events: unknown[] = []
  qmp.onEvent((event) => events.push(event))
  await assert.rejects(qmp.execute('x'), new QmpError('no such thing'))
  assert.deepEqual(events, [{ event: 'SHUTDOWN', data: { guest: true } }])
  qmp.close()
})

test('a monitor that hangs before or after its greeting is given up', async () => {
  await using mute = await fakeMonitor(() => {}, false)
  await assert.rejects(connectQmp(mute.path, 50), /did not answer within 50 ms/)
  await using hanging = await fakeMonitor((command, socket) => {
    if (command.execute === 'qmp_capabilities') reply(socket, { return: {}, id: command.id })
  })
  const qmp = await connectQmp(hanging.path)
  await assert.rejects(qmp.execute('query-status', undefined, 50), /did not answer query-status within 50 ms/)
  qmp.close()
})

test('what waits is refused when the connection ends, and so is what comes later', async () => {
  await using monitor = await fakeMonitor((command, socket) => {
    if (command.execute === 'qmp_capabilities') return reply(socket, { return: {}, id: command.id })
    socket.destroy()
  })
  const qmp = await connectQmp(monitor.path)
  await assert.rejects(qmp.execute('quit'), QmpError)
  await qmp.closed
  await assert.rejects(qmp.execute('quit'), QmpError)
})

for (const [name, garbage] of [
  ['no JSON', 'hello\n'],
  ['null', 'null\n'],
  ['an endless line', 'x'.repeat(2 ** 20 + 10)],
] as const) {
  test(`garbage ends the connection: ${name}`, async () => {
    await using monitor = await fakeMonitor((command, socket) => {
      if (command.execute === 'qmp_capabilities') return reply(socket, { return: {}, id: command.id })
      socket.write(garbage)
    })
    const qmp = await connectQmp(monitor.path)
    await assert.rejects(qmp.execute('x'), /not QMP/)
  })
}

test('no socket: an error at once', async () => {
  await assert.rejects(connectQmp('/nonexistent/socket'), /ENOENT/)
})
