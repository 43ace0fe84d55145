// OVA: a tar archive of a descriptor (OVF) and the disks that it names.
import { type Inspection, inspection } from './inspection.ts'
import { type Reader, section } from './reader.ts'

const maxMembers = 1000
const maxDescriptor = 2 ** 20

interface Member {
  name: string
  at: number
  size: number
}

/** True when the file begins like an archive whose first member is a descriptor, as the format asks for. */
export const isOva = (head: Buffer) => head.toString('latin1', 257, 262) === 'ustar' && /\.ovf$/i.test(nameOf(head))

/** `inspectDisk` looks at a disk inside: what it refers to, the archive does. */
export async function inspectOva(reader: Reader, inspectDisk: (disk: Reader) => Promise<Inspection>): Promise<Inspection> {
  const found = inspection('ova')
  const members = await membersOf(reader, found.faults)
  const descriptor = members[0]
  if (found.faults.length || !descriptor) return found
  if (descriptor.size > maxDescriptor) return { ...found, faults: ['its descriptor is too long'] }
  const text = (await reader.at(descriptor.at, descriptor.size)).toString()
  const files = new Map(elements(text, 'File').map((file) => [file.get('id'), file.get('href') ?? '']))
  found.virtualBytes = 0
  for (const disk of elements(text, 'Disk')) {
    found.virtualBytes += capacityOf(disk)
    const href = files.get(disk.get('fileRef'))
    if (href === undefined) continue // an empty disk
    if (/[/\\:]/.test(href)) {
      found.extents.push(href)
      continue
    }
    const member = members.find(({ name }) => name === href)
    if (!member) {
      found.faults.push(`its disk ${href.slice(0, 80).replace(/[^\x20-\x7e]/g, '?')} is missing`)
      continue
    }
    const inside = await inspectDisk(section(reader, member.at, member.size))
    found.backingFile ??= inside.backingFile
    found.dataFile ??= inside.dataFile
    found.extents.push(...inside.extents)
    found.faults.push(...inside.faults)
    found.encrypted ||= inside.encrypted
    found.virtualBytes = Math.max(found.virtualBytes, inside.virtualBytes ?? 0)
  }
  return found
}

async function membersOf(reader: Reader, faults: string[]): Promise<Member[]> {
  const members: Member[] = []
  for (let at = 0; at < reader.size; ) {
    const head = await reader.at(at, 512)
    if (head.length < 512) faults.push('the archive is cut off')
    if (head.length < 512 || head.every((byte) => byte === 0)) return members
    const digits = /^[0-7]{1,11}/.exec(head.toString('latin1', 124, 136).trim())?.[0]
    const size = digits === undefined ? Number.NaN : Number.parseInt(digits, 8)
    if (Number.isNaN(size) || head.toString('latin1', 257, 262) !== 'ustar') faults.push('the archive is damaged')
    else if (at + 512 + size > reader.size) faults.push('the archive is cut off')
    const name = nameOf(head)
    if (name.includes('/') || name.includes('\\') || name === '..') faults.push("a member's name is a path")
    if (members.length >= maxMembers) faults.push('the archive has too many members')
    if (faults.length) return members
    members.push({ name, at: at + 512, size })
    at += 512 + Math.ceil(size / 512) * 512
  }
  return members
}

const nameOf = (head: Buffer) => head.toString('utf8', 0, 100).split('\0')[0]!

/** The attributes of all elements of that name, without their prefixes. */
function elements(text: string, name: string): Map<string, string>[] {
  const starts = text.matchAll(new RegExp(`<(?:[A-Za-z]{1,20}:)?${name}[ \\t\\r\\n]([^<>]{0,4096})>`, 'g'))
  return [...starts]
    .slice(0, maxMembers)
    .map(
      ([, inside = '']) =>
        new Map(
          [...inside.matchAll(/(?:\w{1,20}:)?(\w{1,40})="([^"]{0,1024})"/g)].map(([, key = '', value = '']): [string, string] => [
            key,
            value,
          ]),
        ),
    )
}

/** Bytes: `10` of `byte * 2^30`. What makes no sense is beyond every limit. */
function capacityOf(disk: Map<string, string>): number {
  const units = /^byte(?: \* 2\^(\d{1,2}))?$/.exec(disk.get('capacityAllocationUnits')?.trim() ?? 'byte')
  const count = /^\d{1,18}$/.test(disk.get('capacity') ?? '') ? Number(disk.get('capacity')) : Number.NaN
  const bytes = units ? count * 2 ** Number(units[1] ?? 0) : Number.NaN
  return Number.isNaN(bytes) ? 2 ** 53 : Math.min(bytes, 2 ** 53)
}
