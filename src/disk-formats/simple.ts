// Formats whose header is one block: VDI, VHD, ISO 9660.
import { type Inspection, inspection } from './inspection.ts'
import { u64be, u64le } from './reader.ts'

/** `head`: the first 512 bytes, with the signature already seen. */
export function inspectVdi(head: Buffer): Inspection {
  if (head.length < 400) return inspection('vdi', { faults: ['the header is cut off'] })
  const kind = head.readUInt32LE(76)
  const found = inspection('vdi', { virtualBytes: u64le(head, 368) })
  if (kind !== 1 && kind !== 2) found.backingFile = '(a differencing image names its parent by id)'
  const blockSize = head.readUInt32LE(376)
  const blocks = head.readUInt32LE(384)
  if (blockSize < 512 || blocks * blockSize < found.virtualBytes!) found.faults.push('its block map does not cover the disk')
  return found
}

/** `footer`: the 512 bytes with the cookie `conectix`, at the beginning or at the end of the file. */
export function inspectVhd(footer: Buffer): Inspection {
  if (footer.length < 512) return inspection('vhd', { faults: ['the footer is cut off'] })
  const kind = footer.readUInt32BE(60)
  const found = inspection('vhd', { virtualBytes: u64be(footer, 48) })
  if (kind === 4) found.backingFile = '(in its parent locator)'
  else if (kind !== 2 && kind !== 3) found.faults.push(`the kind ${kind} is not known`)
  return found
}

/** `descriptor`: the 2048 bytes from 32768. */
export function inspectIso(descriptor: Buffer): Inspection {
  if (descriptor.length < 130) return inspection('iso', { faults: ['the volume descriptor is cut off'] })
  return inspection('iso', { virtualBytes: descriptor.readUInt32LE(80) * descriptor.readUInt16LE(128) })
}
