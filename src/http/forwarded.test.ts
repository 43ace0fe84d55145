import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { testCloud } from '../testing/test-cloud.ts'
import { addressList, clientAddress, clientHost, clientScheme, readForwarded } from './forwarded.ts'

test('addresses and networks are compared in any spelling', () => {
  const isTrusted = addressList(['127.0.0.1', '10.0.0.0/8', 'fd00::/8'])
  for (const address of ['127.0.0.1', '::ffff:127.0.0.1', '10.200.3.4', '::ffff:10.0.0.1', 'fd12::1'])
    assert.ok(isTrusted(address), address)
  for (const address of ['127.0.0.2', '11.0.0.1', '::1', 'fe80::1', '', 'nonsense', '0x7f.1.1.1.1']) assert.ok(!isTrusted(address), address)
  assert.ok(!addressList([])('127.0.0.1'))
})

const https = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'cloud.example.org', 'x-forwarded-for': '203.0.113.9, 127.0.0.1' }
const login = {
  auth: {
    identity: { methods: ['password'], password: { user: { name: 'admin', domain: { id: 'default' }, password: 'test-admin' } } },
    scope: { project: { name: 'admin', domain: { id: 'default' } } },
  },
}

test('behind a trusted proxy with TLS the links and the catalog are https', async () => {
  await using cloud = await testCloud({ settings: { trustedProxies: '127.0.0.0/8' } })
  const { admin } = cloud
  const versions = await admin.request('GET', '/compute/', { headers: https, expected: 200 })
  assert.equal(versions.body.versions[0].links[0].href.split('/').slice(0, 4).join('/'), 'https://cloud.example.org/compute')
  const urls = (catalog: { endpoints: { url: string }[] }[]) => catalog.flatMap(({ endpoints }) => endpoints.map(({ url }) => url))
  const made = await admin.request('POST', '/identity/v3/auth/tokens', { body: login, headers: https, expected: 201 })
  const subject = { ...https, 'x-subject-token': made.headers.get('x-subject-token')! }
  const shown = await admin.request('GET', '/identity/v3/auth/tokens', { headers: subject, expected: 200 })
  const catalog = await admin.request('GET', '/identity/v3/auth/catalog', { headers: https, expected: 200 })
  for (const list of [made.body.token.catalog, shown.body.token.catalog, catalog.body.catalog]) {
    assert.ok(urls(list).length > 5)
    for (const url of urls(list)) assert.match(url, /^https:\/\/cloud\.example\.org\//)
  }
  const v2 = { auth: { tenantName: 'admin', passwordCredentials: { username: 'admin', password: 'test-admin' } } }
  const old = await admin.request('POST', '/identity/v2.0/tokens', { body: v2, headers: https, expected: 200 })
  assert.match(old.body.access.serviceCatalog[0].endpoints[0].publicURL, /^https:\/\/cloud\.example\.org\//)
  // Who comes without the proxy sees what is behind it.
  const plain = await admin.request('GET', '/identity/v3/auth/tokens', {
    headers: { 'x-subject-token': subject['x-subject-token'] },
    expected: 200,
  })
  for (const url of urls(plain.body.token.catalog)) assert.ok(url.startsWith(`${cloud.url}/`), url)
})

test('security-22: what a client says of itself as a proxy counts for nothing', async () => {
  await using cloud = await testCloud()
  const made = await cloud.admin.request('POST', '/identity/v3/auth/tokens', { body: login, headers: https, expected: 201 })
  assert.doesNotMatch(made.text, /https:|cloud\.example\.org/)
  const versions = await cloud.admin.request('GET', '/compute/', { headers: https, expected: 200 })
  assert.doesNotMatch(versions.text, /https:|cloud\.example\.org/)
})

test('security-22: of what a trusted proxy hands on only what it saw itself counts, and of others nothing', async () => {
  let trusted: string[] = []
  const server = http.createServer((request, response) => {
    readForwarded(request, addressList(trusted))
    response.end(JSON.stringify([clientAddress(request), clientScheme(request), clientHost(request)]))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const ask = async (headers: Record<string, string>) =>
    (await (await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close', ...headers } })).json()) as unknown[]
  const own = ['127.0.0.1', 'http', `127.0.0.1:${port}`]
  const claimed = {
    'x-forwarded-for': '10.0.0.1',
    'x-forwarded-proto': 'https',
    'x-forwarded-host': 'evil.example',
    forwarded: 'for=10.0.0.1',
  }
  try {
    assert.deepEqual(await ask(claimed), own)
    trusted = ['10.0.0.0/8', '::1']
    assert.deepEqual(await ask(claimed), own)
    trusted = ['127.0.0.1', '192.0.2.1']
    assert.deepEqual(await ask(claimed), ['10.0.0.1', 'https', 'evil.example'])
    // What the client wrote itself stands in front of what our proxies saw.
    const of = async (chain: string) => (await ask({ 'x-forwarded-for': chain }))[0]
    assert.equal(await of('10.9.9.9, 203.0.113.9'), '203.0.113.9')
    assert.equal(await of('10.9.9.9, 203.0.113.9, 192.0.2.1'), '203.0.113.9')
    assert.equal(await of('127.0.0.1, 192.0.2.1'), '127.0.0.1')
    for (const chain of ['', 'nobody', '203.0.113.9, unknown', '203.0.113.9:80', "' or 1=1"])
      assert.equal(await of(chain), '127.0.0.1', chain)
    for (const host of ['evil.example/path', 'a b', '"', '<script>', 'x'.repeat(256), ''])
      assert.equal((await ask({ 'x-forwarded-host': host }))[2], own[2], host)
    for (const proto of ['javascript', 'ftp', '', 'httpsx']) assert.equal((await ask({ 'x-forwarded-proto': proto }))[1], 'http', proto)
  } finally {
    server.close()
  }
})
