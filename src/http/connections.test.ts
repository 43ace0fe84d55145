import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import net, { type AddressInfo } from 'node:net'
import { test } from 'node:test'
import { until } from '../testing/until.ts'
import { type ConnectionLimits, limitConnections } from './connections.ts'

interface Client {
  socket: net.Socket
  /** All that came back so far. */
  answer: string
  closed: boolean
}

async function withServer(
  limits: Partial<ConnectionLimits>,
  listener: http.RequestListener,
  work: (connect: (send?: string, from?: string) => Client, server: http.Server) => Promise<void>,
): Promise<void> {
  const server = http.createServer({ requestTimeout: 0 })
  limitConnections(server, { total: 100, perAddress: 50, stalledSeconds: 60, ...limits }, listener)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const clients: Client[] = []
  const connect = (send = '', from = '127.0.0.1') => {
    const { port } = server.address() as AddressInfo
    const client: Client = { socket: net.connect({ port, host: '127.0.0.1', localAddress: from }), answer: '', closed: false }
    client.socket.on('data', (piece) => (client.answer += piece)).on('error', () => {})
    client.socket.on('close', () => (client.closed = true))
    client.socket.write(send)
    clients.push(client)
    return client
  }
  try {
    await work(connect, server)
  } finally {
    for (const { socket } of clients) socket.destroy()
    server.closeAllConnections()
    server.close()
  }
}

const get = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'
const ok: http.RequestListener = (_request, response) => void response.end('ok')

test('security-25: idle connections of an address make room for its next request, those that wait longest first', () =>
  withServer({ perAddress: 5 }, ok, async (connect) => {
    const idle: Client[] = []
    for (let i = 0; i < 5; i++) {
      idle.push(connect(get))
      await until('an answer', () => idle.at(-1)!.answer.endsWith('ok'))
    }
    idle[0]!.socket.write(get) // has waited the shortest time now
    await until('a second answer', () => idle[0]!.answer.split('200 OK').length === 3)
    const next = connect(get)
    await until('an answer', () => next.answer.endsWith('ok'))
    await until('the oldest is closed', () => idle[1]!.closed)
    assert.deepEqual(
      idle.map(({ closed }) => closed),
      [false, true, false, false, false],
    )
  }))

test('security-25: 500 silent connections of one address keep neither it nor another address out', () =>
  withServer({ perAddress: 50, total: 80 }, ok, async (connect) => {
    const silent = Array.from({ length: 500 }, () => connect())
    await until('most are closed', () => silent.filter(({ closed }) => closed).length === 450)
    const same = connect(get)
    const other = connect(get, '127.0.0.2')
    await until('both are answered', () => same.answer.endsWith('ok') && other.answer.endsWith('ok'))
    // The total holds as well, over addresses.
    const others = Array.from({ length: 40 }, () => connect('', '127.0.0.3'))
    await until('80 are left', () => [...silent, same, other, ...others].filter(({ closed }) => !closed).length === 80)
  }))

test('security-25: requests that are at work are not closed for a new connection; the new one is', () => {
  const held: http.ServerResponse[] = []
  return withServer(
    { perAddress: 2 },
    (_request, response) => void held.push(response),
    async (connect) => {
      const busy = [connect(get), connect(get)]
      await until('both are at work', () => held.length === 2)
      const third = connect(get)
      await until('the third is closed', () => third.closed)
      for (const response of held) response.end('ok')
      await until('both are answered', () => busy.every(({ answer }) => answer.endsWith('ok')))
      assert.equal(third.answer, '')
    },
  )
})

test('security-25: a body that comes no further is answered 408 and ends; work without bytes on the wire goes on', () => {
  let finish = () => {}
  return withServer(
    { stalledSeconds: 0.2 },
    (request, response) => {
      if (request.method === 'GET') finish = () => response.end('ok')
      else request.resume().on('error', () => {})
    },
    async (connect) => {
      const working = connect(get)
      const stalled = connect('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc')
      await until('it is given up', () => stalled.closed)
      assert.match(stalled.answer, /^HTTP\/1.1 408 /)
      assert.equal(working.closed, false)
      finish()
      await until('the answer', () => working.answer.endsWith('ok'))
    },
  )
})

test('security-25: an answer that nobody reads is broken off', () => {
  let gone = false
  return withServer(
    { stalledSeconds: 0.2 },
    (_request, response) => {
      response.on('close', () => (gone = true))
      const piece = Buffer.alloc(1 << 20)
      const more = () => {
        while (!gone && response.write(piece));
      }
      response.on('drain', more)
      more()
    },
    async (connect) => {
      const reader = connect(get)
      await until('it begins', () => reader.answer !== '')
      reader.socket.pause()
      await until('it is broken off', () => gone)
    },
  )
})

test('security-25: requests that come ahead of their answers are at work one at a time, in order', () => {
  const held: [http.IncomingMessage, http.ServerResponse][] = []
  return withServer(
    {},
    (request, response) => void held.push([request, response]),
    async (connect) => {
      const client = connect(['a', 'b', 'c'].map((name) => `GET /${name} HTTP/1.1\r\nHost: x\r\n\r\n`).join(''))
      for (const [index, name] of ['a', 'b', 'c'].entries()) {
        await until(`${name} is at work`, () => held.length === index + 1)
        const [request, response] = held.at(-1)!
        assert.equal(request.url, `/${name}`)
        response.end(`answer ${name}`)
        await until('its answer', () => client.answer.endsWith(`answer ${name}`))
      }
      // What waits is not begun when its client has gone.
      const gone = connect(get.repeat(10))
      await until('the first is at work', () => held.length === 4)
      gone.socket.destroy()
      await until('it is over', () => held[3]![1].destroyed)
      const other = connect(get)
      await until('another is at work', () => held.length === 5)
      held[4]![1].end('ok')
      await until('its answer', () => other.answer.endsWith('ok'))
      assert.equal(held.length, 5)
    },
  )
})

test('security-25: who sends hundreds of requests ahead and reads nothing is cut off, before and after the answer begins', () => {
  const held: http.ServerResponse[] = []
  return withServer(
    { stalledSeconds: 0.2 },
    (_request, response) => void held.push(response),
    async (connect) => {
      const flood = connect(get.repeat(900))
      await until('it is cut off', () => flood.closed)
      assert.ok(held.length <= 1)
      // The answer at work counts, not the last one that waits.
      const reader = connect(get.repeat(5))
      await until('one is at work', () => held.at(-1)?.socket !== null && held.at(-1)?.destroyed === false)
      reader.socket.pause()
      const response = held.at(-1)!
      const piece = Buffer.alloc(1 << 20)
      const more = () => {
        while (!response.destroyed && response.write(piece));
      }
      response.on('drain', more)
      more()
      await until('it is broken off', () => response.destroyed)
    },
  )
})

test('security-25: a connection that becomes a WebSocket while a request of it is at work ends', () => {
  const held: http.ServerResponse[] = []
  return withServer(
    {},
    (_request, response) => void held.push(response),
    async (connect, server) => {
      const upgraded: net.Socket[] = []
      server.on('upgrade', (_request, socket: net.Socket) => void upgraded.push(socket.on('error', () => {})))
      const upgrade = 'GET /console HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'
      const ahead = connect(get + upgrade)
      await until('it is ended', () => ahead.closed)
      assert.ok(held.every(({ destroyed }) => destroyed) && upgraded.every(({ destroyed }) => destroyed))
      const alone = connect(upgrade)
      await until('it is a WebSocket', () => upgraded.some(({ destroyed }) => !destroyed))
      assert.equal(alone.closed, false)
    },
  )
})
