import assert from 'node:assert/strict'
import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { Duplex } from 'node:stream'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { WebSocket } from 'ws'
import { type Clock, systemClock } from '../../../environment.ts'
import { activeServer, ground, statusOf } from '../../../testing/compute/servers.ts'
import { type TestCloudOptions, testCloud } from '../../../testing/test-cloud.ts'
import { until } from '../../../testing/until.ts'
import { mostViewers } from '../servers/open-consoles.ts'
import { consoleListener } from './proxy.ts'

const path = '/compute/v2.1/servers'

/** Connects and gives the first bytes that the server says; null when it is refused. */
function connect(address: string, headers: Record<string, string> = {}): Promise<{ hello: string; socket: WebSocket } | null> {
  const socket = new WebSocket(address, ['binary'], { headers })
  return new Promise((resolve) => {
    socket.once('message', (data) => resolve({ hello: String(data), socket }))
    socket.once('error', () => resolve(null))
    socket.once('close', () => resolve(null))
  })
}

/** What the console's page would show of a refusal. */
const why = async (address: string) => (await fetch(address.replace('ws:', 'http:').replace('/console/?', '/console/websockify?'))).text()

/** What a viewer is sent that does not look at the status: all behind the head is the screen to it. */
function refusal(address: string): Promise<{ status: number | undefined; body: string }> {
  const headers = { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13', 'sec-websocket-key': 'x'.repeat(22) }
  return new Promise((resolve, reject) => {
    get(address.replace('ws:', 'http:'), { headers, agent: false }, async (response) =>
      resolve({ status: response.statusCode, body: await text(response) }),
    ).on('error', reject)
  })
}

async function setUp(options?: TestCloudOptions) {
  const cloud = await testCloud(options)
  const place = await ground(cloud)
  const id = await activeServer(cloud, place)
  const ask = async () => {
    const { url } = (await place.member.post(`${path}/${id}/action`, { 'os-getVNCConsole': { type: 'novnc' } }, 200)).body.console
    const query = new URL(url).searchParams.get('path')!
    return {
      page: url as string,
      socket: `${cloud.url.replace('http', 'ws')}/${query}`,
      token: new URLSearchParams(query.split('?')[1]).get('token')!,
    }
  }
  return { cloud, place, id, ask }
}

test('a console shows a page with noVNC and speaks RFB through a WebSocket', async () => {
  const { cloud, ask } = await setUp()
  await using _end = cloud
  const address = await ask()
  const page = await (await fetch(address.page)).text()
  assert.match(page, /<html[^>]*>[\s\S]*noVNC[\s\S]*<script/)
  const base = address.page.slice(0, address.page.lastIndexOf('/'))
  assert.equal((await fetch(`${base}/novnc/core/rfb.js`)).status, 200)
  assert.equal((await fetch(`${base}/novnc/core/..%2f..%2fpackage.json`)).status, 404)
  const open = await connect(address.socket)
  assert.equal(open?.hello, 'RFB 003.008\n')
  const types = new Promise((resolve) => open!.socket.once('message', resolve))
  open!.socket.send('RFB 003.008\n')
  assert.deepEqual([...((await types) as Buffer)], [1, 1])
  open!.socket.close()
})

test('security-15: a token is good for every connection until it expires, and then for none', async () => {
  let clockOffset = 0
  const clock = { ...systemClock, now: () => Date.now() + clockOffset }
  const { cloud, ask } = await setUp({ clock })
  await using _end = cloud
  const { socket, token } = await ask()
  const several = [...(await Promise.all([connect(socket), connect(socket)])), await connect(socket)]
  assert.equal(several.filter(Boolean).length, 3)
  for (const one of several) one?.socket.close()
  clockOffset = 599_000
  const late = await connect(socket)
  assert.ok(late)
  late.socket.close()
  clockOffset = 601_000
  assert.equal(await connect(socket), null)
  assert.match(await why(socket), /expired/)
  const bad = socket.replace(token, `bad${token}`)
  assert.equal(await connect(bad), null)
  assert.deepEqual(await refusal(bad), { status: 403, body: '' })
  assert.match(await why(socket.replace(token, `bad${token}`)), /unknown/)
  assert.equal(await connect(socket.replace(`token=${token}`, '')), null)
  assert.match(await why(socket.replace(`token=${token}`, '')), /no console token/)
})

test('security-15: a token is worth nothing when its user is no longer enabled', async () => {
  const { cloud, place, ask } = await setUp()
  await using _end = cloud
  const { socket } = await ask()
  const open = await connect(socket)
  open!.socket.close()
  await cloud.admin.patch(`/identity/v3/users/${place.member.login.userId}`, { user: { enabled: false } }, 200)
  assert.equal(await connect(socket), null)
  assert.match(await why(socket), /no longer enabled/)
})

test('security-15: a server has at most so many viewers', async () => {
  const { cloud, ask } = await setUp()
  await using _end = cloud
  const { socket } = await ask()
  const all = await Promise.all(Array.from({ length: mostViewers + 3 }, () => connect(socket)))
  assert.equal(all.filter(Boolean).length, mostViewers)
  const closed = all.flatMap((one) => (one ? [new Promise((resolve) => one.socket.once('close', resolve).close())] : []))
  await Promise.all(closed)
  await until('one who left makes room', async () => {
    const next = await connect(socket)
    next?.socket.close()
    return next !== null
  })
})

test('security-15: viewers that leave while their token is looked at take no place', async () => {
  const { cloud, ask } = await setUp()
  await using _end = cloud
  const address = await ask()
  const { pathname, search } = new URL(address.socket)
  const request = { url: pathname + search, headers: {} } as IncomingMessage
  // A database that takes its time to look up the token is as slow as this for all of them.
  const leaving = Array.from({ length: mostViewers }, () => new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() }))
  await Promise.all(leaving.map((socket) => once(socket.destroy(), 'close')))
  for (const socket of leaving) consoleListener.upgrade!(cloud.cloud, request, socket, Buffer.alloc(0), '/console')
  const viewer = await connect(address.socket)
  assert.equal(viewer?.hello, 'RFB 003.008\n')
  viewer!.socket.close()
})

test('security-15: a viewer that no longer answers is let go, and one that does is kept', async () => {
  const wakes: (() => void)[] = []
  // The proxy's pings are the only ones to sleep for half a minute here.
  const sleep: Clock['sleep'] = (ms, signal) =>
    ms === 30_000 ? new Promise((resolve) => void wakes.push(resolve)) : systemClock.sleep(ms, signal)
  const { cloud, ask } = await setUp({ clock: { ...systemClock, sleep } })
  await using _end = cloud
  wakes.length = 0
  const { socket } = await ask()
  const alive = await connect(socket)
  const dead = await connect(socket)
  const pinged = new Promise((resolve) => alive!.socket.once('ping', resolve))
  const closed = new Promise((resolve) => dead!.socket.once('close', resolve))
  // It reads, but says nothing.
  dead!.socket.pong = () => {}
  const wakeBoth = async () => {
    await until('both sleep', () => wakes.length === 2)
    for (const wake of wakes.splice(0)) wake()
  }
  await wakeBoth()
  await pinged
  // What is answered after the pong shows that the pong has come.
  const answered = new Promise((resolve) => alive!.socket.once('message', resolve))
  alive!.socket.send('RFB 003.008\n')
  await answered
  await wakeBoth()
  await closed
  assert.equal(alive!.socket.readyState, WebSocket.OPEN)
  alive!.socket.close()
})

test('security-15: stopping and deleting end connections and make tokens worthless', async () => {
  const { cloud, place, id, ask } = await setUp()
  await using _end = cloud
  const unused = await ask()
  const open = (await connect((await ask()).socket))!
  const closed = new Promise((resolve) => open.socket.once('close', resolve))
  await place.member.post(`${path}/${id}/action`, { 'os-stop': null }, 202)
  await closed
  await cloud.settled()
  await place.member.post(`${path}/${id}/action`, { 'os-getVNCConsole': { type: 'novnc' } }, 409)
  await place.member.post(`${path}/${id}/action`, { 'os-start': null }, 202)
  await cloud.settled()
  assert.equal(await connect(unused.socket), null)
  assert.match(await why(unused.socket), /stopped or deleted/)
  const ended = await ask()
  cloud.host.crashGuest(id)
  await until('it is seen', async () => (await statusOf(place.member, id)) === 'SHUTOFF')
  await place.member.post(`${path}/${id}/action`, { 'os-start': null }, 202)
  await cloud.settled()
  assert.equal(await connect(ended.socket), null)
  const later = await ask()
  await place.member.delete(`${path}/${id}`)
  assert.equal(await connect(later.socket), null)
})

test('security-15: pages of other sites and other projects get nothing', async () => {
  const { cloud, id, ask } = await setUp()
  await using _end = cloud
  const { socket } = await ask()
  for (const origin of ['http://evil.example', 'null', 'http://', '//', '\u00e9']) assert.equal(await connect(socket, { origin }), null)
  const open = await connect(socket, { origin: cloud.url })
  assert.ok(open)
  open.socket.close()
  const stranger = await cloud.as('member', 'other')
  await stranger.post(`${path}/${id}/action`, { 'os-getVNCConsole': { type: 'novnc' } }, 404)
})

test('security-15: a viewer is held back by a guest that does not read, and is let go all the same when the server stops', async () => {
  const { cloud, place, id, ask } = await setUp()
  await using _end = cloud
  let taken = 0
  // Its first write never ends.
  const deaf = new Duplex({
    read() {},
    write(chunk: Buffer) {
      taken += chunk.length
    },
  })
  deaf.push('RFB 003.008\n')
  cloud.cloud.hosts.calls('fake-1')!.vnc = async () => deaf
  const { socket } = await connect((await ask()).socket).then((open) => open!)
  for (let i = 0; i < 400; i++) socket.send(Buffer.alloc(1 << 16))
  await until('the guest has been given something', () => taken > 0)
  // What the proxy holds beyond the first write; the rest waits with the viewer and in the system.
  let [before, still] = ['', 0]
  await until('nothing moves', () => {
    const now = `${deaf.writableLength} ${socket.bufferedAmount}`
    still = now === before ? still + 1 : 0
    before = now
    return still === 40
  })
  assert.ok(deaf.writableLength < 1 << 20, String(deaf.writableLength))
  assert.ok(socket.bufferedAmount > 1 << 20, String(socket.bufferedAmount))
  const closed = new Promise((resolve) => socket.once('close', resolve))
  await place.member.post(`${path}/${id}/action`, { 'os-stop': null }, 202)
  await closed
  assert.ok(deaf.destroyed)
})
