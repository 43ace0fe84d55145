import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkSafe, inspect, UnsafeImage } from './inspect.ts'

const MiB = 2 ** 20
const GiB = 2 ** 30

const fileOf = (content: Buffer, size = content.length) => ({
  stat: async () => ({ size }),
  read: async (buffer: Buffer, offset: number, length: number, position: number) => ({
    bytesRead: content.copy(buffer, offset, position, Math.min(position + length, content.length)),
  }),
})

/** A sound qcow2 of 1 GiB with 64 KiB clusters: header, refcount table, L1. */
function qcow2(change: (b: Buffer) => void = () => {}, version = 3): Buffer {
  const b = Buffer.alloc(4 * 65_536)
  b.write('QFI\xfb', 0, 'latin1')
  b.writeUInt32BE(version, 4)
  b.writeUInt32BE(16, 20)
  b.writeBigUInt64BE(BigInt(GiB), 24)
  b.writeUInt32BE(2, 36)
  b.writeBigUInt64BE(3n * 65_536n, 40)
  b.writeBigUInt64BE(65_536n, 48)
  b.writeUInt32BE(1, 56)
  if (version === 3) {
    b.writeUInt32BE(4, 96)
    b.writeUInt32BE(104, 100)
  }
  change(b)
  return b
}

const backing = (name: string) => (b: Buffer) => {
  b.writeBigUInt64BE(1024n, 8)
  b.writeUInt32BE(name.length, 16)
  b.write(name, 1024)
}

const vmdkText = (type: string, extents: string, parent = 'ffffffff') =>
  `# Disk DescriptorFile\nversion=1\nparentCID=${parent}\ncreateType="${type}"\n${extents}\n`
function vmdk(text: string, change: (b: Buffer) => void = () => {}): Buffer {
  const b = Buffer.alloc(64 * 1024)
  b.write('KDMV', 0)
  b.writeUInt32LE(1, 4)
  b.writeBigUInt64LE(2048n, 12)
  b.writeBigUInt64LE(128n, 20)
  b.writeBigUInt64LE(1n, 28)
  b.writeBigUInt64LE(20n, 36)
  b.write(text, 512)
  change(b)
  return b
}

function vdi(kind = 1, blocks = 1): Buffer {
  const b = Buffer.alloc(1024)
  b.writeUInt32LE(0xbeda107f, 64)
  b.writeUInt32LE(kind, 76)
  b.writeBigUInt64LE(BigInt(MiB), 368)
  b.writeUInt32LE(MiB, 376)
  b.writeUInt32LE(blocks, 384)
  return b
}

function vhd(kind: number, atEnd = false): Buffer {
  const b = Buffer.alloc(atEnd ? MiB + 512 : 2048)
  const at = atEnd ? MiB : 0
  b.write('conectix', at)
  b.writeBigUInt64BE(BigInt(MiB), at + 48)
  b.writeUInt32BE(kind, at + 60)
  return b
}

function vhdx(hasParent = false): Buffer {
  const b = Buffer.alloc(MiB)
  b.write('vhdxfile', 0)
  const regions = 192 * 1024
  const metadata = 512 * 1024
  b.write('regi', regions)
  b.writeUInt32LE(1, regions + 8)
  b.write('06a27c8b90479a4bb8fe575f050f886e', regions + 16, 'hex')
  b.writeBigUInt64LE(BigInt(metadata), regions + 32)
  b.write('metadata', metadata)
  b.writeUInt16LE(2, metadata + 10)
  b.write('2442a52f1bcd7648b2115dbed83bf4b8', metadata + 32, 'hex')
  b.writeUInt32LE(65_536, metadata + 48)
  b.write('3767a1ca36fa434db3b633f0aa44e76b', metadata + 64, 'hex')
  b.writeUInt32LE(65_544, metadata + 80)
  b.writeBigUInt64LE(BigInt(GiB), metadata + 65_536)
  b.writeUInt32LE(hasParent ? 2 : 0, metadata + 65_548)
  return b
}

function iso(withMbr = false): Buffer {
  const b = Buffer.alloc(40 * 1024)
  b.write('\x01CD001', 32_768)
  b.writeUInt32LE(20, 32_848)
  b.writeUInt16LE(2048, 32_896)
  if (withMbr) b.writeUInt16LE(0xaa55, 510)
  return b
}

const text = (head: string, size = 4096) => Buffer.concat([Buffer.from(head, 'latin1'), Buffer.alloc(size)])
const sparseVmdk = vmdkText('monolithicSparse', 'RW 2048 SPARSE "disk.vmdk"')

const safe: [string, Buffer, string, number][] = [
  ['qcow2 v3', qcow2(), 'qcow2', GiB],
  ['qcow2 v2', qcow2(undefined, 2), 'qcow2', GiB],
  ['raw', Buffer.alloc(5000), 'raw', 5000],
  ['an empty file', Buffer.alloc(0), 'raw', 0],
  ['ami', Buffer.alloc(5000), 'ami', 5000],
  ['vmdk', vmdk(sparseVmdk), 'vmdk', MiB],
  ['vdi', vdi(), 'vdi', MiB],
  ['dynamic vhd', vhd(3), 'vhd', MiB],
  ['fixed vhd', vhd(2, true), 'vhd', MiB],
  ['vhdx', vhdx(), 'vhdx', GiB],
  ['iso', iso(), 'iso', 40_960],
  ['hybrid iso as raw', iso(true), 'raw', 40_960],
]
for (const [name, content, declared, virtualBytes] of safe) {
  test(`${name} is taken`, async () => {
    assert.equal((await checkSafe(fileOf(content), declared, { maxVirtualBytes: GiB })).virtualBytes, virtualBytes)
  })
}

const set32 = (value: number, at: number) => (b: Buffer) => void b.writeUInt32BE(value, at)
const set64 = (value: bigint, at: number) => (b: Buffer) => void b.writeBigUInt64BE(value, at)
const extension =
  (type: number, length: number, value = '') =>
  (b: Buffer) => {
    b.writeUInt32BE(type, 104)
    b.writeUInt32BE(length, 108)
    b.write(value, 112)
  }

const refused: [string, Buffer, string, RegExp][] = [
  ['backing file', qcow2(backing('/etc/passwd')), 'qcow2', /backing file \(\/etc\/passwd\)/],
  ['backing file as json', qcow2(backing('json:{"driver":"file"}')), 'qcow2', /backing file \(json:/],
  ['backing file whose name lies outside', qcow2(set64(2n ** 62n, 8)), 'qcow2', /backing file \(\(not named\)\)/],
  ['data file by feature bit', qcow2(set64(4n, 72)), 'qcow2', /another file/],
  ['data file by extension only', qcow2(extension(0x44415441, 11, '/etc/shadow')), 'qcow2', /another file \(\/etc\/shadow\)/],
  [
    'absurd virtual size',
    qcow2((b) => {
      set64(2n ** 63n, 24)(b)
      set32(2 ** 22, 36)(b)
    }),
    'qcow2',
    /L1 table does not cover|over the limit/,
  ],
  [
    'virtual size over the limit',
    qcow2((b) => {
      set64(2n * BigInt(GiB), 24)(b)
      set32(4, 36)(b)
    }),
    'qcow2',
    /over the limit/,
  ],
  ['L1 too short', qcow2(set32(1, 36)), 'qcow2', /does not cover/],
  ['L1 outside', qcow2(set64(2n ** 40n, 40)), 'qcow2', /L1 table lies outside/],
  ['L1 not aligned', qcow2(set64(65_537n, 40)), 'qcow2', /L1 table lies outside/],
  ['L2 outside', qcow2(set64(2n ** 40n, 3 * 65_536)), 'qcow2', /L2 table lies outside/],
  ['refcount table outside', qcow2(set64(2n ** 40n, 48)), 'qcow2', /refcount table lies outside/],
  ['no refcount table', qcow2(set32(0, 56)), 'qcow2', /no refcount table/],
  ['cluster bits 63', qcow2(set32(63, 20)), 'qcow2', /cluster size/],
  ['unknown feature', qcow2(set64(1n << 40n, 72)), 'qcow2', /not known/],
  ['marked corrupt', qcow2(set64(2n, 72)), 'qcow2', /corrupt/],
  ['endless extension', qcow2(extension(1, 0xffffffff)), 'qcow2', /extension is longer/],
  ['extensions without end', qcow2(extension(1, 65_536 - 8)), 'qcow2', /extensions do not end/],
  ['header length', qcow2(set32(0xfffffff8, 100)), 'qcow2', /header length/],
  ['encrypted', qcow2(set32(2, 32)), 'qcow2', /encrypted/],
  ['version 9', qcow2(set32(9, 4)), 'qcow2', /version 9/],
  ['cut off', qcow2().subarray(0, 50), 'qcow2', /cut off/],
  ['qcow version 1', qcow2(set32(1, 4)), 'qcow2', /content is qcow,/],
  ['qcow2 as raw', qcow2(), 'raw', /content is qcow2, not raw/],
  ['raw as qcow2', Buffer.alloc(5000), 'qcow2', /content is raw, not qcow2/],
  ['vmdk as raw', vmdk(sparseVmdk), 'raw', /content is vmdk/],
  ['vmdk descriptor as raw', text(vmdkText('monolithicFlat', 'RW 8 FLAT "/etc/passwd" 0')), 'raw', /content is vmdk/],
  ['vmdk with a flat extent', text(vmdkText('monolithicFlat', 'RW 8 FLAT "/etc/passwd" 0')), 'vmdk', /other files \(\/etc\/passwd\)/],
  ['sparse vmdk that names another file', vmdk(vmdkText('monolithicSparse', 'RW 8 FLAT "/etc/passwd" 0')), 'vmdk', /other files/],
  ['sparse vmdk with a path', vmdk(vmdkText('monolithicSparse', 'RW 2048 SPARSE "../x.vmdk"')), 'vmdk', /other files/],
  ['vmdk with a parent', vmdk(vmdkText('monolithicSparse', 'RW 2048 SPARSE "d.vmdk"', '12345678')), 'vmdk', /backing file/],
  ['vmdk of an unknown kind', vmdk(vmdkText('vmfs', 'RW 2048 SPARSE "d.vmdk"')), 'vmdk', /'vmfs' is not supported/],
  ['vmdk descriptor outside', vmdk(sparseVmdk, (b) => void b.writeBigUInt64LE(2n ** 50n, 28)), 'vmdk', /descriptor lies outside/],
  ['vdi with a parent', vdi(4), 'vdi', /backing file/],
  ['vdi with too few blocks', vdi(1, 0), 'vdi', /block map/],
  ['vhd with a parent', vhd(4), 'vhd', /backing file/],
  ['fixed vhd as raw', vhd(2, true), 'raw', /content is vhd/],
  ['vhdx with a parent', vhdx(true), 'vhdx', /backing file/],
  ['vhdx without metadata', text('vhdxfile', 300_000), 'vhdx', /region table/],
  ['iso as raw', iso(), 'raw', /content is iso/],
  ['luks as raw', text('LUKS\xba\xbe'), 'raw', /content is luks/],
  ['qed as raw', text('QED\0'), 'raw', /content is qed/],
  ['parallels as raw', text('WithoutFreeSpace'), 'raw', /content is parallels/],
  ['refcount width', qcow2(set32(7, 96)), 'qcow2', /refcount width/],
  ['disk encryption by extension only', qcow2(extension(0x0537be77, 16)), 'qcow2', /encrypted/],
  ['L1 too large', qcow2(set32(2 ** 22 + 1, 36)), 'qcow2', /L1 table is too large/],
  ['refcount table too large', qcow2(set32(129, 56)), 'qcow2', /refcount table is too large/],
  ['too many snapshots', qcow2(set32(65_537, 60)), 'qcow2', /too many snapshots/],
  [
    'snapshot table outside',
    qcow2((b) => {
      set32(1, 60)(b)
      set64(2n ** 40n, 64)(b)
    }),
    'qcow2',
    /snapshot table lies outside/,
  ],
  ['COWD', text('COWD'), 'vmdk', /COWD/],
  ['vmdk header cut off', vmdk(sparseVmdk).subarray(0, 100), 'vmdk', /header is cut off/],
  ['vmdk version', vmdk(sparseVmdk, (b) => void b.writeUInt32LE(9, 4)), 'vmdk', /version 9/],
  ['vmdk grain', vmdk(sparseVmdk, (b) => void b.writeBigUInt64LE(3n, 20)), 'vmdk', /grain size 3/],
  ['vmdk without an extent', vmdk(vmdkText('monolithicSparse', '')), 'vmdk', /names no extent/],
  ['vhdx metadata overwritten', vhdx().fill(0, 512 * 1024, 512 * 1024 + 8), 'vhdx', /metadata is missing/],
  ['vhdx without a size', vhdx().fill(0, 512 * 1024 + 32, 512 * 1024 + 48), 'vhdx', /does not say its size/],
  ['iso cut off', iso().subarray(0, 32_800), 'iso', /cut off/],
  ['too much raw', text('', MiB), 'raw', /over the limit/],
]
for (const [name, content, declared, message] of refused) {
  test(`refused: ${name}`, async () => {
    const limit = name === 'too much raw' ? 4096 : GiB
    await assert.rejects(
      checkSafe(fileOf(content), declared, { maxVirtualBytes: limit }),
      (error) => error instanceof UnsafeImage && message.test(error.message),
    )
  })
}

test('what follows the end of the header extensions is not read', async () => {
  const image = qcow2((b) => {
    extension(1, 0)(b)
    b.writeUInt32BE(0, 112)
    b.writeUInt32BE(0x44415441, 120)
    b.writeUInt32BE(4, 124)
  })
  await checkSafe(fileOf(image), 'qcow2', { maxVirtualBytes: GiB })
})

test('a vmdk descriptor tells its size', async () => {
  assert.equal((await inspect(fileOf(text(vmdkText('monolithicFlat', 'RW 8 FLAT "a" 0\nRW 8 FLAT "b" 0'))))).virtualBytes, 8192)
})

test('partition tables are told', async () => {
  const disk = Buffer.alloc(4096)
  disk.writeUInt16LE(0xaa55, 510)
  assert.equal((await inspect(fileOf(disk))).partitions, 'mbr')
  disk.write('EFI PART', 512)
  assert.equal((await inspect(fileOf(disk))).partitions, 'gpt')
})

test('every cut and every flipped byte of a header is survived', async () => {
  for (const [, content] of safe) {
    for (let at = 0; at < Math.min(content.length, 520); at += 3) {
      const changed = Buffer.from(content)
      changed[at] = changed[at]! ^ 0xff
      await inspect(fileOf(changed))
      await inspect(fileOf(content.subarray(0, at)))
    }
  }
})
