// Small images of every format, made by hand, for tests to change one thing of. QEMU opens each of them as it is.

import { crc32c } from '../disk-formats/crc32c.ts'
import { tarHead } from './tar.ts'

export const MiB = 2 ** 20
export const GiB = 2 ** 30

/** The content as a file; `filler` is what follows it up to `size`. */
export const fileOf = (content: Buffer, size = content.length, filler = '') => ({
  stat: async () => ({ size }),
  read: async (buffer: Buffer, offset: number, length: number, position: number) => {
    const own = position < content.length ? content.copy(buffer, offset, position, Math.min(position + length, content.length)) : 0
    const end = Math.min(offset + length, offset + size - position)
    if (filler && offset + own < end) buffer.fill(filler, offset + own, end)
    return { bytesRead: filler ? Math.max(0, end - offset) : own }
  },
})

/** A sound qcow2 of 1 GiB with 64 KiB clusters: header, refcount table, L1. */
export function qcow2(change: (b: Buffer) => void = () => {}, version = 3): Buffer {
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

export const backing = (name: string) => (b: Buffer) => {
  b.writeBigUInt64BE(1024n, 8)
  b.writeUInt32BE(name.length, 16)
  b.write(name, 1024)
}

export const vmdkText = (type: string, extents: string, parent = 'ffffffff') =>
  `# Disk DescriptorFile\nversion=1\nCID=fffffffe\nparentCID=${parent}\ncreateType="${type}"\n${extents}\n`
export function vmdk(text: string, change: (b: Buffer) => void = () => {}): Buffer {
  const b = Buffer.alloc(64 * 1024)
  b.write('KDMV', 0)
  b.writeUInt32LE(1, 4)
  b.writeBigUInt64LE(2048n, 12)
  b.writeBigUInt64LE(128n, 20)
  b.writeBigUInt64LE(1n, 28)
  b.writeBigUInt64LE(20n, 36)
  b.writeUInt32LE(512, 44)
  b.writeBigUInt64LE(21n, 56)
  b.writeBigUInt64LE(64n, 64)
  b.write(text, 512)
  change(b)
  return b
}

export function vdi(kind = 1, blocks = 1): Buffer {
  const b = Buffer.alloc(1024)
  b.writeUInt32LE(0xbeda107f, 64)
  b.writeUInt32LE(0x00010001, 68)
  b.writeUInt32LE(kind, 76)
  b.writeUInt32LE(512, 340)
  b.writeUInt32LE(1024, 344)
  b.writeUInt32LE(512, 360)
  b.writeBigUInt64LE(BigInt(MiB), 368)
  b.writeUInt32LE(MiB, 376)
  b.writeUInt32LE(blocks, 384)
  return b
}

export function vhd(kind: number, atEnd = false, change: (b: Buffer) => void = () => {}): Buffer {
  const b = Buffer.alloc(atEnd ? MiB + 512 : 4096)
  const footer = b.subarray(atEnd ? MiB : 0)
  footer.write('conectix')
  footer.writeBigUInt64BE(atEnd ? 2n ** 64n - 1n : 512n, 16)
  footer.write('qem2', 28)
  footer.writeBigUInt64BE(BigInt(MiB), 48)
  footer.writeUInt32BE(kind, 60)
  if (!atEnd) {
    b.write('cxsparse', 512)
    b.writeBigUInt64BE(1536n, 512 + 16)
    b.writeUInt32BE(1, 512 + 28)
    b.writeUInt32BE(2 * MiB, 512 + 32)
    b.fill(0xff, 1536, 2048)
  }
  change(b)
  sumVhd(footer, 512, 64)
  if (!atEnd) sumVhd(b.subarray(512), 1024, 36)
  return b
}

/** Sets the checksum at `at` of these bytes right. */
export function sumVhd(bytes: Buffer, length: number, at: number): void {
  bytes.writeUInt32BE(0, at)
  const sum = bytes.subarray(0, length).reduce((all, byte) => all + byte, 0)
  bytes.writeUInt32BE(~sum >>> 0, at)
}

export function vhdx(hasParent = false, change: (b: Buffer) => void = () => {}): Buffer {
  const b = Buffer.alloc(4 * MiB)
  b.write('vhdxfile', 0)
  for (const [index, at] of [64 * 1024, 128 * 1024].entries()) {
    b.write('head', at)
    b.writeUInt32LE(index, at + 8)
    b.writeUInt16LE(1, at + 66)
    b.writeUInt32LE(MiB, at + 68)
    b.writeUInt32LE(MiB, at + 72)
  }
  const regions = 192 * 1024
  b.write('regi', regions)
  b.writeUInt32LE(2, regions + 8)
  for (const [index, guid] of ['06a27c8b90479a4bb8fe575f050f886e', '6677c22d23f600429d64115e9bfd4a08'].entries()) {
    const at = regions + 16 + index * 32
    b.write(guid, at, 'hex')
    b.writeUInt32LE((2 + index) * MiB, at + 16)
    b.writeUInt32LE(MiB, at + 24)
    b.writeUInt32LE(1, at + 28)
  }
  b.write('metadata', vhdxMetadata)
  const items: [guid: string, at: number, length: number][] = [
    ['2442a52f1bcd7648b2115dbed83bf4b8', 0, 8],
    ['3767a1ca36fa434db3b633f0aa44e76b', 8, 8],
    ['ab12cabee6b2234593efc309e000c746', 16, 16],
    ['1dbf41816fa90947ba47f233a8faab5f', 32, 4],
    ['c748a3cd5d4471449cc9e9885251c556', 36, 4],
  ]
  b.writeUInt16LE(items.length, vhdxMetadata + 10)
  for (const [index, [guid, at, length]] of items.entries()) {
    const entry = vhdxMetadata + 32 * (index + 1)
    b.write(guid, entry, 'hex')
    b.writeUInt32LE(65_536 + at, entry + 16)
    b.writeUInt32LE(length, entry + 20)
    b.writeUInt32LE(4, entry + 24)
  }
  const values = vhdxMetadata + 65_536
  b.writeBigUInt64LE(BigInt(GiB), values)
  b.writeUInt32LE(8 * MiB, values + 8)
  b.writeUInt32LE(hasParent ? 2 : 0, values + 12)
  b.writeUInt32LE(512, values + 32)
  b.writeUInt32LE(4096, values + 36)
  change(b)
  sumVhdx(b)
  return b
}

export const vhdxMetadata = 2 * MiB

/** Sets the checksums of headers and region table right. */
export function sumVhdx(b: Buffer): void {
  const parts = [
    [64 * 1024, 4096],
    [128 * 1024, 4096],
    [192 * 1024, 65_536],
  ] as const
  for (const [at, length] of parts) if (b.length >= at + length) b.writeUInt32LE(crc32c(b.subarray(at, at + length), 4), at + 4)
}

export function iso(withMbr = false): Buffer {
  const b = Buffer.alloc(40 * 1024)
  b.write('\x01CD001', 32_768)
  b.writeUInt32LE(20, 32_848)
  b.writeUInt16LE(2048, 32_896)
  if (withMbr) b.writeUInt16LE(0xaa55, 510)
  return b
}

export const text = (head: string, size = 4096) => Buffer.concat([Buffer.from(head, 'latin1'), Buffer.alloc(size)])
export const sparseVmdk = vmdkText('monolithicSparse', 'RW 2048 SPARSE "disk.vmdk"')

/** A member of a tar archive. */
function member(name: string, content: Buffer): Buffer {
  return Buffer.concat([tarHead(name, '0', content.length), content, Buffer.alloc((512 - (content.length % 512)) % 512)])
}

export const tar = (members: [string, Buffer][]) =>
  Buffer.concat([...members.map(([name, content]) => member(name, content)), Buffer.alloc(1024)])

/** What an appliance says of itself: one disk of a MiB, in a file of that name. */
export const ovf = (href = 'disk.vmdk', capacity = '1', units = 'byte * 2^20') =>
  Buffer.from(`<?xml version="1.0"?>
<Envelope xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1">
  <References><File ovf:href="${href}" ovf:id="file1"/></References>
  <DiskSection><Disk ovf:capacity="${capacity}" ovf:capacityAllocationUnits="${units}" ovf:diskId="d1" ovf:fileRef="file1"/></DiskSection>
</Envelope>`)

export const ova = (descriptor = ovf(), disk = vmdk(sparseVmdk)) =>
  tar([
    ['appliance.ovf', descriptor],
    ['disk.vmdk', disk],
  ])

/** The same numbers for the same seed, which a failure names. */
export function numbers(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) >>> 0
    const mixed = Math.imul(state ^ (state >>> 12), 0x297a2d39) >>> 0
    return ((mixed ^ (mixed >>> 15)) >>> 0) % below
  }
}

/** Numbers at which readers go wrong. */
const odd = [0, 1, 0x7f, 0x80, 0xff, 0xfe, 0x20, 0x0a]

/** The content with some bytes of these places changed, and sometimes cut off. */
export function mutate(content: Buffer, places: [from: number, length: number][], next: (below: number) => number): Buffer {
  let changed = Buffer.from(content)
  for (let left = 1 + next(6); left > 0; left--) {
    const [from, length] = places[next(places.length)]!
    const at = from + next(length)
    const run = 1 + next(8)
    for (let i = at; i < at + run && i < changed.length; i++) changed[i] = next(2) ? odd[next(odd.length)]! : next(256)
  }
  if (next(10) === 0) changed = changed.subarray(0, next(changed.length))
  return changed
}
