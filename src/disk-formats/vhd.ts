// VHD: a footer, which a dynamic disk also has at its beginning, and the header of a dynamic disk behind that.
import { type Inspection, inspection } from './inspection.ts'
import { type Reader, u64be } from './reader.ts'

const fixed = 2
const dynamic = 3
const differencing = 4
/** Programs whose disks are as large as their geometry; those of the others are as large as the footer says. */
const byGeometry = new Set(['vpc ', 'qemu'])
const bySize = new Set(['win ', 'qem2', 'd2v ', 'CTXS', 'tap\0'])
const maxGeometry = 65_535 * 16 * 255
const maxSectors = 0xff000000
/** Of 2 MiB each, which is usual, they are more than a VHD can be. */
const maxBlocks = 2 ** 21
const unused = 0xffffffff

/** `footer`: the 512 bytes with the cookie `conectix`, at the beginning or at the end of the file. */
export async function inspectVhd(footer: Buffer, reader: Reader, at: 'begin' | 'end'): Promise<Inspection> {
  const found = inspection('vhd')
  const fault = (text: string) => void found.faults.push(text)
  if (footer.length < 512) {
    fault('the footer is cut off')
    return found
  }
  const kind = footer.readUInt32BE(60)
  if (kind === differencing) found.backingFile = '(in its parent locator)'
  else if (kind !== (at === 'begin' ? dynamic : fixed)) fault(`the kind ${kind} is not known, or not where it stands`)
  if (footer.readUInt32BE(64) !== checksum(footer, 64)) fault('the checksum of its footer is wrong')
  const creator = footer.toString('latin1', 28, 32)
  const said = Math.floor(u64be(footer, 48) / 512)
  const geometry = footer.readUInt16BE(56) * footer[58]! * footer[59]!
  const sectors = byGeometry.has(creator) && geometry !== maxGeometry ? geometry : said
  // Releases of QEMU differ on programs that they do not know.
  if (!byGeometry.has(creator) && !bySize.has(creator) && geometry !== said && geometry !== maxGeometry)
    fault('its size and its geometry differ')
  if (sectors > maxSectors) fault('it is larger than a VHD can be')
  found.virtualBytes = sectors * 512
  if (at === 'end' && found.virtualBytes > reader.size - 512) fault('the file is cut off')
  if (at === 'begin' && !found.faults.length) await dynamicHeader(u64be(footer, 16), reader, found, fault)
  return found
}

async function dynamicHeader(start: number, reader: Reader, found: Inspection, fault: (text: string) => void): Promise<void> {
  const header = await reader.at(start, 1024)
  if (header.length < 1024 || header.toString('latin1', 0, 8) !== 'cxsparse') return fault('its dynamic header is missing')
  if (header.readUInt32BE(36) !== checksum(header, 36)) fault('the checksum of its dynamic header is wrong')
  const blockSize = header.readUInt32BE(32)
  const blocks = header.readUInt32BE(28)
  if (blockSize < 512 || (blockSize & (blockSize - 1)) !== 0) return fault(`the block size ${blockSize} is not allowed`)
  if (blocks * blockSize < found.virtualBytes! || blocks > (maxSectors * 512) / blockSize) fault('its block table does not cover the disk')
  const table = u64be(header, 16)
  if (blocks > maxBlocks) return fault('its block table is too large')
  if (table + blocks * 4 > reader.size) return fault('its block table lies outside the file')
  const bitmap = Math.ceil(blockSize / (8 * 512) / 512) * 512
  for (let done = 0; done < blocks * 4; ) {
    const part = await reader.at(table + done, blocks * 4 - done)
    for (let at = 0; at + 4 <= part.length; at += 4) {
      const block = part.readUInt32BE(at)
      if (block !== unused && block * 512 + bitmap + blockSize > reader.size) return fault('the file is cut off')
    }
    done += part.length || blocks * 4
  }
}

/** The complement of the sum of all bytes but those of the checksum itself. */
function checksum(bytes: Buffer, at: number): number {
  let sum = 0
  for (const [index, byte] of bytes.entries()) if (index < at || index >= at + 4) sum += byte
  return ~sum >>> 0
}
