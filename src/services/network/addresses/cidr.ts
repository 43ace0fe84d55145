// Networks in CIDR form.
import { bitsOf, formatIp, type Ip, parseIp } from './ip.ts'

export interface Cidr {
  version: 4 | 6
  prefix: number
  /** First and last address. */
  first: bigint
  last: bigint
}

/** Reads `10.0.0.0/24`; a single address is a network of one. Bits behind the prefix are dropped. Null for what is none. */
export function parseCidr(text: string): Cidr | null {
  const [address = '', length, ...rest] = text.split('/')
  const ip = parseIp(address)
  if (!ip || rest.length || (length !== undefined && !/^(0|[1-9]\d{0,2})$/.test(length))) return null
  const bits = bitsOf(ip.version)
  const prefix = length === undefined ? bits : Number(length)
  if (prefix > bits) return null
  const size = 1n << BigInt(bits - prefix)
  const first = (ip.value / size) * size
  return { version: ip.version, prefix, first, last: first + size - 1n }
}

export const formatCidr = (cidr: Cidr): string => `${formatIp({ version: cidr.version, value: cidr.first })}/${cidr.prefix}`

export const contains = (cidr: Cidr, ip: Ip): boolean => ip.version === cidr.version && ip.value >= cidr.first && ip.value <= cidr.last

export const overlap = (a: Cidr, b: Cidr): boolean => a.version === b.version && a.first <= b.last && b.first <= a.last

/** First and last address that a host may have: without the network and (IPv4) broadcast address, where the net is large enough for them. */
export function hostRange(cidr: Cidr): { first: bigint; last: bigint } {
  const spare = bitsOf(cidr.version) - cidr.prefix
  if (spare < 2) return { first: cidr.first, last: cidr.last }
  return { first: cidr.first + 1n, last: cidr.version === 4 ? cidr.last - 1n : cidr.last }
}

/** The address that a host with that MAC gives itself in a /64 (modified EUI-64). */
export function eui64(cidr: Cidr, mac: string): string {
  const bytes = mac.split(':').map((part) => BigInt(`0x${part}`))
  const parts = [bytes[0]! ^ 2n, bytes[1]!, bytes[2]!, 0xffn, 0xfen, bytes[3]!, bytes[4]!, bytes[5]!]
  return formatIp({ version: 6, value: cidr.first | parts.reduce((sum, part) => (sum << 8n) | part, 0n) })
}
