// VHDX: the virtual size lies in the metadata region, which the region table names.
import { type Inspection, inspection } from './inspection.ts'
import { type Reader, u64le } from './reader.ts'

const guids = {
  metadataRegion: '06a27c8b90479a4bb8fe575f050f886e',
  virtualSize: '2442a52f1bcd7648b2115dbed83bf4b8',
  fileParameters: '3767a1ca36fa434db3b633f0aa44e76b',
}

export async function inspectVhdx(reader: Reader): Promise<Inspection> {
  const found = inspection('vhdx')
  const regions = await reader.at(192 * 1024, 64 * 1024)
  if (regions.toString('latin1', 0, 4) !== 'regi') return { ...found, faults: ['its region table is missing'] }
  const region = entries(regions, 16, Math.min(regions.readUInt32LE(8), 2047)).find((e) => e.guid === guids.metadataRegion)
  const start = region ? u64le(region.data, 16) : 0
  const metadata = await reader.at(start, 64 * 1024)
  if (start === 0 || metadata.toString('latin1', 0, 8) !== 'metadata') return { ...found, faults: ['its metadata is missing'] }
  for (const { guid, data } of entries(metadata, 32, Math.min(metadata.readUInt16LE(10), 2047))) {
    const item = await reader.at(start + data.readUInt32LE(16), 8)
    if (guid === guids.virtualSize && item.length === 8) found.virtualBytes = u64le(item, 0)
    if (guid === guids.fileParameters && item.length === 8 && item.readUInt32LE(4) & 2) found.backingFile = '(in its parent locator)'
  }
  if (found.virtualBytes === null) found.faults.push('it does not say its size')
  return found
}

function entries(table: Buffer, first: number, count: number): { guid: string; data: Buffer }[] {
  const list: { guid: string; data: Buffer }[] = []
  for (let at = first; list.length < count && at + 32 <= table.length; at += 32) {
    list.push({ guid: table.toString('hex', at, at + 16), data: table.subarray(at, at + 32) })
  }
  return list
}
