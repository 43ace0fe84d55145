import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { crc32, deflateRawSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { findProgram } from '../../../cli/host-programs.ts'
import { type Config, configWith, UserError } from '../../../config.ts'
import type { Persona } from '../../../testing/persona.ts'
import { type TestCloud, testCloud } from '../../../testing/test-cloud.ts'
import { until } from '../../../testing/until.ts'
import { injectedProperties } from './inject.ts'

const MiB = 2 ** 20
const images = '/image/v2/images'
const octets = { 'content-type': 'application/octet-stream' }
const files = ({ cloud }: TestCloud) => readdirSync(join(cloud.config.dataDir, 'images'), { recursive: true }).map(String).sort()
/** Files are removed after the transaction that says so. */
async function onlyFiles(cloud: TestCloud, ids: string[]) {
  await until('other files are gone', () => files(cloud).length <= ids.length + 1)
  assert.deepEqual(files(cloud), [...ids, 'incoming'].sort())
}

const noConverter = findProgram('qemu-img') ? false : 'qemu-img is not installed here'

let folder = ''
const file = (name: string) => join(folder, name)
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'nephos-prepare-'))
})
after(() => rmSync(folder, { recursive: true }))

const qemuImg = (...args: string[]) => execFileSync('qemu-img', args, { cwd: folder })

/** A disk with something at its beginning, in its middle and nowhere else. */
function disk(bytes: number): Buffer {
  const content = Buffer.alloc(bytes)
  randomBytes(200_000).copy(content, 0)
  randomBytes(300_000).copy(content, bytes / 2)
  return content
}

async function staged(persona: Persona, content: Buffer, fields: object): Promise<string> {
  const { id } = (await persona.post(images, { container_format: 'bare', ...fields }, 201)).body
  await persona.request('PUT', `${images}/${id}/stage`, { raw: content, headers: octets, expected: 204 })
  return id
}

const begin = (persona: Persona, id: string) => persona.post(`${images}/${id}/import`, { method: { name: 'glance-direct' } }, 202)

/** The image and its task after an import. */
async function imported(cloud: TestCloud, persona: Persona, content: Buffer, fields: object) {
  const id = await staged(persona, content, fields)
  await begin(persona, id)
  await ended(persona, id)
  await cloud.settled()
  return { id, image: (await persona.get(`${images}/${id}`)).body, task: await ended(persona, id) }
}

async function ended(persona: Persona, id: string) {
  const first = async () => (await persona.get(`${images}/${id}/tasks`)).body.tasks[0]
  await until('the import ends', async () => ['success', 'failure'].includes((await first()).status))
  return first()
}

const bytesOf = async (cloud: TestCloud, persona: Persona, id: string) => {
  const answer = await fetch(`${cloud.url}${images}/${id}/file`, { headers: { 'x-auth-token': await persona.token() } })
  return Buffer.from(await answer.arrayBuffer())
}

test('disks of every format become raw, and the image says so', { skip: noConverter }, async () => {
  await using cloud = await testCloud({ settings: { importConversion: 'raw', importProperties: 'source=import, checked=no' } })
  const member = await cloud.as('member')
  const content = disk(4 * MiB)
  writeFileSync(file('raw'), content)
  for (const [format, name] of [
    ['qcow2', 'qcow2'],
    ['vmdk', 'vmdk'],
    ['vdi', 'vdi'],
    ['vhdx', 'vhdx'],
    ['vhd', 'vpc'],
  ] as const) {
    qemuImg('convert', '-f', 'raw', '-O', name, ...(name === 'vpc' ? ['-o', 'force_size=on'] : []), 'raw', format)
    const { id, image, task } = await imported(cloud, member, readFileSync(file(format)), { disk_format: format })
    assert.equal(task.status, 'success', `${format}: ${task.message}`)
    assert.deepEqual([image.disk_format, image.container_format, image.size, image.virtual_size], ['raw', 'bare', 4 * MiB, 4 * MiB], format)
    assert.equal(image.os_hash_value, createHash('sha512').update(content).digest('hex'), format)
    assert.deepEqual([image.source, image.checked], ['import', 'no'])
    assert.ok((await bytesOf(cloud, member, id)).equals(content), format)
    await member.delete(`${images}/${id}`)
    await cloud.settled()
    await onlyFiles(cloud, [])
  }
  const byAdmin = await imported(cloud, cloud.admin, content, { disk_format: 'raw' })
  assert.deepEqual([byAdmin.image.status, byAdmin.image.source], ['active', undefined])
})

test('what cannot be converted leaves a queued image, and no file', { skip: noConverter }, async () => {
  await using cloud = await testCloud({ settings: { importConversion: 'raw', maxImageBytes: 8 * MiB } })
  const member = await cloud.as('member')
  qemuImg('create', '-q', '-f', 'qcow2', 'large.qcow2', '9M')
  writeFileSync(file('raw'), disk(4 * MiB))
  qemuImg('convert', '-f', 'raw', '-O', 'qcow2', 'raw', 'broken.qcow2')
  const broken = readFileSync(file('broken.qcow2'))
  // The first table of clusters points between two clusters; the header does not tell.
  const l2 = Number(broken.readBigUInt64BE(Number(broken.readBigUInt64BE(40))) & 0x00fffffffffffe00n)
  broken.writeBigUInt64BE((1n << 63n) | 0x200n, l2)
  const cases: [Buffer, RegExp][] = [
    [broken, /could not be converted from qcow2 to raw/],
    [readFileSync(file('large.qcow2')), /maximum allowed size/],
    [randomBytes(4000), /cannot be converted: its content is raw, not qcow2/],
    [randomBytes(5000), /its content is raw, not qcow2/],
  ]
  for (const [content, message] of cases) {
    const { image, task } = await imported(cloud, member, content, { disk_format: 'qcow2' })
    assert.equal(task.status, 'failure')
    assert.match(task.message, message)
    assert.deepEqual([image.status, image.size, image.disk_format], ['queued', null, 'qcow2'])
    await onlyFiles(cloud, [])
  }
})

test('a conversion ends well after a death at any step', { skip: noConverter }, async () => {
  const content = disk(2 * MiB)
  // After it has begun, after the data is in place, after the image is active.
  for (const death of [1, 2, 3]) {
    await using cloud = await testCloud({ settings: { importConversion: 'qcow2' } })
    const member = await cloud.as('member')
    const id = await staged(member, content, { disk_format: 'raw' })
    const dead = cloud.cloud.tasks.dieAfter('image.import', death).then(() => true)
    await begin(member, id)
    // The work is no task's step: that none can run does not mean that it has ended.
    if (await Promise.race([dead, ended(member, id).then(() => false)])) {
      // With the process its programs end, and nothing of it writes any more.
      const [{ id: taskId }] = (await member.get(`${images}/${id}/tasks`)).body.tasks
      const { imports } = cloud.cloud.image
      imports.end(taskId)
      while (imports.isBusy(taskId)) await new Promise((resolve) => setTimeout(resolve, 5))
      await cloud.restart()
    }
    const task = await ended(member, id)
    assert.equal(task.status, 'success', `death ${death}: ${task.message}`)
    await cloud.settled()
    const image = (await member.get(`${images}/${id}`)).body
    assert.deepEqual([image.status, image.disk_format, image.virtual_size], ['active', 'qcow2', 2 * MiB])
    await onlyFiles(cloud, [id])
    const stored = join(cloud.cloud.config.dataDir, 'images', id)
    assert.equal(statSync(stored).size, image.size)
    execFileSync('qemu-img', ['convert', '-f', 'qcow2', '-O', 'raw', stored, file('back')])
    assert.ok(readFileSync(file('back')).equals(content))
  }
})

/** A zip archive of these files, as `zip` makes it. */
function zip(contents: Buffer[], change: (entry: Buffer) => void = () => {}): Buffer {
  const parts: Buffer[] = []
  const directory: Buffer[] = []
  let at = 0
  for (const content of contents) {
    const packed = deflateRawSync(content)
    const local = Buffer.alloc(31)
    local.write('PK\x03\x04', 0, 'latin1')
    local.writeUInt16LE(8, 8)
    local.writeUInt16LE(1, 26)
    const entry = Buffer.alloc(47)
    entry.write('PK\x01\x02', 0, 'latin1')
    entry.writeUInt16LE(8, 10)
    entry.writeUInt32LE(crc32(content), 16)
    entry.writeUInt32LE(packed.length, 20)
    entry.writeUInt32LE(content.length, 24)
    entry.writeUInt16LE(1, 28)
    entry.writeUInt32LE(at, 42)
    change(entry)
    parts.push(local, packed)
    directory.push(entry)
    at += local.length + packed.length
  }
  const end = Buffer.alloc(22)
  end.write('PK\x05\x06', 0, 'latin1')
  end.writeUInt16LE(contents.length, 10)
  end.writeUInt32LE(at, 16)
  return Buffer.concat([...parts, ...directory, end])
}

test('compressed data is stored plain; what is damaged, a bomb or several files is refused', async () => {
  const settings: Partial<Config> = { importDecompression: true, maxImageBytes: 4 * MiB }
  await using cloud = await testCloud({ settings })
  const member = await cloud.as('member')
  const fields = { disk_format: 'raw', container_format: 'compressed' }
  const content = disk(MiB)
  const byProgram = (program: string) => execFileSync(program, ['-c'], { input: content })
  const whole: [string, Buffer][] = [
    ['gzip', gzipSync(content)],
    ['zip', zip([content])],
    ['zstd', zstdCompressSync(content)],
    ...['bzip2', 'xz'].filter((program) => findProgram(program)).map((program): [string, Buffer] => [program, byProgram(program)]),
  ]
  for (const [kind, packed] of whole) {
    const { id, image, task } = await imported(cloud, member, packed, fields)
    assert.equal(task.status, 'success', `${kind}: ${task.message}`)
    assert.deepEqual([image.status, image.container_format, image.size, image.virtual_size], ['active', 'bare', MiB, MiB], kind)
    assert.ok((await bytesOf(cloud, member, id)).equals(content), kind)
    await member.delete(`${images}/${id}`)
  }
  const bomb = Buffer.alloc(5 * MiB)
  const cut = (packed: Buffer) => packed.subarray(0, packed.length / 2)
  const bad: [string, Buffer, RegExp][] = [
    ['gzip bomb', gzipSync(bomb), /maximum allowed size/],
    ['zip bomb', zip([bomb]), /maximum allowed size/],
    ['zstd bomb', zstdCompressSync(bomb), /maximum allowed size/],
    ['zip that lies', zip([bomb], (entry) => entry.writeUInt32LE(1000, 24)), /maximum allowed size/],
    ['zip of two', zip([content, content]), /holds 2 files/],
    ['zip with another sum', zip([content], (entry) => entry.writeUInt32LE(1, 16)), /not what its directory says/],
    ['encrypted zip', zip([content], (entry) => entry.writeUInt16LE(1, 8)), /encrypted/],
    ['zip that points outside', zip([content], (entry) => entry.writeUInt32LE(2 ** 31, 42)), /outside/],
    ['cut zip', cut(zip([content])), /no directory/],
    ['cut gzip', cut(gzipSync(content)), /gzip data is damaged/],
    ['damaged gzip', gzipSync(content).fill(7, 1000, 1100), /gzip data is damaged/],
    ['cut zstd', cut(zstdCompressSync(content)), /zstd data is damaged/],
    ['not compressed', content, /is not gzip/],
    ...(findProgram('bzip2')
      ? [
          ['bzip2 bomb', execFileSync('bzip2', ['-c'], { input: bomb }), /maximum allowed size/] as [string, Buffer, RegExp],
          ['cut bzip2', cut(byProgram('bzip2')), /bzip2 data is damaged/] as [string, Buffer, RegExp],
        ]
      : []),
  ]
  for (const [what, packed, message] of bad) {
    const { id, image, task } = await imported(cloud, member, packed, fields)
    assert.equal(task.status, 'failure', what)
    assert.match(task.message, message, what)
    assert.deepEqual([image.status, image.container_format], ['queued', 'compressed'], what)
    await member.delete(`${images}/${id}`)
  }
  await onlyFiles(cloud, [])
})

test('a list of properties that is none is refused at the start', () => {
  for (const importProperties of ['a', 'a=', '=b', 'size=1', 'name=x', 'os_glance_x=1'])
    assert.throws(() => injectedProperties(configWith({ importProperties })), UserError)
})
