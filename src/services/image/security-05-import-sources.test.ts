import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { configWith } from '../../config.ts'
import { testCloud } from '../../testing/test-cloud.ts'
import { until } from '../../testing/until.ts'
import { isPublicAddress } from './imports/addresses.ts'
import { checkSource, openSource, type SourceRules } from './imports/source.ts'

const strict: SourceRules = configWith({ importPorts: 'any' })
const lenient: SourceRules = configWith({ importPorts: 'any', importPrivate: true })
const never = new AbortController().signal

/** A server on loopback that counts its requests. */
async function loopback(answer: http.RequestListener) {
  const seen: string[] = []
  const server = http.createServer((request, response) => {
    seen.push(request.url!)
    answer(request, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return { port, seen, [Symbol.asyncDispose]: async () => void server.close() }
}

const text = async (stream: AsyncIterable<Buffer>) => {
  let all = ''
  for await (const chunk of stream) all += chunk
  return all
}

test('only addresses of the public Internet count as public', () => {
  for (const address of ['8.8.8.8', '1.1.1.1', '172.32.0.1', '100.128.0.1', '2606:4700::1111', '2a00:1450::1'])
    assert.ok(isPublicAddress(address), address)
  const inner = `127.0.0.1 127.8.8.8 10.1.2.3 172.16.0.1 172.31.255.255 192.168.1.1 169.254.169.254 100.64.0.1 0.0.0.0 0.1.2.3
    192.0.0.1 192.0.2.1 198.18.0.1 198.51.100.1 203.0.113.9 224.0.0.1 240.0.0.1 255.255.255.255 :: ::1 ::ffff:127.0.0.1 ::ffff:7f00:1
    ::ffff:8.8.8.8 ::127.0.0.1 64:ff9b::7f00:1 64:ff9b::8.8.8.8 fe80::1 fe80::1%eth0 fec0::1 fc00::1 fd12::1 ff02::1 2002:7f00:1:: 2001::1
    2001:db8::1 100::1 localhost 127.1 2130706433`
  for (const address of inner.split(/\s+/)) assert.ok(!isPublicAddress(address), address)
})

test('every spelling of an inner address is refused before anything is sent', () => {
  const bad = `http://127.0.0.1/ http://127.1/ http://2130706433/ http://0x7f000001/ http://0177.0.0.1/ http://0x7f.1/ http://0/ http://[::1]/
    http://[::ffff:127.0.0.1]/ http://[::ffff:7f00:1]/ http://[::]/ http://10.0.0.1/ http://169.254.169.254/latest/meta-data/ http://[fe80::1]/
    http://①②⑦.0.0.1/ http://127.0.0.1./ ftp://example.org/ file:///etc/passwd gopher://example.org/ http:/// javascript:1 example.org
    http://user:secret@example.org/ http://user@example.org/`
  for (const url of bad.split(/\s+/)) assert.throws(() => checkSource(url, strict), { status: 400 }, url)
  const ports = configWith({})
  for (const url of ['http://example.org:8080/', 'https://example.org:22/', 'http://example.org:443/x'.replace('443', '5000')]) {
    assert.throws(() => checkSource(url, ports), { status: 400 }, url)
  }
  assert.throws(() => checkSource('http://example.org/', configWith({ importSchemes: 'https' })), { status: 400 })
  assert.equal(checkSource('https://example.org/image.raw', ports).host, 'example.org')
})

test('a name is refused when any of its addresses is an inner one, and nothing is sent there', async () => {
  await using server = await loopback((_, response) => response.end('secret'))
  await assert.rejects(openSource(`http://localhost:${server.port}/`, strict, never), {
    message: 'The source address is not allowed: its host.',
  })
  const mixed = async () => [
    { address: '8.8.8.8', family: 4 },
    { address: '127.0.0.1', family: 4 },
  ]
  await assert.rejects(openSource(`http://mixed.example:${server.port}/`, strict, never, mixed), /not allowed/)
  const mapped = async () => [{ address: '::ffff:127.0.0.1', family: 6 }]
  await assert.rejects(openSource(`http://mapped.example:${server.port}/`, strict, never, mapped), /not allowed/)
  assert.deepEqual(server.seen, [])
})

test('a name is resolved once, and the connection goes to the address that was judged', async () => {
  await using server = await loopback((_, response) => response.end('data'))
  let asked = 0
  const rebinding = async () => [{ address: asked++ ? '127.0.0.99' : '127.0.0.1', family: 4 }]
  const body = await openSource(`http://rebinding.example:${server.port}/`, lenient, never, rebinding)
  assert.equal(await text(body), 'data')
  assert.equal(asked, 1)
})

test('a redirection is judged like the first address', async () => {
  await using inner = await loopback((_, response) => response.end('secret'))
  const targets = [
    `http://127.0.0.1:${inner.port}/`,
    `http://localhost:${inner.port}/`,
    'file:///etc/passwd',
    `//[::ffff:127.0.0.1]:${inner.port}/`,
  ]
  for (const location of targets) {
    await using outer = await loopback((_, response) => response.writeHead(302, { location }).end())
    // The first name stands for a public server: its judgement lets it pass, that of the target is strict.
    let first = true
    const rules: SourceRules = {
      importSchemes: 'http,https',
      importPorts: 'any',
      importTime: 60,
      get importPrivate() {
        return first
      },
    }
    const resolve = async () => {
      queueMicrotask(() =>
        queueMicrotask(() =>
          queueMicrotask(() => {
            first = false
          }),
        ),
      )
      return [{ address: '127.0.0.1', family: 4 }]
    }
    await assert.rejects(openSource(`http://public.example:${outer.port}/`, rules, never, resolve), /not allowed/, location)
    assert.deepEqual(outer.seen, ['/'])
  }
  assert.deepEqual(inner.seen, [])
})

test('redirections end, and are followed where they may', async () => {
  await using endless = await loopback((_, response) => response.writeHead(302, { location: '/again' }).end())
  await assert.rejects(openSource(`http://127.0.0.1:${endless.port}/`, lenient, never), /redirects too often/)
  assert.equal(endless.seen.length, 6)
  await using once = await loopback((request, response) =>
    request.url === '/' ? response.writeHead(307, { location: '/there' }).end() : response.end('there'),
  )
  assert.equal(await text(await openSource(`http://127.0.0.1:${once.port}/`, lenient, never)), 'there')
})

test('a cloud fetches nothing from loopback unless its settings allow it', async () => {
  await using server = await loopback((_, response) => response.end('secret'))
  await using cloud = await testCloud({ settings: { importPorts: 'any' } })
  const member = await cloud.as('member')
  const { id } = (await member.post('/image/v2/images', { disk_format: 'raw', container_format: 'bare' }, 201)).body
  const from = (uri: string, expected: number) =>
    member.post(`/image/v2/images/${id}/import`, { method: { name: 'web-download', uri } }, expected)
  for (const host of ['127.0.0.1', '2130706433', '[::ffff:127.0.0.1]', '0x7f.1']) await from(`http://${host}:${server.port}/`, 400)
  assert.equal((await member.get(`/image/v2/images/${id}`)).body.status, 'queued')
  await from(`http://localhost:${server.port}/`, 202)
  await cloud.settled()
  await until('the import has failed', async () => (await member.get(`/image/v2/images/${id}`)).body.status === 'queued')
  const image = (await member.get(`/image/v2/images/${id}`)).body
  assert.equal(image.status, 'queued')
  assert.equal(image.os_glance_failed_import, 'file')
  const [task] = (await member.get(`/image/v2/images/${id}/tasks`)).body.tasks
  assert.equal(task.status, 'failure')
  assert.match(task.message, /not allowed/)
  assert.deepEqual(server.seen, [])
})
