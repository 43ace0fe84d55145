// Formats whose header is one block: VDI, ISO 9660.
import { type Inspection, inspection } from './inspection.ts'
import { type Reader, u64le } from './reader.ts'

const MiB = 2 ** 20

/** `head`: the first 512 bytes, with the signature already seen. */
export function inspectVdi(head: Buffer, reader: Reader): Inspection {
  if (head.length < 512) return inspection('vdi', { faults: ['the header is cut off'] })
  const found = inspection('vdi', { virtualBytes: Math.ceil(u64le(head, 368) / 512) * 512 })
  const fault = (text: string) => void found.faults.push(text)
  const kind = head.readUInt32LE(76)
  const parent = head.subarray(424, 456) // ids of what it continues, and of its parent
  if ((kind !== 1 && kind !== 2) || parent.some((byte) => byte !== 0)) found.backingFile = '(a differencing image names its parent by id)'
  if (head.readUInt32LE(68) !== 0x00010001) fault('its version is not 1.1')
  if (head.readUInt32LE(360) !== 512 || head.readUInt32LE(376) !== MiB) fault('its sectors or blocks are of an unusual size')
  const blocks = head.readUInt32LE(384)
  if (blocks * MiB < found.virtualBytes! || blocks > 2 ** 29) fault('its block map does not cover the disk')
  const map = head.readUInt32LE(340)
  if (map % 512 || head.readUInt32LE(344) % 512) fault('its block map or data do not begin at a sector')
  if (map < 512 || map + blocks * 4 > reader.size) fault('its block map lies outside the file')
  return found
}

/** `descriptor`: the 2048 bytes from 32768. What a guest sees is the whole file, whatever its descriptor says. */
export function inspectIso(descriptor: Buffer, reader: Reader): Inspection {
  const found = inspection('iso', { virtualBytes: reader.size })
  if (descriptor.length < 130) found.faults.push('the volume descriptor is cut off')
  else if (descriptor.readUInt32LE(80) * descriptor.readUInt16LE(128) > Math.ceil(reader.size / 2048) * 2048)
    found.faults.push('the file is cut off')
  return found
}
