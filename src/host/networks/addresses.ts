// Addresses and ranges, read strictly and written in the one form that the kernel's tools print.
import ipaddr from 'ipaddr.js'

export interface Range {
  family: 4 | 6
  /** Network address in canonical form. */
  address: string
  prefixLength: number
}

/** Reads `10.0.0.7`, `10.0.0.7/24` or `fd00::/64`; bits beyond the prefix are cleared. Throws when it is anything else. */
export function parseRange(text: string): Range {
  const [address = '', prefix, more] = text.split('/')
  if (more !== undefined || !(ipaddr.IPv4.isValidFourPartDecimal(address) || ipaddr.IPv6.isValid(address)) || address.includes('%')) {
    throw new Error(`${JSON.stringify(text.slice(0, 60))} is not an address`)
  }
  const parsed = ipaddr.parse(address)
  const bits = parsed.kind() === 'ipv4' ? 32 : 128
  const prefixLength = prefix === undefined ? bits : /^\d{1,3}$/.test(prefix) ? Number(prefix) : 999
  if (prefixLength > bits) throw new Error(`${JSON.stringify(text.slice(0, 60))} has no valid prefix length`)
  const bytes = parsed.toByteArray().map((byte, index) => byte & (0xff00 >> Math.min(8, Math.max(0, prefixLength - index * 8))) & 0xff)
  return { family: bits === 32 ? 4 : 6, address: written(ipaddr.fromByteArray(bytes)), prefixLength }
}

/** One address, without a prefix. */
export function parseAddress(text: string): { family: 4 | 6; address: string } {
  const range = parseRange(text)
  if (text.includes('/')) throw new Error(`${JSON.stringify(text.slice(0, 60))} is not a single address`)
  return range
}

/** An address of a link, with the length of its network's prefix: `10.0.0.5/24`. Throws when one of the two is none. */
export function linkAddress(ip: string, prefixLength: number): string {
  return `${parseAddress(ip).address}/${parseRange(`${ip}/${prefixLength}`).prefixLength}`
}

/** Bytes of a link's largest packet. Throws for what is no such number: it stands among words for ip. */
export function parseMtu(value: number): number {
  if (!Number.isInteger(value) || value < 68 || value > 65_535) throw new Error(`${String(value).slice(0, 40)} is not an MTU`)
  return value
}

/** With its prefix length, always: `10.0.0.5/32`. */
export const cidr = (range: Range) => `${range.address}/${range.prefixLength}`

export function contains(range: Range, address: string): boolean {
  const parsed = ipaddr.parse(address)
  return (parsed.kind() === 'ipv4' ? 4 : 6) === range.family && parseRange(`${address}/${range.prefixLength}`).address === range.address
}

/** Hex digits of the first `bits` bits of an IPv6 address, right-aligned: the value that a raw payload match compares. */
export function leadingBits(address: string, bits: number): string {
  const value = ipaddr
    .parse(address)
    .toByteArray()
    .reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n)
  return `0x${(value >> BigInt(128 - bits)).toString(16)}`
}

/** Six pairs of hex digits, in lower case. Throws when it is anything else. */
export function parseMac(text: string): string {
  if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(text)) throw new Error(`${JSON.stringify(text.slice(0, 40))} is not a MAC address`)
  return text.toLowerCase()
}

/** The link-local address that a guest makes from its MAC. */
export function linkLocal(mac: string): string {
  const [a, b, c, d, e, f] = parseMac(mac)
    .split(':')
    .map((byte) => Number.parseInt(byte, 16)) as [number, number, number, number, number, number]
  return written(ipaddr.fromByteArray([0xfe, 0x80, 0, 0, 0, 0, 0, 0, a ^ 2, b, c, 0xff, 0xfe, d, e, f]))
}

/** The netmask of an IPv4 prefix length. */
export const netmask = (prefixLength: number) => ipaddr.IPv4.subnetMaskFromPrefixLength(prefixLength).toString()

const written = (address: ipaddr.IPv4 | ipaddr.IPv6) =>
  address.kind() === 'ipv4' ? address.toString() : (address as ipaddr.IPv6).toRFC5952String()
