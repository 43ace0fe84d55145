import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { testCloud } from '../../testing/test-cloud.ts'

const octets = { 'content-type': 'application/octet-stream' }

/** A sound qcow2 of 1 GiB with 64 KiB clusters, changed by the caller. */
function qcow2(change: (b: Buffer) => void = () => {}): Buffer {
  const b = Buffer.alloc(4 * 65_536)
  b.write('QFI\xfb', 0, 'latin1')
  b.writeUInt32BE(3, 4)
  b.writeUInt32BE(16, 20)
  b.writeBigUInt64BE(BigInt(2 ** 30), 24)
  b.writeUInt32BE(2, 36)
  b.writeBigUInt64BE(3n * 65_536n, 40)
  b.writeBigUInt64BE(65_536n, 48)
  b.writeUInt32BE(1, 56)
  b.writeUInt32BE(4, 96)
  b.writeUInt32BE(104, 100)
  change(b)
  return b
}

const backing = (name: string) =>
  qcow2((b) => {
    b.writeBigUInt64BE(1024n, 8)
    b.writeUInt32BE(name.length, 16)
    b.write(name, 1024)
  })
const vmdk = (extent: string) =>
  Buffer.from(
    `# Disk DescriptorFile\nversion=1\nCID=fffffffe\nparentCID=ffffffff\ncreateType="monolithicFlat"\n\nRW 2048 ${extent}\n`.padEnd(
      2048,
      '\n',
    ),
  )

const crafted: [what: string, diskFormat: string, data: Buffer][] = [
  ['backing file', 'qcow2', backing('/etc/shadow')],
  ['backing file as JSON', 'qcow2', backing('json:{"driver":"file","filename":"/etc/shadow"}')],
  ['backing file over the network', 'qcow2', backing('nbd:127.0.0.1:10809')],
  ['external data file', 'qcow2', qcow2((b) => b.writeBigUInt64BE(4n, 72))],
  ['qcow2 declared as raw', 'raw', qcow2()],
  ['qcow2 with backing file declared as raw', 'raw', backing('/etc/shadow')],
  ['qcow2 declared as ami', 'ami', qcow2()],
  ['qcow2 declared as vmdk', 'vmdk', qcow2()],
  ['vmdk with a foreign extent', 'vmdk', vmdk('FLAT "/etc/shadow" 0')],
  ['vmdk declared as raw', 'raw', vmdk('FLAT "/etc/shadow" 0')],
  ['vmdk declared as qcow2', 'qcow2', vmdk('FLAT "/etc/shadow" 0')],
  ['LUKS', 'raw', Buffer.concat([Buffer.from('LUKS\xba\xbe', 'latin1'), Buffer.alloc(4096)])],
  ['encrypted qcow2', 'qcow2', qcow2((b) => b.writeUInt32BE(1, 32))],
]

test('crafted images are refused with a reason; the image is queued again and no byte is kept', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  for (const [what, disk_format, data] of crafted) {
    const { id } = (await member.post('/image/v2/images', { disk_format, container_format: 'bare' }, 201)).body
    const { body } = await member.request('PUT', `/image/v2/images/${id}/file`, {
      raw: data,
      headers: { ...octets, accept: 'application/json' },
      expected: 400,
    })
    assert.match(body.message, /^The image is refused: /, what)
    const shown = (await member.get(`/image/v2/images/${id}`)).body
    assert.deepEqual([shown.status, shown.size, shown.virtual_size], ['queued', null, null], what)
  }
  assert.deepEqual(readdirSync(join(cloud.cloud.config.dataDir, 'images'), { recursive: true }), ['incoming'])
})

test('sound images are taken with their virtual size; a few bytes that nobody knows are kept but never booted', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const take = async (fields: object, data: Buffer) => {
    const { id } = (await member.post('/image/v2/images', { disk_format: 'qcow2', container_format: 'bare', ...fields }, 201)).body
    await member.request('PUT', `/image/v2/images/${id}/file`, { raw: data, headers: octets, expected: 204 })
    const { read } = cloud.cloud.database
    const found = await cloud.cloud.image.find(read, id, {
      cloud: cloud.cloud,
      who: (await cloud.cloud.tokens.authenticate(await member.token()))!,
    })
    return { virtualSize: found!.virtualSize, fault: found!.contentFault, file: (await cloud.cloud.image.data(read, id)) !== undefined }
  }
  assert.deepEqual(await take({}, qcow2()), { virtualSize: 2 ** 30, fault: null, file: true })
  assert.deepEqual(await take({ disk_format: 'aki', container_format: 'aki' }, Buffer.alloc(600)), {
    virtualSize: 600,
    fault: null,
    file: true,
  })
  assert.deepEqual(await take({}, randomBytes(4095)), { virtualSize: null, fault: 'its content is raw, not qcow2', file: false })
  assert.deepEqual(await take({ container_format: 'ova' }, Buffer.alloc(600)), {
    virtualSize: null,
    fault: 'an image in a ova container cannot be booted',
    file: false,
  })
})

test('content that is no disk of the declared format is refused when it comes, by name of both', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const page = Buffer.from('<html><title>404 Not Found</title></html>\n')
  const tar = Buffer.alloc(10_240)
  tar.write('disk.img', 0)
  tar.write('ustar', 257)
  const cases: [diskFormat: string, data: Buffer, content: string][] = [
    ['qcow2', page, 'raw (text)'],
    ['qcow2', Buffer.from('ä'.repeat(4001)), 'raw (text)'],
    ['vmdk', Buffer.alloc(600), 'raw (zeros)'],
    ['vhd', randomBytes(4096), 'raw'],
    ['qcow2', Buffer.concat([Buffer.alloc(8192), randomBytes(512)]), 'raw'],
    ['vdi', gzipSync(randomBytes(64)), 'raw (gzip data)'],
    ['vhdx', tar, 'raw (a tar archive)'],
    ['iso', Buffer.from('\x7fELF\0\0\0', 'latin1'), 'raw (a program)'],
    ['qcow2', Buffer.alloc(0), 'raw (no data)'],
    ['ploop', page, 'raw (text)'],
    ['iso', qcow2(), 'qcow2'],
    ['vhdx', qcow2(), 'qcow2'],
    ['raw', qcow2(), 'qcow2'],
  ]
  for (const [disk_format, data, content] of cases) {
    const { id } = (await member.post('/image/v2/images', { disk_format, container_format: 'bare' }, 201)).body
    const put = { raw: data, headers: { ...octets, accept: 'application/json' }, expected: 400 }
    const { body } = await member.request('PUT', `/image/v2/images/${id}/file`, put)
    assert.equal(body.message, `The image is refused: its content is ${content}, not ${disk_format}.`)
    assert.equal((await member.get(`/image/v2/images/${id}`)).body.status, 'queued')
  }
})

test('a server of an image whose content is at fault is refused, and so is one with such a kernel', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const image = async (fields: object, data: Buffer) => {
    const { id } = (await member.post('/image/v2/images', { disk_format: 'qcow2', container_format: 'bare', ...fields }, 201)).body
    await member.request('PUT', `/image/v2/images/${id}/file`, { raw: data, headers: octets, expected: 204 })
    return id
  }
  const flavor = { name: 'tiny', ram: 64, vcpus: 1, disk: 2, 'os-flavor-access:is_public': true }
  const flavorRef = (await cloud.admin.post('/compute/v2.1/flavors', { flavor }, 200)).body.flavor.id
  const boot = (imageRef: string, expected: number) =>
    member.post('/compute/v2.1/servers', { server: { name: 'x', imageRef, flavorRef, networks: [] } }, expected)
  const bad = await image({}, randomBytes(4000))
  assert.match((await boot(bad, 400)).body.badRequest.message, /its content is raw, not qcow2/)
  const kernel = await image({ kernel_id: bad }, qcow2())
  assert.match((await boot(kernel, 400)).body.badRequest.message, /its content is raw, not qcow2/)
})

test('security-03: a small file that claims to be huge is refused', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const { id } = (await member.post('/image/v2/images', { disk_format: 'qcow2', container_format: 'bare' }, 201)).body
  const huge = qcow2((b) => b.writeBigUInt64BE(2n ** 62n, 24))
  await member.request('PUT', `/image/v2/images/${id}/file`, { raw: huge, headers: octets, expected: 400 })
  assert.equal((await member.get(`/image/v2/images/${id}`)).body.status, 'queued')
})
