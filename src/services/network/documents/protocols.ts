// IP protocols by name and number.

const numbers: Record<string, number> = {
  ah: 51,
  dccp: 33,
  egp: 8,
  esp: 50,
  gre: 47,
  hopopt: 0,
  icmp: 1,
  igmp: 2,
  ip: 0,
  ipip: 4,
  'ipv6-encap': 41,
  'ipv6-frag': 44,
  'ipv6-icmp': 58,
  icmpv6: 58,
  'ipv6-nonxt': 59,
  'ipv6-opts': 60,
  'ipv6-route': 43,
  ospf: 89,
  pgm: 113,
  rsvp: 46,
  sctp: 132,
  tcp: 6,
  udp: 17,
  udplite: 136,
  vrrp: 112,
}

export const protocolNames = Object.keys(numbers)

/** The number on the wire; null for any protocol. ICMP of IPv6 rules is always ICMPv6. */
export function protocolNumber(protocol: string | null, ethertype: 'IPv4' | 'IPv6'): number | null {
  if (protocol === null) return null
  const number = numbers[protocol] ?? Number(protocol)
  return number === 1 && ethertype === 'IPv6' ? 58 : number
}

/** The name or number as it is stored, or null for what is no protocol. 'any' and the number 0 of names stay as they are. */
export function canonicalProtocol(given: string | number): string | null {
  const text = String(given).toLowerCase()
  if (text in numbers) return text
  return /^\d{1,3}$/.test(text) && Number(text) <= 255 ? String(Number(text)) : null
}

/** The name under which it is stored and shown: ICMP of IPv6 has one, whichever was given. */
export const shownProtocol = (protocol: string | null, ethertype: 'IPv4' | 'IPv6'): string | null =>
  ethertype === 'IPv6' && (protocol === 'icmp' || protocol === 'icmpv6') ? 'ipv6-icmp' : protocol

/** Headers that filters pass over on their way to the protocol that a packet carries: a rule with one of them would never match. */
const passedOver = new Set([0, 43, 44, 51, 60])
/** Whether no filter can tell packets by that protocol; 0 stands for any protocol there. */
export const isUnmatched = (number: number, ethertype: 'IPv4' | 'IPv6'): boolean =>
  number === 0 || (ethertype === 'IPv6' && passedOver.has(number))

/** Protocols whose port range is one of ports. */
export const hasPorts = (number: number | null): boolean => number !== null && [6, 17, 33, 132, 136].includes(number)
export const isIcmp = (number: number | null): boolean => number === 1 || number === 58
