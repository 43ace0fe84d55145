// SIGTERM while the cloud is at work for clients that do not let go: it ends by itself, in order, and what it acknowledged is there.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { WebSocket } from 'ws'
import { Persona } from '../testing/persona.ts'
import { until } from '../testing/until.ts'
import { nephosProgram } from './clone.ts'

const MiB = 2 ** 20
const folder = mkdtempSync(join(tmpdir(), 'nephos-stop-'))
const started: ChildProcess[] = []
after(() => {
  for (const child of started) child.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

const env = {
  PATH: process.env.PATH,
  HOME: folder,
  NEPHOS_DATA_DIR: join(folder, 'data'),
  NEPHOS_HOST: 'fake',
  NEPHOS_FAKE_DELAY: '0',
  NEPHOS_PASSWORD_COST: '4',
  NEPHOS_ADMIN_PASSWORD: 'test-admin',
  NEPHOS_IMPORT_PRIVATE: 'true',
  NEPHOS_IMPORT_PORTS: 'any',
}

/** The cloud of the folder, as its user has it. */
async function start() {
  const child = spawn(nephosProgram(), ['up', '--single-port', '0', '--metrics-port', '0'], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  started.push(child)
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk))
  const ended = once(child, 'exit')
  await until('it is ready', () => output.includes('Ctrl-C stops it') || child.exitCode !== null)
  const url = /identity +(http\S+)\/identity/.exec(output)?.[1]
  assert.ok(url, output)
  const admin = new Persona(() => url, { name: 'admin', password: 'test-admin', project: 'admin' })
  return { child, ended, url, admin, output: () => output, account: `/object-store/v1/AUTH_${await admin.projectId()}` }
}

type Started = Awaited<ReturnType<typeof start>>

/** A request whose client has sent or read only a part, and waits. */
async function half(cloud: Started, method: string, path: string, body?: Buffer): Promise<void> {
  const headers = { 'x-auth-token': await cloud.admin.token(), 'content-type': 'application/octet-stream' }
  const request = http.request(cloud.url + path, { method, headers })
  request.on('error', () => {}) // it is broken off, as it must be
  if (body) return void (await new Promise((resolve) => request.write(body, resolve)))
  request.end()
  const [response] = (await once(request, 'response')) as [http.IncomingMessage]
  assert.equal(response.statusCode, 200)
  await once(response, 'readable') // and then it reads no more
  response.on('error', () => {})
}

async function server(cloud: Started): Promise<string> {
  const { admin } = cloud
  const { network } = (await admin.post('/network/v2.0/networks', { network: { name: 'n' } }, 201)).body
  await admin.post('/network/v2.0/subnets', { subnet: { network_id: network.id, ip_version: 4, cidr: '10.9.0.0/24' } }, 201)
  const [image] = (await admin.get('/image/v2/images?status=active')).body.images
  const body = { name: 's', imageRef: image.id, flavorRef: '42', networks: [{ uuid: network.id }] }
  const { id } = (await admin.post('/compute/v2.1/servers', { server: body }, 202)).body.server
  await until('the server is active', async () => (await admin.get(`/compute/v2.1/servers/${id}`)).body.server.status === 'ACTIVE')
  return id
}

async function console(cloud: Started, id: string): Promise<WebSocket> {
  const { url } = (await cloud.admin.post(`/compute/v2.1/servers/${id}/action`, { 'os-getVNCConsole': { type: 'novnc' } }, 200)).body
    .console
  const socket = new WebSocket(`${cloud.url.replace('http', 'ws')}/${new URL(url).searchParams.get('path')}`, ['binary'])
  await once(socket, 'message')
  return socket
}

test('it ends with 0 amid downloads, uploads, a console and an import, and keeps what it acknowledged', async () => {
  let isWhole = false
  const content = Buffer.alloc(MiB, 'source')
  const asked = new Set<http.ServerResponse>()
  const source = http.createServer((_, response) => {
    if (isWhole) return void response.end(content)
    response.writeHead(200, { 'content-length': content.length }).write(content.subarray(0, 1000))
    asked.add(response)
  })
  source.listen(0, '127.0.0.1')
  await once(source, 'listening')
  try {
    const first = await start()
    const { admin, account } = first
    const raw = { disk_format: 'raw', container_format: 'bare' }
    const image = async () => (await admin.post('/image/v2/images', raw, 201)).body.id as string
    const octets = { 'content-type': 'application/octet-stream' }
    await admin.request('PUT', `${account}/c`, { expected: 201 })
    await admin.request('PUT', `${account}/c/part`, { raw: Buffer.alloc(4 * MiB, 'part'), headers: octets, expected: 201 })
    const parts = Array.from({ length: 1000 }, () => ({ path: '/c/part' }))
    await admin.request('PUT', `${account}/c/large?multipart-manifest=put`, { raw: Buffer.from(JSON.stringify(parts)), expected: 201 })
    await admin.request('PUT', `${account}/c/outer?multipart-manifest=put`, {
      raw: Buffer.from(JSON.stringify([{ path: '/c/large' }, { path: '/c/large' }])),
      expected: 201,
    })
    const [kept, slow, fetched] = [await image(), await image(), await image()]
    await admin.request('PUT', `/image/v2/images/${kept}/file`, { raw: content, headers: octets, expected: 204 })
    const uri = `http://127.0.0.1:${(source.address() as AddressInfo).port}/`

    await half(first, 'GET', `${account}/c/outer`)
    await half(first, 'PUT', `/image/v2/images/${slow}/file`, content)
    await half(first, 'PUT', `${account}/c/broken-off`, content)
    const viewer = await console(first, await server(first))
    await admin.post(`/image/v2/images/${fetched}/import`, { method: { name: 'web-download', uri } }, 202)
    await until('the download has begun', () => asked.size === 1)
    await until('the upload has begun', async () => (await admin.get(`/image/v2/images/${slow}`)).body.status === 'saving')
    first.child.kill('SIGTERM')
    const closed = once(viewer, 'close')
    assert.deepEqual(await first.ended, [0, null], first.output())
    assert.doesNotMatch(first.output(), /by force|"level":"error"| ERROR /)
    await closed

    isWhole = true
    const second = await start()
    const status = async (id: string) => (await second.admin.get(`/image/v2/images/${id}`)).body.status
    await until('the import has ended', async () => (await status(fetched)) === 'active')
    assert.deepEqual(await Promise.all([kept, slow].map(status)), ['active', 'queued'])
    assert.equal((await second.admin.get(`/image/v2/images/${kept}/file`)).text, content.toString())
    const outer = await second.admin.request('HEAD', `${account}/c/outer`, { expected: 200 })
    assert.equal(Number(outer.headers.get('content-length')), 8000 * MiB)
    await second.admin.request('GET', `${account}/c/broken-off`, { expected: 404 })
    second.child.kill('SIGTERM')
    assert.deepEqual(await second.ended, [0, null], second.output())
  } finally {
    source.closeAllConnections()
    source.close()
  }
})
