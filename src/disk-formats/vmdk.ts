// VMDK: one file whose descriptor lies where QEMU looks for it. QEMU searches names as plain text in the 20 sectors from the second
// one on (up to the first zero byte, comments too), whatever the header says of the descriptor's place: only a file that has one
// reading is taken.
import { type Inspection, inspection } from './inspection.ts'
import { type Reader, u64le } from './reader.ts'

/** One file that holds all: what these say they are. */
const selfContained = new Set(['monolithicsparse', 'streamoptimized'])
const sector = 512
/** Where every program looks for the descriptor, and how much of it QEMU reads. */
const descriptorAt = sector
const descriptorBytes = 20 * sector
/** The place of the tables that stands for: it is in the header at the end, which counts then. */
const atEnd = -1n
/** Entries of a grain directory; QEMU reads as many. */
const maxDirectory = 2 ** 25

export async function inspectVmdk(head: Buffer, reader: Reader): Promise<Inspection> {
  const found = inspection('vmdk')
  const fault = (text: string) => void found.faults.push(text)
  if (head.toString('latin1', 0, 4) === 'COWD') fault('the COWD kind is not supported')
  else if (head.toString('latin1', 0, 4) !== 'KDMV') {
    descriptor(head.toString('latin1').split('\0')[0]!, found, fault)
    found.extents = extentsOf(head.toString('latin1')).map(({ name }) => name)
    found.virtualBytes = extentsOf(head.toString('latin1')).reduce((sum, { sectors }) => sum + sectors * sector, 0)
    fault('it is a descriptor without its data')
  } else if (head.length < sector) fault('the header is cut off')
  else await sparse(head, reader, found, fault)
  return found
}

async function sparse(head: Buffer, reader: Reader, found: Inspection, fault: (text: string) => void): Promise<void> {
  const version = head.readUInt32LE(4)
  if (version < 1 || version > 3) fault(`version ${version} is not known`)
  const sectors = u64le(head, 12)
  found.virtualBytes = sectors * sector
  const grain = u64le(head, 20)
  if (grain < 1 || grain > 2 ** 16 || (grain & (grain - 1)) !== 0) fault(`the grain size ${grain} is not allowed`)
  // Without one, other programs take the descriptor's, and its extents.
  if (sectors === 0) fault('it does not say its size')
  const tables = head.readBigInt64LE(56) === atEnd ? await footer(head, reader, fault) : head
  const entries = head.readUInt32LE(44)
  if (entries < 1 || entries > 512) fault(`grain tables of ${entries} entries are not allowed`)
  const directory = Math.ceil(sectors / (entries * grain || 1))
  if (directory > maxDirectory) fault('the grain directory is too large')
  const inside = (start: number, bytes: number) => start > 0 && start + bytes <= Math.ceil(reader.size / sector) * sector
  if (!inside(u64le(tables, 56) * sector, directory * 4)) fault('the grain directory lies outside the file')
  const hasCopy = (tables.readUInt32LE(8) & 2) !== 0 && u64le(tables, 48) !== 0
  if (hasCopy && !inside(u64le(tables, 48) * sector, directory * 4)) fault('the copy of the grain directory lies outside the file')
  if (u64le(tables, 64) * sector > Math.ceil(reader.size / sector) * sector) fault('the file is cut off')

  const length = u64le(head, 36) * sector
  if (u64le(head, 28) * sector !== descriptorAt || length === 0 || length > descriptorBytes || descriptorAt + length > reader.size)
    return fault('its descriptor lies outside of the 20 sectors after the header')
  const area = await reader.at(descriptorAt, descriptorBytes)
  const own = area.subarray(0, length)
  const end = own.indexOf(0)
  // Where the text has no end, others read on in what follows; where more follows, others may read that.
  if (end < 0) return fault('its descriptor does not end')
  if (own.subarray(end).some((byte) => byte !== 0)) fault('something follows the end of its descriptor')
  descriptor(own.toString('latin1', 0, end), found, fault)
  const extents = extentsOf(own.toString('latin1', 0, end))
  if (!extents.length) fault('its descriptor names no extent')
  const [extent] = extents
  const isOwn = extents.length === 1 && extent!.type === 'SPARSE' && !/[/\\:]/.test(extent!.name)
  if (!isOwn) found.extents = extents.map(({ name }) => name)
}

/** The header at the end of the file, which counts for the tables. What else it says must be what the first one says. */
async function footer(head: Buffer, reader: Reader, fault: (text: string) => void): Promise<Buffer> {
  const last = await reader.at(reader.size - 3 * sector, 3 * sector)
  const header = last.subarray(sector, 2 * sector)
  const marker = (at: number, type: number) => last.readUInt32LE(at + 8) === 0 && last.readUInt32LE(at + 12) === type
  const same =
    last.length === 3 * sector &&
    reader.size % sector === 0 &&
    header.subarray(0, 48).equals(head.subarray(0, 48)) &&
    header.subarray(73, 79).equals(head.subarray(73, 79)) &&
    header.readBigInt64LE(56) !== atEnd &&
    marker(0, 3) &&
    last.readBigUInt64LE(2 * sector) === 0n &&
    marker(2 * sector, 0)
  if (!same) fault('the header at its end is missing or another')
  return same ? header : head
}

/** Every word that some program may look for counts, wherever it stands: QEMU takes those in comments too. */
function descriptor(text: string, found: Inspection, fault: (text: string) => void): void {
  const values = (name: string) => [...text.matchAll(new RegExp(`${name}(?:[ \\t]*=[ \\t]*"?([^"\\r\\n]*))?`, 'gi'))]
  const lines = (name: string) => [...text.matchAll(new RegExp(`^${name}="?([^"\\r\\n]*)"?[ \\t]*\\r?$`, 'gm'))]
  const parents = values('parentFileNameHint')
  const parentIds = values('parentCID')
  if (parents.length) found.backingFile = parents[0]![1]?.trim() || '(not named)'
  else if (parentIds.some(([, id]) => id?.trim().toLowerCase() !== 'ffffffff')) found.backingFile = '(not named)'
  const types = values('createType')
  const type = (types[0]?.[1] ?? '').trim()
  if (!selfContained.has(type.toLowerCase())) fault(`the kind '${type.slice(0, 40).replace(/[^\x20-\x7e]/g, '?')}' is not supported`)
  // Each of these stands on a line of its own, once: there is no second one that another program might take.
  if (types.length !== 1 || lines('createType').length !== 1) fault('its descriptor does not say its kind once')
  if (parentIds.length !== 1 || lines('parentCID').length !== 1) fault('its descriptor does not name its parent once')
  if (text.split('CID').length !== 3 || lines('CID').length !== 1 || !/^CID=[0-9a-f]{1,8}\r?$/im.test(text))
    fault('its descriptor does not say its id once')
}

/** Lines that name a part of the disk, however they are written. */
const extentsOf = (text: string) =>
  [...text.matchAll(/^[^\S\n]*(?:RW|RDONLY|NOACCESS)[^\S\n]+(\d+)[^\S\n]+([A-Z0-9]+)(?:[^\S\n]+"([^"\r\n]*)")?/gim)].map(
    ([, sectors, type = '', name = '(not named)']) => ({ sectors: Number(sectors), type: type.toUpperCase(), name }),
  )
