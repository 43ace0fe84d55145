// Small images of every format, made by hand, for tests to change one thing of.
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
  `# Disk DescriptorFile\nversion=1\nparentCID=${parent}\ncreateType="${type}"\n${extents}\n`
export function vmdk(text: string, change: (b: Buffer) => void = () => {}): Buffer {
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

export function vdi(kind = 1, blocks = 1): Buffer {
  const b = Buffer.alloc(1024)
  b.writeUInt32LE(0xbeda107f, 64)
  b.writeUInt32LE(kind, 76)
  b.writeBigUInt64LE(BigInt(MiB), 368)
  b.writeUInt32LE(MiB, 376)
  b.writeUInt32LE(blocks, 384)
  return b
}

export function vhd(kind: number, atEnd = false): Buffer {
  const b = Buffer.alloc(atEnd ? MiB + 512 : 2048)
  const at = atEnd ? MiB : 0
  b.write('conectix', at)
  b.writeBigUInt64BE(BigInt(MiB), at + 48)
  b.writeUInt32BE(kind, at + 60)
  return b
}

export function vhdx(hasParent = false): Buffer {
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
  const head = Buffer.alloc(512)
  head.write(name, 0)
  head.write('0000644', 100)
  head.write(content.length.toString(8).padStart(11, '0'), 124)
  head.write('        ', 148)
  head.write('0', 156)
  head.write('ustar', 257)
  head.write('00', 263)
  head.write(
    head
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, '0'),
    148,
  )
  return Buffer.concat([head, content, Buffer.alloc((512 - (content.length % 512)) % 512)])
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
