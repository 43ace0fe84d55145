import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import { test } from 'node:test'
import { activeServer, ground } from '../../../testing/compute/servers.ts'
import { freePort } from '../../../testing/free-port.ts'
import { testCloud } from '../../../testing/test-cloud.ts'
import { consoleListener } from './proxy.ts'

const upgrade = 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n'
const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n'

/** Sends these bytes, then nothing more; gives what comes back until the connection ends. */
async function say(port: number, text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  let answer = ''
  socket.on('error', () => {})
  socket.on('data', (chunk) => {
    answer += chunk
    // A connection that stays open after its answer is of no interest here.
    if (answer.includes('\r\n\r\n')) socket.end()
  })
  socket.write(text)
  await once(socket, 'close')
  return answer
}

/** A console address's target: path and token. */
async function setUp() {
  const cloud = await testCloud()
  const place = await ground(cloud)
  const id = await activeServer(cloud, place)
  const asked = await place.member.post(`/compute/v2.1/servers/${id}/action`, { 'os-getVNCConsole': { type: 'novnc' } }, 200)
  const query = new URLSearchParams(new URL(asked.body.console.url).search).get('path')!
  return { cloud, port: Number(new URL(cloud.url).port), token: new URLSearchParams(query.split('?')[1]).get('token')! }
}

const targets = [
  '//',
  '///',
  '//?',
  '/\\',
  'http://',
  '//[',
  '/?token=%',
  '/%',
  '/%00',
  '/websockify?token=%ff&&=&',
  '/..//..',
  '/novnc/core/%2e%2e.js',
]

test('what is no URL is answered by the console, and the cloud goes on', async () => {
  const { cloud, port } = await setUp()
  await using _end = cloud
  // On a port of its own, as it has when the cloud is not told to use a single one, the target reaches it as it came.
  const own = createServer((request, response) => consoleListener.handle(cloud.cloud, request, response, ''))
  own.on('upgrade', (request, socket, head) => consoleListener.upgrade!(cloud.cloud, request, socket, head, ''))
  const ownPort = await freePort()
  own.listen(ownPort, '127.0.0.1').unref()
  await once(own, 'listening')
  for (const [at, prefix] of [[port, '/console'] as const, [ownPort, ''] as const]) {
    for (const method of ['GET', 'HEAD', 'POST', 'OPTIONS']) {
      for (const target of targets) {
        const plain = await say(at, `${method} ${prefix}${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`)
        assert.match(plain, /^HTTP\/1.1 (400|403|404|405) /, `${method} ${prefix}${target}`)
        const raised = await say(at, `${method} ${prefix}${target} HTTP/1.1\r\nHost: a\r\n${upgrade}${key}\r\n`)
        assert.match(raised, /^HTTP\/1.1 (400|403|404|405) /, `${method} ${prefix}${target} to be upgraded`)
      }
    }
  }
  own.close()
  await cloud.admin.get('/compute/v2.1/servers')
})

test('a handshake that is refused, or left, leaves no stream of the guest open', async () => {
  const { cloud, port, token } = await setUp()
  await using _end = cloud
  const streams: { destroyed: boolean }[] = []
  const calls = cloud.cloud.hosts.calls('fake-1')!
  const { vnc } = calls
  calls.vnc = async (guest) => {
    const made = await vnc(guest)
    streams.push(made)
    return made
  }
  const head = `GET /console/websockify?token=${token} HTTP/1.1\r\nHost: a\r\n${upgrade}`
  for (const rest of [
    '\r\n',
    'Sec-WebSocket-Key: short\r\n\r\n',
    `${key}Sec-WebSocket-Version: 99\r\n\r\n`,
    `${key}Sec-WebSocket-Protocol: ,,\r\n\r\n`,
  ])
    assert.match(await say(port, head + rest), /^HTTP\/1.1 4/)
  const left = connect(port, '127.0.0.1')
  left.write(`${head}${key}\r\n`)
  left.destroy()
  // Frames that are none: reserved bits, a length beyond every limit, a control frame in pieces.
  for (const bytes of ['\xff\xff\xff\xff', `\x82\xff${'\xff'.repeat(12)}`, '\x09\x80\x00\x00\x00\x00', '\x82\x01a'])
    assert.match(await say(port, `${head}${key}\r\n${bytes}`), /^(HTTP\/1.1 101|$)/)
  await cloud.admin.get('/compute/v2.1/servers')
  assert.ok(streams.length > 4)
  assert.ok(streams.every(({ destroyed }) => destroyed))
})
