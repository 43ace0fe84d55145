// VHDX: two headers, of which the newer one counts, a table of regions, and in one of these the metadata that tell the size.
import { crc32c } from './crc32c.ts'
import { type Inspection, inspection } from './inspection.ts'
import { type Reader, u64le } from './reader.ts'

const regionOf = { metadata: '06a27c8b90479a4bb8fe575f050f886e', blocks: '6677c22d23f600429d64115e9bfd4a08' }
/** What the metadata of a disk that stands alone say, each once, and no more. */
const items = {
  fileParameters: '3767a1ca36fa434db3b633f0aa44e76b',
  virtualSize: '2442a52f1bcd7648b2115dbed83bf4b8',
  page83: 'ab12cabee6b2234593efc309e000c746',
  logicalSector: '1dbf41816fa90947ba47f233a8faab5f',
  physicalSector: 'c748a3cd5d4471449cc9e9885251c556',
}
const parentLocator = '2d5fd3a80bb34d45abf7d3d84834ab0c'
const KiB = 1024
const MiB = 2 ** 20
const maxVirtual = 64 * 2 ** 40

type Entry = { guid: string; data: Buffer }
type Range = [start: number, length: number]

export async function inspectVhdx(reader: Reader): Promise<Inspection> {
  const found = inspection('vhdx')
  const fault = await faultOf(reader, found)
  if (fault) found.faults.push(fault)
  return found
}

async function faultOf(reader: Reader, found: Inspection): Promise<string | undefined> {
  const regions = await reader.at(192 * KiB, 64 * KiB)
  if (regions.length < 64 * KiB || regions.toString('latin1', 0, 4) !== 'regi') return 'its region table is missing'
  if (crc32c(regions, 4) !== regions.readUInt32LE(4)) return 'the checksum of its region table is wrong'
  const header = await newerHeader(reader)
  if (!header) return 'it has no sound header'
  const log: Range = [u64le(header, 72), header.readUInt32LE(68)]
  // What a log still holds belongs to the disk, and who only reads cannot put it there.
  if (header.subarray(48, 64).some((byte) => byte !== 0)) return 'its log has not been replayed'
  if (header.readUInt16LE(64) !== 0) return 'the version of its log is not known'
  if (log[0] < MiB || log[0] % MiB || log[1] % MiB || log[0] + log[1] > reader.size) return 'its log is not where it may be'
  const known = entries(regions, 16, regions.readUInt32LE(8))
  if (!known) return 'its region table is too long'
  const used: Range[] = [[0, MiB], log]
  for (const { data } of known) {
    const range: Range = [u64le(data, 16), data.readUInt32LE(24)]
    if (used.some((other) => range[0] < other[0] + other[1] && other[0] < range[0] + range[1])) return 'its regions overlap'
    if (range[0] + range[1] > reader.size) return 'a region lies outside the file'
    used.push(range)
  }
  const metadata = only(known, regionOf.metadata)
  const blocks = only(known, regionOf.blocks)
  if (!metadata || !blocks) return 'its metadata is missing'
  if (known.some((entry) => entry !== metadata && entry !== blocks && entry.data.readUInt32LE(28) & 1))
    return 'it needs features that are not known'
  return metadataFault(reader, u64le(metadata.data, 16), blocks.data.readUInt32LE(24) / 8, found)
}

async function metadataFault(reader: Reader, start: number, tableEntries: number, found: Inspection): Promise<string | undefined> {
  const table = await reader.at(start, 64 * KiB)
  if (table.length < 64 * KiB || table.toString('latin1', 0, 8) !== 'metadata') return 'its metadata is missing'
  const known = entries(table, 32, table.readUInt16LE(10))
  if (!known) return 'its metadata is too long'
  const number = async (guid: string, bytes: 4 | 8, at = 0) => {
    const entry = only(known, guid)
    const value = entry && (await reader.at(start + entry.data.readUInt32LE(16) + at, bytes))
    if (!value || value.length < bytes) return undefined
    return bytes === 4 ? value.readUInt32LE() : u64le(value, 0)
  }
  const blockSize = (await number(items.fileParameters, 4)) ?? 0
  const flags = (await number(items.fileParameters, 4, 4)) ?? 0
  if (flags & 2 || known.some(({ guid }) => guid === parentLocator)) found.backingFile = '(in its parent locator)'
  const size = await number(items.virtualSize, 8)
  if (!size) return 'it does not say its size'
  found.virtualBytes = size
  const ids = new Set<string>(Object.values(items))
  if (known.length !== ids.size || !known.every(({ guid }) => ids.delete(guid))) return 'its metadata are not those of a disk of its own'
  // Programs count the disk in sectors of the size that it names, or in those of 512 bytes.
  const [logical, physical] = [await number(items.logicalSector, 4), await number(items.physicalSector, 4)]
  if (logical !== 512 || (physical !== 512 && physical !== 4096)) return 'its sectors are of a size that is not supported'
  if (blockSize < MiB || blockSize > 256 * MiB || (blockSize & (blockSize - 1)) !== 0) return `the block size ${blockSize} is not allowed`
  if (size % 512 || size > maxVirtual) return 'its size is not allowed'
  const data = Math.ceil(size / blockSize)
  // After so many blocks the table has an entry for a bitmap of sectors.
  const ratio = (2 ** 23 * logical) / blockSize
  if (data + Math.floor((data - 1) / ratio) > tableEntries) return 'its block table does not cover the disk'
  return undefined
}

/** Of the two copies the sound one with the higher number. */
async function newerHeader(reader: Reader): Promise<Buffer | undefined> {
  const sound: Buffer[] = []
  for (const at of [64 * KiB, 128 * KiB]) {
    const header = await reader.at(at, 4 * KiB)
    const good = header.length === 4 * KiB && header.toString('latin1', 0, 4) === 'head' && header.readUInt16LE(66) === 1
    if (good && crc32c(header, 4) === header.readUInt32LE(4)) sound.push(header)
  }
  const [first, second] = sound
  if (!first || !second) return first
  const [one, other] = [first.readBigUInt64LE(8), second.readBigUInt64LE(8)]
  if (one === other) return first.subarray(8).equals(second.subarray(8)) ? first : undefined
  return one > other ? first : second
}

function entries(table: Buffer, first: number, count: number): Entry[] | undefined {
  if (count > 2047 || first + count * 32 > table.length) return undefined
  return Array.from({ length: count }, (_, index) => {
    const at = first + index * 32
    return { guid: table.toString('hex', at, at + 16), data: table.subarray(at, at + 32) }
  })
}

/** The entry of that name, when there is exactly one. */
function only(list: Entry[], guid: string): Entry | undefined {
  const [entry, ...more] = list.filter((one) => one.guid === guid)
  return more.length ? undefined : entry
}
