import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import http from 'node:http'
import net from 'node:net'
import { test } from 'node:test'
import { testCloud } from '../testing/test-cloud.ts'
import { until } from '../testing/until.ts'

type TestCloud = Awaited<ReturnType<typeof testCloud>>

/** All that comes back to headers whose body is held back until `body` is called, or for good. */
function held(cloud: TestCloud, method: string, path: string, headers: Record<string, string>) {
  const socket = net.connect(Number(new URL(cloud.url).port), '127.0.0.1')
  const state = { answer: '', closed: false, body: (text: string) => void socket.write(text) }
  socket.on('data', (piece) => (state.answer += piece)).on('error', () => {})
  socket.on('close', () => (state.closed = true))
  const lines = Object.entries({ Host: 'x', Expect: '100-continue', ...headers }).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.write(`${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`)
  return state
}

test('security-25: a body is asked for only when somebody wants it, never before its sender is known', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const account = `/object-store/v1/AUTH_${await member.projectId()}`
  const token = { 'X-Auth-Token': await member.token() }
  await member.request('PUT', `${account}/c`, { expected: 201 })
  const length = { 'Content-Length': '4' }
  for (const [method, path, headers, status] of [
    ['POST', '/compute/v2.1/servers', length, 401],
    ['POST', '/compute/v2.1/servers', { ...length, 'X-Auth-Token': 'x' }, 401],
    ['PUT', `${account}/c/o`, length, 401],
    ['PUT', `${account}/c/o`, { 'Transfer-Encoding': 'chunked' }, 401],
    ['PUT', `${account}/none/o`, { ...length, ...token }, 404],
    ['PUT', '/object-store/bucket/o', length, 404],
    ['PUT', '/object-store/bucket/o', { ...length, Authorization: 'AWS nobody:x', Date: new Date().toUTCString() }, 403],
    ['POST', '/nowhere', length, 404],
  ] as const) {
    const client = held(cloud, method, path, headers)
    await until('the connection ends', () => client.closed)
    assert.match(client.answer, new RegExp(`^HTTP/1.1 ${status} `), `${method} ${path} ${JSON.stringify(headers)}`)
  }

  const put = held(cloud, 'PUT', `${account}/c/o`, { ...length, ...token, Connection: 'close' })
  await until('the body is asked for', () => put.answer === 'HTTP/1.1 100 Continue\r\n\r\n')
  put.body('text')
  await until('the connection ends', () => put.closed)
  assert.match(put.answer, /^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 201 /)
  assert.equal((await member.request('GET', `${account}/c/o`)).text, 'text')
  const login = held(cloud, 'POST', '/identity/v3/auth/tokens', { ...length, Connection: 'close' })
  await until('the body is asked for', () => login.answer === 'HTTP/1.1 100 Continue\r\n\r\n')
  login.body('nil!')
  await until('the connection ends', () => login.closed)
  assert.match(login.answer, /^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 400 /)
})

test('a client that waits for leave sends each of its bodies over one connection', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const account = `/object-store/v1/AUTH_${await member.projectId()}`
  await member.request('PUT', `${account}/c`, { expected: 201 })
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
  const headers = { expect: '100-continue', 'x-auth-token': await member.token() }
  const ports = new Set<number | undefined>()
  const bodies = [Buffer.from('small'), Buffer.alloc(3_000_000, 'x'), Buffer.alloc(0)]
  for (const body of bodies)
    await new Promise<void>((resolve, reject) => {
      const request = http.request(`${cloud.url}${account}/c/o`, {
        method: 'PUT',
        agent,
        headers: { ...headers, 'content-length': body.length },
      })
      request.on('continue', () => request.end(body)).on('error', reject)
      if (!body.length) request.end()
      request.on('response', (response) => {
        ports.add(request.socket?.localPort)
        assert.equal(response.statusCode, 201)
        assert.equal(response.headers.etag, createHash('md5').update(body).digest('hex'))
        response.resume().on('end', resolve)
      })
    })
  agent.destroy()
  assert.equal(ports.size, 1)
})

test('security-25: a body in a coding that nobody takes off here is refused by every service', async () => {
  await using cloud = await testCloud()
  const prefixes = cloud.cloud.endpoints.listeners().flatMap(({ services, others }) => [...services, ...others].map(({ prefix }) => prefix))
  assert.ok(prefixes.length > 5)
  for (const prefix of prefixes)
    for (const coding of ['gzip, chunked', 'x, chunked', 'gzip\r\nTransfer-Encoding: chunked']) {
      const client = held(cloud, 'POST', `${prefix}/`, { 'Transfer-Encoding': coding })
      await until('the connection ends', () => client.closed)
      assert.match(client.answer, /^HTTP\/1.1 501 /, `${prefix} ${coding}: ${client.answer}`)
    }
  const member = await cloud.as('member')
  const account = `/object-store/v1/AUTH_${await member.projectId()}`
  await member.request('PUT', `${account}/c`, { expected: 201 })
  for (const coding of ['chunked', 'Chunked', ' chunked ']) {
    const client = held(cloud, 'PUT', `${account}/c/o`, {
      'Transfer-Encoding': coding,
      'X-Auth-Token': await member.token(),
      'Content-Encoding': 'gzip',
      TE: 'trailers',
      Connection: 'close',
    })
    await until('the body is asked for', () => client.answer !== '')
    client.body('4\r\ntext\r\n0\r\n\r\n')
    await until('the connection ends', () => client.closed)
    assert.match(client.answer, /HTTP\/1.1 201 /)
  }
  const found = await member.request('HEAD', `${account}/c/o`)
  assert.equal(found.headers.get('content-encoding'), 'gzip')
})
