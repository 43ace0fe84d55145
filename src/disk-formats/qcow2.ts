// qcow2, versions 2 and 3: header, header extensions, and where its tables lie (docs/interop/qcow2.txt of QEMU is the reference).
import { type Inspection, inspection } from './inspection.ts'
import { type Reader, u64be } from './reader.ts'

const incompatible = { dirty: 1n, corrupt: 2n, dataFile: 4n, compressionType: 8n, extendedL2: 16n }
const known = Object.values(incompatible).reduce((all, bit) => all | bit)
/** The data lies in another file as it is. */
const dataFileRaw = 2n
/** Bytes of header extensions that are read; real images have a few hundred. */
const maxExtensions = 65_536

/** `head` is the beginning of the file, with the magic already seen. */
export async function inspectQcow2(head: Buffer, reader: Reader): Promise<Inspection> {
  const version = head.length >= 8 ? head.readUInt32BE(4) : 0
  if (version === 1) return inspection('qcow')
  const found = inspection('qcow2')
  const fault = (text: string) => void found.faults.push(text)
  if (version !== 2 && version !== 3) fault(`version ${version} is not known`)
  const headerLength = version === 3 && head.length >= 104 ? head.readUInt32BE(100) : 72
  if (head.length < (version === 3 ? 104 : 72)) fault('the header is cut off')
  if (found.faults.length) return found

  const clusterBits = head.readUInt32BE(20)
  found.virtualBytes = u64be(head, 24)
  found.encrypted = head.readUInt32BE(32) !== 0
  if (clusterBits < 9 || clusterBits > 21) {
    fault(`the cluster size 2^${clusterBits} is not allowed`)
    return found
  }
  const cluster = 2 ** clusterBits
  const features = version === 3 ? head.readBigUInt64BE(72) : 0n
  if (features & ~known) fault('it needs features that are not known')
  if (features & incompatible.corrupt) fault('it is marked as corrupt')
  if (features & incompatible.dataFile) found.dataFile = '(not named)'
  if (version === 3 && (headerLength < 104 || headerLength > cluster || headerLength % 8))
    fault(`the header length ${headerLength} is not allowed`)
  if (version === 3 && head.readUInt32BE(96) > 6) fault('the refcount width is not allowed')
  if (features & incompatible.extendedL2 && clusterBits < 14) fault('extended L2 entries need clusters of 16 KiB and more')
  const compression = headerLength > 104 && head.length > 104 ? head[104]! : 0
  if (compression > 1 || (compression === 1) !== Boolean(features & incompatible.compressionType))
    fault('its way of compression is not known')
  if (found.virtualBytes % 512) fault('its size is not a number of sectors')

  const backingOffset = u64be(head, 8)
  const backingLength = head.readUInt32BE(16)
  if (backingOffset !== 0) found.backingFile = (await reader.at(backingOffset, Math.min(backingLength, 1023))).toString() || '(not named)'
  if (found.faults.length) return found
  const autoclear = version === 3 ? head.readBigUInt64BE(88) : 0n
  if (autoclear & dataFileRaw) found.dataFile ??= '(not named)'
  await extensions(await reader.at(headerLength, Math.min(cluster - headerLength, maxExtensions)), found, fault)
  await tables(head, reader, cluster, Boolean(features & incompatible.extendedL2), found, fault)
  return found
}

async function extensions(area: Buffer, found: Inspection, fault: (text: string) => void): Promise<void> {
  for (let at = 0; at + 8 <= area.length; ) {
    const type = area.readUInt32BE(at)
    const length = area.readUInt32BE(at + 4)
    if (at + 8 + length > area.length) return fault('a header extension is longer than its cluster')
    if (type === 0) return
    if (type === 0x44415441) found.dataFile = area.toString('utf8', at + 8, at + 8 + length) || '(not named)'
    if (type === 0x0537be77) found.encrypted = true
    if (type === 0x23852875 && length !== 24) fault('its bitmaps are damaged')
    at += 8 + Math.ceil(length / 8) * 8
  }
  if (area.length === maxExtensions) fault('the header extensions do not end')
}

async function tables(
  head: Buffer,
  reader: Reader,
  cluster: number,
  extendedL2: boolean,
  found: Inspection,
  fault: (text: string) => void,
) {
  const table = (name: string, offset: number, bytes: number) => {
    if (bytes === 0) return
    if (offset === 0 || offset % cluster || offset + bytes > reader.size) fault(`the ${name} lies outside the file`)
  }
  const l1Entries = head.readUInt32BE(36)
  const l1Offset = u64be(head, 40)
  const covered = cluster * (cluster / (extendedL2 ? 16 : 8))
  if (l1Entries > 4 * 2 ** 20) fault('the L1 table is too large')
  if (l1Entries * covered < found.virtualBytes!) fault('the L1 table does not cover the disk')
  table('L1 table', l1Offset, l1Entries * 8)
  const refcountClusters = head.readUInt32BE(56)
  if (refcountClusters * cluster > 8 * 2 ** 20) fault('the refcount table is too large')
  if (refcountClusters === 0) fault('there is no refcount table')
  table('refcount table', u64be(head, 48), refcountClusters * cluster)
  const snapshots = head.readUInt32BE(60)
  if (snapshots > 65_536) fault('there are too many snapshots')
  if (u64be(head, 64) % cluster || u64be(head, 64) > reader.size) fault('the snapshot table lies outside the file')
  table('snapshot table', u64be(head, 64), snapshots * 40)
  if (found.faults.length) return
  const l1 = await reader.at(l1Offset, l1Entries * 8)
  for (let at = 0; at + 8 <= l1.length; at += 8) {
    // In halves: there may be millions of them. Bits 9 to 55 are the place.
    const l2 = (l1.readUInt32BE(at) & 0xff_ffff) * 2 ** 32 + ((l1.readUInt32BE(at + 4) & ~511) >>> 0)
    if (l2 !== 0 && (l2 % cluster || l2 >= reader.size)) return fault('an L2 table lies outside the file')
  }
}
