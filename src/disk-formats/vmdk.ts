// VMDK: the sparse header, and the descriptor that names extents and a parent.
import { type Inspection, inspection } from './inspection.ts'
import { type Reader, u64le } from './reader.ts'

/** One file that holds all: what these say they are. */
const selfContained = new Set(['monolithicsparse', 'streamoptimized'])

export async function inspectVmdk(head: Buffer, reader: Reader): Promise<Inspection> {
  const found = inspection('vmdk')
  if (head.toString('latin1', 0, 4) === 'COWD') {
    found.faults.push('the COWD kind is not supported')
    return found
  }
  if (head.toString('latin1', 0, 4) !== 'KDMV') {
    descriptor(head.toString('latin1'), found, [])
    return found
  }
  if (head.length < 512) {
    found.faults.push('the header is cut off')
    return found
  }
  const version = head.readUInt32LE(4)
  if (version < 1 || version > 3) found.faults.push(`version ${version} is not known`)
  found.virtualBytes = u64le(head, 12) * 512
  const grain = u64le(head, 20)
  if (grain < 1 || grain > 2 ** 16 || (grain & (grain - 1)) !== 0) found.faults.push(`the grain size ${grain} is not allowed`)
  // Without one, other programs take the descriptor's, and its extents.
  if (found.virtualBytes === 0) found.faults.push('it does not say its size')
  if (head.readBigInt64LE(56) === atEnd) await footer(head, reader, found)
  const offset = u64le(head, 28) * 512
  const length = u64le(head, 36) * 512
  if (offset === 0 || length === 0 || length > 2 ** 20 || offset + length > reader.size) {
    found.faults.push('its descriptor lies outside the file')
    return found
  }
  descriptor((await reader.at(offset, length)).toString('latin1'), found, [found.virtualBytes / 512])
  return found
}

/** The place of the tables that stands for: it is in the header at the end, which counts then. */
const atEnd = -1n

async function footer(head: Buffer, reader: Reader, found: Inspection): Promise<void> {
  const last = await reader.at(reader.size - 1024, 512)
  const same = last.length === 512 && last.subarray(0, 56).equals(head.subarray(0, 56))
  if (!same) found.faults.push('the header at its end is missing or another')
}

function descriptor(text: string, found: Inspection, own: number[]): void {
  const field = (name: string) => new RegExp(`^[ \\t]*${name}[ \\t]*=[ \\t]*"?([^"\\r\\n\\0]*)`, 'im').exec(text)?.[1]?.trim()
  const type = field('createType')?.toLowerCase() ?? ''
  const extents = [...text.matchAll(/^[ \t]*(?:RW|RDONLY|NOACCESS)[ \t]+(\d+)[ \t]+([A-Z0-9]+)(?:[ \t]+"([^"\r\n]*)")?(?:[ \t]+\d+)?/gim)]
  if (!own.length) found.virtualBytes = extents.reduce((sum, extent) => sum + Number(extent[1]) * 512, 0)
  if (!selfContained.has(type)) found.faults.push(`the kind '${type.slice(0, 40)}' is not supported`)
  const isOwn = own.length === 1 && extents.length === 1 && /^SPARSE$/i.test(extents[0]![2]!) && !/[/\\:]/.test(extents[0]![3] ?? '')
  if (!isOwn) found.extents = extents.map((extent) => extent[3] ?? '(not named)')
  if (own.length && !extents.length) found.faults.push('its descriptor names no extent')
  const parent = field('parentFileNameHint')
  const parentId = field('parentCID')
  if (parent || (parentId && parentId.toLowerCase() !== 'ffffffff')) found.backingFile = parent || '(not named)'
}
