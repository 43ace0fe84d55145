// What a guest may do to the metadata listener: nothing that another guest, the agent or the cloud would feel.
import assert from 'node:assert/strict'
import { request } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { test } from 'node:test'
import { silentLog } from '../../log.ts'
import { misbehave } from '../../testing/host/raw-bytes.ts'
import { until } from '../../testing/until.ts'
import { shareConnections } from '../connection-limits.ts'
import { metadataServer } from './serve.ts'

async function serving(limits = { each: 8, all: 20, lifeMs: 60_000 }) {
  const server = metadataServer(
    'net',
    async (_net, ip, path, posted) => ({ status: 200, body: `${ip} ${path} ${posted ?? ''}` }),
    silentLog,
  )
  const connections = shareConnections(limits)
  connections.watch(server, 'net')
  await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve))
  const { port } = server.address() as AddressInfo
  const sockets: Socket[] = []
  const open = (from: string) => {
    const socket = connect({ port, host: '127.0.0.1', localAddress: from })
    socket.on('error', () => {})
    sockets.push(socket)
    return socket
  }
  const get = (from: string) =>
    new Promise<string>((resolve, reject) => {
      const sent = request({ host: '127.0.0.1', port, localAddress: from, path: '/here', agent: false }, (answer) => {
        let body = ''
        answer.on('data', (chunk) => (body += chunk)).on('end', () => resolve(body))
      })
      sent.on('error', reject).end()
    })
  return {
    server,
    port,
    connections,
    open,
    get,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close().closeAllConnections()
    },
  }
}

test('security-25: a POST whose body is broken off ends nothing but itself', async () => {
  await using guests = await serving()
  for (const path of ['/openstack/latest/password', '/openstack/2013-04-04/password']) {
    for (const end of ['destroy', 'resetAndDestroy', 'end'] as const) {
      const socket = guests.open('127.0.0.2')
      socket.write(`POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\nabc`)
      await until('the request has come', () => guests.connections.count > 0)
      socket[end]()
      await until('the connection is gone', () => guests.connections.count === 0)
    }
  }
  assert.equal(await guests.get('127.0.0.3'), '127.0.0.3 /here ')
})

test('security-25: raw bytes of any kind leave the listener as it was', async () => {
  await using guests = await serving()
  const paths = ['/openstack/latest/password', '/latest/meta-data/', '/here']
  await misbehave({ port: guests.port, host: '127.0.0.1' }, { seed: 'metadata', count: 600, paths })
  await until('all are gone', () => guests.connections.count === 0)
  assert.equal(await guests.get('127.0.0.3'), '127.0.0.3 /here ')
})

test('security-25: one guest has its share of connections, and what is beyond is closed', async () => {
  await using guests = await serving()
  const sockets = Array.from({ length: 30 }, () => guests.open('127.0.0.2'))
  await until('those beyond are closed', () => sockets.filter((socket) => socket.closed).length === 22)
  assert.equal(guests.connections.count, 8)
  assert.equal(await guests.get('127.0.0.3'), '127.0.0.3 /here ')
})

test('security-25: when many sources have taken all, who has most gives way to a newcomer', async () => {
  await using guests = await serving()
  for (const from of ['127.0.0.2', '127.0.0.4', '127.0.0.5']) for (let i = 0; i < 30; i++) guests.open(from)
  await until('all are taken', () => guests.connections.count === 20)
  for (let tries = 0; tries < 5; tries++) assert.equal(await guests.get('127.0.0.3'), '127.0.0.3 /here ')
  assert.ok(guests.connections.count <= 20)
})

test('security-25: a connection ends after its time, whatever it does', async () => {
  await using guests = await serving({ each: 8, all: 20, lifeMs: 100 })
  const dripping = guests.open('127.0.0.2')
  dripping.write('GET / HTTP/1.1\r\n')
  await until('it is closed', () => dripping.closed)
  assert.equal(guests.connections.count, 0)
})

test('security-25: headers, bodies and idle connections have their time, and so have answers that nobody reads', async () => {
  await using guests = await serving()
  const { server } = guests
  for (const limit of [server.headersTimeout, server.requestTimeout, server.keepAliveTimeout, server.timeout]) {
    assert.ok(limit > 0 && limit <= 10_000, `${limit}`)
  }
})

test('a server that has no file descriptor left for a connection stays', async () => {
  await using guests = await serving()
  guests.server.emit('error', Object.assign(new Error('accept EMFILE'), { code: 'EMFILE' }))
  assert.equal(await guests.get('127.0.0.3'), '127.0.0.3 /here ')
})
