// Class 14: who asks for metadata is known by the network and the address of the connection, and by nothing that it says.
import assert from 'node:assert/strict'
import { request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { silentLog } from '../../log.ts'
import { guestSpec } from '../../testing/host/guests.ts'
import type { HostDocument } from '../documents.ts'
import type { PortSpec } from '../ports/document.ts'
import { guestAt, metadataAnswer } from './answer.ts'
import { metadataServer } from './serve.ts'

const port = (networkId: string, ip: string, guestId: string | null): PortSpec => ({
  networkId,
  mac: 'fa:16:3e:00:00:01',
  fixedIps: [{ subnetId: 's', ip, prefixLength: 24 }],
  adminUp: true,
  hostname: 'h',
  portSecurity: true,
  securityGroupIds: [],
  allowedAddressPairs: [{ ip: '10.0.0.99', mac: null }],
  guestId,
  dhcpOptions: [],
})
const nic = (portId: string) => ({ portId, mac: 'fa:16:3e:00:00:01', mtu: 1500 })
const tree = (name: string) => ({ 'latest/meta-data/hostname': name, 'openstack/latest/meta_data.json': JSON.stringify({ name }) })

/** Guests `a` and `b` of two tenants, at the same address of networks `net-a` and `net-b`. */
function documents(change: Partial<Record<string, PortSpec | null>> = {}): Map<string, HostDocument> {
  const specs: Record<string, object | null> = {
    'port/pa': port('net-a', '127.0.0.1', 'a'),
    'port/pb': port('net-b', '127.0.0.1', 'b'),
    'guest/a': guestSpec({ metadata: tree('a'), nics: [nic('pa')] }),
    'guest/b': guestSpec({ metadata: tree('b'), nics: [nic('pb'), nic('next')] }),
    ...change,
  }
  return new Map(
    Object.entries(specs).map(([key, spec]) => {
      const [kind, id] = key.split('/') as ['port', string]
      return [key, { kind, id, generation: 1, spec } as HostDocument]
    }),
  )
}
const nameAt = (all: Map<string, HostDocument>, network: string, ip: string) =>
  metadataAnswer(all, network, ip, '/latest/meta-data/hostname')?.body ?? null

/** The answer of a listener of `network` to one request from 127.0.0.1. */
async function ask(
  network: string,
  all: Map<string, HostDocument>,
  headers: Record<string, string | string[]>,
  path = '/latest/meta-data/hostname',
) {
  const server = metadataServer(network, async (net, ip, asked) => metadataAnswer(all, net, ip, asked), silentLog)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const answer = await new Promise<{ status: number; body: string }>((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path, headers, agent: false }, (came) => {
      let body = ''
      came.on('data', (chunk) => (body += chunk)).on('end', () => resolve({ status: came.statusCode!, body }))
    })
    sent.on('error', reject).end()
  })
  server.close().closeAllConnections()
  return answer
}

/** Everything by which other metadata services let a proxy say for whom it asks, and what else may name an address. */
const lies: Record<string, string | string[]> = {
  'X-Forwarded-For': '10.0.0.2, 127.0.0.1',
  'X-Real-IP': '10.0.0.2',
  Forwarded: 'for=10.0.0.2',
  'X-Instance-ID': 'b',
  'X-Instance-ID-Signature': 'f'.repeat(64),
  'X-Tenant-ID': 'tenant-of-b',
  'X-Project-ID': 'tenant-of-b',
  'X-Network-ID': 'net-b',
  'X-Router-ID': 'router-of-b',
  'X-Metadata-Provider': 'b',
  'X-Metadata-Provider-Signature': 'f'.repeat(64),
  'X-OVN-Network-ID': 'net-b',
  Host: 'b',
  Via: '1.1 b',
}

test('security-14: no header makes a guest another one', async () => {
  const all = documents()
  assert.deepEqual(await ask('net-a', all, {}), { status: 200, body: 'a' })
  for (const [name, value] of Object.entries(lies))
    assert.deepEqual(await ask('net-a', all, { [name]: value }), { status: 200, body: 'a' }, name)
  assert.deepEqual(await ask('net-a', all, lies), { status: 200, body: 'a' })
  for (const path of ['http://b/latest/meta-data/hostname', '//b/latest/meta-data/hostname', '/latest/meta-data/hostname?instance=b'])
    assert.notEqual((await ask('net-a', all, {}, path)).body, 'b', path)
})

test("security-14: another tenant's guest at the same address is told apart by its network", async () => {
  const all = documents()
  assert.deepEqual([nameAt(all, 'net-a', '127.0.0.1'), nameAt(all, 'net-b', '127.0.0.1')], ['a', 'b'])
  assert.deepEqual((await ask('net-b', all, lies)).body, 'b')
  assert.equal(nameAt(all, 'net-c', '127.0.0.1'), null)
})

test('security-14: an address goes with its port: to the next guest, or to none', () => {
  const next = documents({ 'port/pa': null, 'port/next': port('net-a', '127.0.0.1', 'b') })
  assert.equal(nameAt(next, 'net-a', '127.0.0.1'), 'b')
  for (const gone of [
    null,
    port('net-a', '127.0.0.1', null),
    port('net-a', '127.0.0.9', 'a'),
    port('net-b', '10.0.0.7', 'a'),
    port('net-a', '127.0.0.1', 'c'),
  ])
    assert.equal(nameAt(documents({ 'port/pa': gone }), 'net-a', '127.0.0.1'), null)
})

test('security-14: a port that says it is of a guest gives nothing of it unless the guest has the port', () => {
  for (const guest of ['a', 'b']) {
    const all = documents({ 'port/strange': port('net-c', '127.0.0.1', guest), 'port/pa': port('net-a', '127.0.0.1', 'b') })
    assert.equal(nameAt(all, 'net-c', '127.0.0.1'), null, guest)
    assert.equal(guestAt(all, 'net-a', '127.0.0.1'), null)
  }
})

test('security-14: only an address of the port itself counts, in one spelling', () => {
  const all = documents()
  assert.equal(nameAt(all, 'net-a', '::ffff:127.0.0.1'), 'a', 'as the listener may spell it')
  for (const other of ['10.0.0.99', '127.0.0.01', '127.1', '', '0.0.0.0', '127.0.0.1/24', 'fe80::f816:3eff:fe00:1', 'fe80::1%eth0'])
    assert.equal(nameAt(all, 'net-a', other), null, other)
  assert.equal(guestAt(all, 'net-a', '127.0.0.1')?.id, 'a')
})

test('security-14: paths lead nowhere but into the own tree', () => {
  for (const path of ['/__proto__', '/constructor', '/latest/../../b', '/%2e%2e/b', '/latest/meta-data/hostname/x', '/toString'])
    assert.equal(metadataAnswer(documents(), 'net-a', '127.0.0.1', path)?.status, 404, path)
})
