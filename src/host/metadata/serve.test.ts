import assert from 'node:assert/strict'
import { request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { silentLog } from '../../log.ts'
import { type MetadataSource, metadataServer, pathOf } from './serve.ts'

async function serving(source: MetadataSource) {
  const server = metadataServer('net', source, silentLog)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const ask = (method: string, path: string, headers: Record<string, string> = {}) =>
    new Promise<{ status: number; body: string; headers: Record<string, unknown> }>((resolve, reject) => {
      const sent = request({ host: '127.0.0.1', port, method, path, headers, agent: false }, (answer) => {
        let body = ''
        answer
          .on('data', (chunk) => (body += chunk))
          .on('end', () => resolve({ status: answer.statusCode!, body, headers: answer.headers }))
      })
      sent.on('error', reject).end()
    })
  return {
    ask,
    async [Symbol.asyncDispose]() {
      server.close().closeAllConnections()
    },
  }
}

test('GET and HEAD are answered, nothing else', async () => {
  await using server = await serving(async (_network, _ip, path) => (path === '/here' ? { status: 200, body: 'body' } : null))
  assert.deepEqual(await server.ask('GET', '/here').then(({ status, body }) => [status, body]), [200, 'body'])
  assert.deepEqual(await server.ask('HEAD', '/here').then(({ status, body, headers }) => [status, body, headers['content-length']]), [
    200,
    '',
    '4',
  ])
  assert.equal((await server.ask('GET', '/elsewhere')).status, 404)
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) assert.equal((await server.ask(method, '/here')).status, 405)
})

test('a source that fails is a 500 without its reason', async () => {
  await using server = await serving(async () => {
    throw new Error('a secret')
  })
  const { status, body } = await server.ask('GET', '/')
  assert.equal(status, 500)
  assert.doesNotMatch(body, /secret/)
})

test('paths', () => {
  assert.equal(pathOf('/latest//meta-data/?a=b'), '/latest/meta-data/')
  assert.equal(pathOf('/a%20b'), '/a b')
  for (const bad of ['http://x/', '/a/../b', '/a%2f..%2fb', '/%00', '/%', `/${'a'.repeat(2000)}`]) assert.equal(pathOf(bad), null, bad)
})
