import assert from 'node:assert/strict'
import { test } from 'node:test'
import { WebSocket } from 'ws'
import { testCloud } from '../../../testing/test-cloud.ts'
import { activeServer, ground } from '../testing.ts'

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

async function setUp() {
  const cloud = await testCloud()
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

test('security-15: a token is good for one connection, also when two come at once', async () => {
  const { cloud, ask } = await setUp()
  await using _end = cloud
  const { socket, token } = await ask()
  const both = await Promise.all([connect(socket), connect(socket)])
  assert.equal(both.filter(Boolean).length, 1)
  for (const one of both) one?.socket.close()
  assert.equal(await connect(socket), null)
  assert.equal(await connect(socket.replace(token, `bad${token}`)), null)
  assert.equal(await connect(socket.replace(`token=${token}`, '')), null)
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
  const later = await ask()
  await place.member.delete(`${path}/${id}`)
  assert.equal(await connect(later.socket), null)
})

test('security-15: pages of other sites and other projects get nothing, and a refused origin does not use the token up', async () => {
  const { cloud, id, ask } = await setUp()
  await using _end = cloud
  const { socket } = await ask()
  assert.equal(await connect(socket, { origin: 'http://evil.example' }), null)
  const open = await connect(socket, { origin: cloud.url })
  assert.ok(open)
  open.socket.close()
  const stranger = await cloud.as('member', 'other')
  await stranger.post(`${path}/${id}/action`, { 'os-getVNCConsole': { type: 'novnc' } }, 404)
})
