import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  backing,
  fileOf,
  GiB,
  iso,
  MiB,
  ova,
  ovf,
  qcow2,
  sparseVmdk,
  tar,
  text,
  vdi,
  vhd,
  vhdx,
  vhdxMetadata,
  vmdk,
  vmdkText,
} from '../testing/disk-formats.ts'
import { checkSafe, inspect, UnsafeImage } from './inspect.ts'

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
  ['ova', ova(), 'ova', MiB],
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

/** A VMDK whose header says that the one at its end counts. */
const withFooter = (capacity: bigint | null) => {
  const head = vmdk(sparseVmdk, (b) => void b.writeBigInt64LE(-1n, 56))
  if (capacity === null) return head
  const footer = Buffer.from(head.subarray(0, 512))
  footer.writeBigUInt64LE(capacity, 12)
  return Buffer.concat([head, Buffer.alloc(512), footer, Buffer.alloc(512)])
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
  ['extension over the end of its cluster', qcow2(extension(1, 65_536 - 8)), 'qcow2', /extension is longer/],
  ['extensions end with a length', qcow2(extension(0, 0xffffffff)), 'qcow2', /extension is longer/],
  [
    'extensions without end',
    qcow2((b) => {
      set32(17, 20)(b)
      extension(1, 65_536 - 8)(b)
    }),
    'qcow2',
    /extensions do not end/,
  ],
  ['size that is no number of sectors', qcow2(set64(BigInt(GiB) - 1n, 24)), 'qcow2', /number of sectors/],
  ['unknown way of compression', qcow2((b) => void b.fill(9, 104, 105).writeUInt32BE(112, 100)), 'qcow2', /compression/],
  ['snapshot table that is not aligned', qcow2(set64(100n, 64)), 'qcow2', /snapshot table/],
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
  ['vmdk that is a descriptor only', text(vmdkText('monolithicSparse', '')), 'vmdk', /without its data/],
  ['vdi with a parent', vdi(4), 'vdi', /backing file/],
  ['vdi with a parent by id only', vdi().fill(1, 440, 456), 'vdi', /backing file/],
  ['vdi with too few blocks', vdi(1, 0), 'vdi', /block map/],
  ['vhd with a parent', vhd(4), 'vhd', /backing file/],
  ['vhd of two sizes', vhd(3, false, (b) => void b.write('what', 28)), 'vhd', /geometry/],
  ['vhd with a block outside', vhd(3, false, (b) => void b.writeUInt32BE(5, 1536)), 'vhd', /cut off/],
  ['vhd without its dynamic header', vhd(3, false, (b) => b.fill(0, 512, 520)), 'vhd', /dynamic header/],
  ['vhd with a wrong checksum', vhd(3).fill(1, 80, 81), 'vhd', /checksum/],
  ['fixed vhd as raw', vhd(2, true), 'raw', /content is vhd/],
  ['vhdx with a parent', vhdx(true), 'vhdx', /backing file/],
  ['vhdx without metadata', text('vhdxfile', 300_000), 'vhdx', /region table/],
  ['vhdx with a log', vhdx(false, (b) => b.fill(1, 131_072 + 48, 131_072 + 64)), 'vhdx', /log/],
  ['vhdx whose regions overlap', vhdx(false, (b) => void b.writeUInt32LE(2 * MiB + 4096, 196_608 + 64)), 'vhdx', /overlap/],
  ['vhdx with sectors of 4096 bytes', vhdx(false, (b) => void b.writeUInt32LE(4096, vhdxMetadata + 65_568)), 'vhdx', /sectors/],
  ['iso as raw', iso(), 'raw', /content is iso/],
  ['luks as raw', text('LUKS\xba\xbe'), 'raw', /content is luks/],
  ['vmdk descriptor behind a comment as raw', text('# any\n\nversion=1\n'), 'raw', /content is vmdk/],
  ['bochs as raw', text('Bochs Virtual HD Image'), 'raw', /content is bochs/],
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
  ['vhdx metadata overwritten', vhdx().fill(0, vhdxMetadata, vhdxMetadata + 8), 'vhdx', /metadata is missing/],
  ['vhdx without a size', vhdx().fill(0, vhdxMetadata + 32, vhdxMetadata + 48), 'vhdx', /does not say its size/],
  ['vmdk that says nothing of its size', vmdk(sparseVmdk, (b) => void b.writeBigUInt64LE(0n, 12)), 'vmdk', /does not say its size/],
  ['vmdk with another size at its end', withFooter(4096n), 'vmdk', /header at its end/],
  ['vmdk without the header at its end', withFooter(null), 'vmdk', /header at its end/],
  ['ova without a descriptor', tar([['disk.vmdk', vmdk(sparseVmdk)]]), 'ova', /content is raw \(a tar archive\), not ova/],
  ['ova whose disk names another file', ova(ovf(), vmdk(vmdkText('monolithicSparse', 'RW 8 FLAT "/etc/passwd" 0'))), 'ova', /other files/],
  ['ova that names a file outside of it', ova(ovf('../etc/passwd')), 'ova', /other files \(\.\.\/etc\/passwd\)/],
  ['ova that names an address', ova(ovf('http://127.0.0.1/disk')), 'ova', /other files/],
  [
    'ova with a path',
    tar([
      ['a.ovf', ovf()],
      ['../disk.vmdk', vmdk(sparseVmdk)],
    ]),
    'ova',
    /member's name/,
  ],
  ['ova whose disk is missing', tar([['a.ovf', ovf()]]), 'ova', /disk.vmdk is missing/],
  ['ova cut off', ova().subarray(0, 2048), 'ova', /cut off/],
  ['ova with a vast descriptor', tar([['a.ovf', Buffer.alloc(2 * MiB, 0x20)]]), 'ova', /descriptor is too long/],
  ['ova that claims much', ova(ovf('disk.vmdk', '9', 'byte * 2^40')), 'ova', /over the limit/],
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

test('descriptors that would cost time cost none', async () => {
  for (const filler of ['\n', ' ', '\t\n', 'RW ', 'RW 1 ', 'createType', '"']) {
    const long = filler.repeat(2 ** 20 / filler.length)
    const started = process.cpuUsage()
    await inspect(fileOf(vmdk('', (b) => void b.writeBigUInt64LE(2047n, 36)).subarray(0, 512), 2 ** 21, long))
    await inspect(fileOf(tar([['a.ovf', Buffer.from(`<File ovf:href="${long}`)]])))
    assert.ok(process.cpuUsage(started).user < 5e6, JSON.stringify(filler))
  }
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
