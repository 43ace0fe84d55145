// One rule of a security group as matches of iptables, in the form in which iptables-save prints them.

import { cidr, parseRange } from '../networks/addresses.ts'
import type { FirewallRule } from './document.ts'

const numbers = { icmp: 1, tcp: 6, udp: 17, dccp: 33, icmp6: 58, sctp: 132, udplite: 136 }
const modules = new Map([
  [numbers.tcp, 'tcp'],
  [numbers.udp, 'udp'],
])

/** The matches before `-j`, with a space before each; throws when the rule cannot be expressed: it must not be dropped in silence. */
export function ruleMatch(rule: FirewallRule): string {
  return `${remoteMatch(rule)}${protocolMatch(rule)}`
}

function remoteMatch({ remoteCidr, direction, ipVersion }: FirewallRule): string {
  if (remoteCidr === null) return ''
  const range = parseRange(remoteCidr)
  if (range.family !== ipVersion) throw new Error(`${remoteCidr} is not an IPv${ipVersion} range`)
  return range.prefixLength === 0 ? '' : ` ${direction === 'ingress' ? '-s' : '-d'} ${cidr(range)}`
}

function protocolMatch({ protocol: given, ipVersion, portMin, portMax }: FirewallRule): string {
  const bounded = portMin !== null || portMax !== null
  if (given === null) {
    if (bounded) throw new Error('a rule with ports and no protocol')
    return ''
  }
  if (!Number.isInteger(given) || given < 0 || given > 255) throw new Error(`${given} is not a protocol number`)
  if (given === 0) throw new Error('protocol 0 cannot be matched')
  // ICMP of an IPv6 rule is ICMPv6, whatever its number says.
  const protocol = given === numbers.icmp && ipVersion === 6 ? numbers.icmp6 : given
  if (protocol === numbers.icmp || protocol === numbers.icmp6) return icmpMatch(protocol, portMin, portMax)
  if (!bounded) return ` -p ${protocol}`
  if (![numbers.tcp, numbers.udp, numbers.dccp, numbers.sctp, numbers.udplite].includes(protocol))
    throw new Error(`protocol ${protocol} has no ports`)
  const first = port(portMin ?? 0)
  const last = port(portMax ?? 65_535)
  if (first > last) throw new Error(`ports ${first} to ${last} are no range`)
  if (first === 0 && last === 65_535) return ` -p ${protocol}`
  const span = first === last ? `${first}` : `${first}:${last}`
  const module = modules.get(protocol)
  return module ? ` -p ${protocol} -m ${module} --dport ${span}` : ` -p ${protocol} -m multiport --dports ${span}`
}

function icmpMatch(protocol: number, type: number | null, code: number | null): string {
  for (const value of [type, code])
    if (value !== null && (!Number.isInteger(value) || value < 0 || value > 255)) throw new Error(`${value} is no ICMP type or code`)
  // iptables takes 255 for "any type".
  if (type === 255) throw new Error('ICMP type 255 cannot be matched')
  if (type === null) {
    if (code !== null) throw new Error('an ICMP code without a type')
    return ` -p ${protocol}`
  }
  const [module, option] = protocol === numbers.icmp ? ['icmp', '--icmp-type'] : ['icmp6', '--icmpv6-type']
  return ` -p ${protocol} -m ${module} ${option} ${type}${code === null ? '' : `/${code}`}`
}

function port(value: number): number {
  if (!Number.isInteger(value) || value < 0 || value > 65_535) throw new Error(`${value} is not a port`)
  return value
}
