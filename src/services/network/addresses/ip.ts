// IP addresses as numbers, and back in their one canonical spelling.
import { isIPv4, isIPv6 } from 'node:net'

export interface Ip {
  version: 4 | 6
  value: bigint
}

export const bitsOf = (version: 4 | 6): number => (version === 4 ? 32 : 128)

/** The address, or null for what is none (zones, leading zeros and blanks are refused). */
export function parseIp(text: string): Ip | null {
  if (isIPv4(text)) return { version: 4, value: text.split('.').reduce((sum, part) => (sum << 8n) | BigInt(part), 0n) }
  if (!isIPv6(text) || text.includes('%')) return null
  let source = text
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(source)
  if (dotted) {
    const low = parseIp(dotted[2]!)!.value
    source = `${dotted[1]}${(low >> 16n).toString(16)}:${(low & 0xffffn).toString(16)}`
  }
  const [head = '', tail] = source.split('::')
  const groups = (part: string) => (part ? part.split(':') : [])
  const left = groups(head)
  const right = tail === undefined ? [] : groups(tail)
  const middle = tail === undefined ? [] : Array(8 - left.length - right.length).fill('0')
  return { version: 6, value: [...left, ...middle, ...right].reduce((sum, part) => (sum << 16n) | BigInt(`0x${part}`), 0n) }
}

/** Dotted decimal, or lower-case hexadecimal with the longest run of zeros left out. */
export function formatIp({ version, value }: Ip): string {
  if (version === 4) return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 255n).join('.')
  const groups = Array.from({ length: 8 }, (_, i) => (value >> BigInt(112 - 16 * i)) & 0xffffn)
  let best = { start: 0, length: 0 }
  for (let start = 0; start < 8; start++) {
    let length = 0
    while (start + length < 8 && groups[start + length] === 0n) length++
    if (length > best.length) best = { start, length }
  }
  const hex = (part: bigint[]) => part.map((group) => group.toString(16)).join(':')
  if (best.length < 2) return hex(groups)
  return `${hex(groups.slice(0, best.start))}::${hex(groups.slice(best.start + best.length))}`
}

/** The canonical spelling, or null. */
export function canonicalIp(text: string): string | null {
  const ip = parseIp(text)
  return ip && formatIp(ip)
}

/** Hex digits of one length for each version, so that texts sort as the addresses do. */
export const keyOf = ({ version, value }: Ip): string => value.toString(16).padStart(version === 4 ? 8 : 32, '0')
export const fromKey = (key: string): Ip => ({ version: key.length === 8 ? 4 : 6, value: BigInt(`0x${key}`) })
