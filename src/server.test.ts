import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import { test } from 'node:test'
import { type Log, silentLog } from './log.ts'
import { testCloud } from './testing/test-cloud.ts'
import { until } from './testing/until.ts'

test('every answer has a request id that stands in the log, also one to what is no request of any service', async () => {
  const logged: string[] = []
  const log: Log = { ...silentLog, isLevelEnabled: () => true, info: (fields) => void logged.push((fields as { req: string }).req) }
  await using cloud = await testCloud({ log })
  /** Sends these bytes; gives the whole answer. */
  const send = async (text: string): Promise<string> => {
    const socket = net.connect(Number(new URL(cloud.url).port), '127.0.0.1')
    let answer = ''
    socket.on('data', (chunk) => (answer += chunk)).on('error', () => {})
    socket.write(text)
    await once(socket, 'close')
    return answer
  }
  const get = (path: string, headers = '') => send(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${headers}\r\n`)
  const answers: [string, RegExp][] = [
    [await get('/'), /^HTTP\/1.1 200 /],
    [await get('/nowhere'), /^HTTP\/1.1 404 /],
    [await get('/compute/v2.1/servers'), /^HTTP\/1.1 401 /],
    [await get('/identity/v3', `X-Long: ${'x'.repeat(33_500)}\r\n`), /^HTTP\/1.1 431 /],
    [await send('nonsense\r\n\r\n'), /^HTTP\/1.1 400 /],
  ]
  for (const [answer, status] of answers) {
    assert.match(answer, status)
    const id = /^x-openstack-request-id: (req-[0-9a-f-]{36})\r$/im.exec(answer)?.[1]
    assert.ok(id, answer)
    await until('its line in the log', () => logged.includes(id))
  }
})

test('security-25: chunk extensions, trailers and header lines without end are cut off, whatever they belong to', async () => {
  await using cloud = await testCloud()
  const port = Number(new URL(cloud.url).port)
  /** Sends the start, then the same piece again and again until the other side ends it; gives what was answered and how many bytes it took. */
  const pour = async (start: string, piece: string): Promise<{ answer: string; sent: number }> => {
    const socket = net.connect(port, '127.0.0.1')
    let [answer, sent] = ['', 0]
    socket.on('data', (chunk) => (answer += chunk)).on('error', () => {})
    const closed = once(socket, 'close')
    socket.write(start)
    while (!socket.destroyed && !socket.readableEnded && sent < 2 ** 22) {
      sent += piece.length
      await new Promise((resolve) => socket.write(piece, resolve))
      await new Promise(setImmediate)
    }
    socket.end()
    await closed
    return { answer, sent }
  }
  const post = 'POST /identity/v3/auth/tokens HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n'
  const line = 'x'.repeat(100)
  for (const [what, start, piece] of [
    ['extensions of one chunk', `${post}1`, `;${line}`],
    ['trailers', `${post}1\r\n{\r\n0\r\n`, `${line}: ${line}\r\n`],
    ['header lines', 'GET / HTTP/1.1\r\nHost: x\r\n', `${line}: ${line}\r\n`],
    ['the target', 'GET /', line],
    ['the method', '', 'A'],
  ] as const) {
    const { answer, sent } = await pour(start, piece)
    assert.ok(sent < 2 ** 20, `${what}: ${sent} bytes`)
    assert.match(answer, /^HTTP\/1\.1 (400|431|413|408) |^$/, what)
  }
  assert.equal((await fetch(`${cloud.url}/identity/v3`)).status, 200)
})

test('security-25: what a listener throws, at once or later, ends its own connection and nothing else', async () => {
  await using cloud = await testCloud()
  const { services } = cloud.cloud
  const compute = services.find(({ name }) => name === 'compute')!
  const listener = compute.listeners!.find(({ name }) => name === 'console')!
  const { handle, upgrade } = listener
  const port = Number(new URL(cloud.url).port)
  const send = async (text: string): Promise<string> => {
    const socket = net.connect(port, '127.0.0.1')
    let answer = ''
    socket.on('data', (chunk) => (answer += chunk)).on('error', () => {})
    socket.write(text)
    await once(socket, 'close')
    return answer
  }
  const get = 'GET /console/x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'
  const upgraded = 'GET /console/x HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'
  try {
    for (const fails of [
      () => {
        throw new Error('at once')
      },
      async () => {
        throw new Error('later')
      },
    ]) {
      listener.handle = fails as never
      listener.upgrade = fails as never
      assert.match(await send(get), /^HTTP\/1.1 500 /)
      assert.equal(await send(upgraded), '')
    }
  } finally {
    Object.assign(listener, { handle, upgrade })
  }
  await cloud.admin.request('GET', '/compute/v2.1/servers', { expected: 200 })
})

test('security-09: a target that is no plain path is refused everywhere: others might read it otherwise', async () => {
  await using cloud = await testCloud()
  const token = await cloud.admin.token()
  const { port } = new URL(cloud.url)
  const statusOf = async (target: string): Promise<number> => {
    const socket = net.connect(Number(port), '127.0.0.1')
    let answer = ''
    socket.on('data', (chunk) => (answer += chunk))
    socket.write(`GET ${target} HTTP/1.1\r\nHost: x\r\nX-Auth-Token: ${token}\r\nConnection: close\r\n\r\n`)
    await once(socket, 'close')
    return Number(answer.slice(9, 12))
  }
  for (const target of [
    '/network/v2.0/networks#/tags/x',
    '/network/v2.0/networks?name=a#b',
    `http://127.0.0.1:${port}/network/v2.0/networks`,
    'x/network/v2.0/networks',
    '*',
    '/console/#',
  ])
    assert.equal(await statusOf(target), 400, target)
  for (const target of ['//', '/console//', '//console/x', '/network//v2.0//networks']) assert.ok((await statusOf(target)) < 500, target)
})
