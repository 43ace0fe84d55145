// Says what a disk image is before any other program opens it. Reads a few KiB (at most some MiB), and believes no length it reads.
import { type DiskFormat, type Inspection, inspection } from './inspection.ts'
import { inspectOva, isOva } from './ova.ts'
import { nameOfPlain } from './plain.ts'
import { inspectQcow2 } from './qcow2.ts'
import { type ImageFile, type Reader, readerOf } from './reader.ts'
import { inspectIso, inspectVdi } from './simple.ts'
import { inspectVhd } from './vhd.ts'
import { inspectVhdx } from './vhdx.ts'
import { inspectVmdk } from './vmdk.ts'

export type { DiskFormat, Inspection } from './inspection.ts'
export type { ImageFile } from './reader.ts'

/** An image that must not be used; the message is one sentence for the user. */
export class UnsafeImage extends Error {}

/** Recognises the format by content and gives what its header says. Never throws for odd content, only when reading fails. */
export async function inspect(file: ImageFile): Promise<Inspection> {
  return inspectFrom(await readerOf(file))
}

async function inspectFrom(reader: Reader): Promise<Inspection> {
  const head = await reader.at(0, 4096)
  const starts = (text: string, at = 0) => head.subarray(at, at + text.length).equals(Buffer.from(text, 'latin1'))
  if (starts('QFI\xfb')) return inspectQcow2(head, reader)
  if (starts('KDMV') || starts('COWD') || starts('# Disk DescriptorFile') || isDescriptor(head)) return inspectVmdk(head, reader)
  for (const [format, signature, at] of foreign) if (starts(signature, at)) return inspection(format)
  if (starts('\x7f\x10\xda\xbe', 64)) return inspectVdi(head.subarray(0, 512), reader)
  if (starts('conectix')) return inspectVhd(head.subarray(0, 512), reader, 'begin')
  if (starts('vhdxfile')) return inspectVhdx(reader)
  if (starts('LUKS\xba\xbe')) return inspection('luks', { encrypted: true })
  // A disk inside of an archive is a disk and no archive.
  if (isOva(head)) return inspectOva(reader, async (disk) => (isOva(await disk.at(0, 512)) ? inspection('raw') : inspectFrom(disk)))
  const footer = reader.size >= 512 ? await reader.at(reader.size - 512, 512) : Buffer.alloc(0)
  if (footer.toString('latin1', 0, 8) === 'conectix') return inspectVhd(footer, reader, 'end')
  const partitions = starts('EFI PART', 512) ? 'gpt' : starts('\x55\xaa', 510) ? 'mbr' : null
  const volume = await reader.at(32_768, 2048)
  if (volume.toString('latin1', 1, 6) === 'CD001') return { ...inspectIso(volume, reader), partitions }
  return inspection('raw', { virtualBytes: reader.size, partitions, plain: nameOfPlain(head, reader.size) })
}

/** Formats that QEMU would take a file for, and the image service does not have. */
const foreign: readonly [format: DiskFormat, signature: string, at?: number][] = [
  ['qed', 'QED\0'],
  ['parallels', 'WithoutFreeSpace'],
  ['parallels', 'WithouFreSpacExt'],
  ['bochs', 'Bochs Virtual HD Image'],
  ['cloop', '#!/bin/sh\n#V2.0 Format\nmodprobe cloop'],
]

/** A descriptor of a VMDK, as QEMU knows one: comments and blank lines, then its version. */
const isDescriptor = (head: Buffer) => /^(?:#[^\n]*\n|[ ]*\r?\n)*version=[123]\r?\n/.test(head.toString('latin1'))

/** Formats of the image service whose files are plain bytes. */
const plain = new Set(['raw', 'ami', 'ari', 'aki'])

/**
 * Inspects `file` and throws UnsafeImage unless its content is of the declared format (`raw`, `qcow2`, `vmdk`, `vdi`, `vhd`, `vhdx`, `iso`,
 * and `ami`, `ari`, `aki`, which are plain bytes, and `ova`, an archive of disks), it stands alone (no backing file, data file, foreign extent), is not encrypted, its
 * header is sound, and a guest would see at most `maxVirtualBytes` of it.
 */
export async function checkSafe(file: ImageFile, declaredFormat: string, limits: { maxVirtualBytes: number }): Promise<Inspection> {
  const found = await inspect(file)
  const refuse = (why: string) => {
    throw new UnsafeImage(`The image is refused: ${why}.`)
  }
  const expected: DiskFormat = plain.has(declaredFormat) ? 'raw' : (declaredFormat as DiskFormat)
  // A hybrid ISO is a disk too: with a partition table it may go as raw.
  const matches = found.format === expected || (expected === 'raw' && found.format === 'iso' && found.partitions !== null)
  if (!matches) refuse(`its content is ${found.format}${found.plain ? ` (${found.plain})` : ''}, not ${declaredFormat}`)
  if (found.backingFile !== null) refuse(`it needs a backing file (${shown(found.backingFile)})`)
  if (found.dataFile !== null) refuse(`its data is in another file (${shown(found.dataFile)})`)
  if (found.extents.length) refuse(`parts of it are in other files (${shown(found.extents.join(', '))})`)
  if (found.encrypted) refuse('it is encrypted')
  if (found.faults.length) refuse(found.faults[0]!)
  if ((found.virtualBytes ?? 0) > limits.maxVirtualBytes) {
    refuse(`its virtual size of ${found.virtualBytes} bytes is over the limit of ${limits.maxVirtualBytes}`)
  }
  return found
}

const shown = (name: string) => name.replace(/[^\x20-\x7e]/g, '?').slice(0, 200)
