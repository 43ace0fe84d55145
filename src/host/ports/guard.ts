// What a guest may send at all: its own MAC and addresses, in ARP too, and nothing that a DHCP server or a router says.
// One nftables chain at the very entry of each tap; anything that no rule names is dropped (VLAN tags, spanning tree ...).
import { rulesHash } from '../commands/nft.ts'
import { cidr, leadingBits, linkLocal, parseMac, parseRange, type Range } from '../networks/addresses.ts'
import { tapName } from '../networks/names.ts'
import type { PortSpec } from './document.ts'

export const guardTable = 'nephos'
/** Stands for the chain of claims, whose name has the hash. */
const claimChain = 'the chain of claims'

export interface Guard {
  tap: string
  /** Rules on what the guest sends, then on those messages in which others believe what is said and not who says it. */
  rules: string[]
  claims: string[]
  /** Known by this when it is read back. */
  hash: string
}

interface Pair {
  mac: string
  range: Range
}

/** The rules of one port; null when its port security is off. Throws when an address is malformed. */
export function portGuard(portId: string, port: PortSpec): Guard | null {
  if (!port.portSecurity) return null
  const tap = tapName(portId)
  const pairs = allowedPairs(port)
  const macs = [...new Set(pairs.map(({ mac }) => mac))]
  const v4 = pairs.filter(({ range }) => range.family === 4)
  const v6 = pairs.filter(({ range }) => range.family === 6)
  const rules = [
    `ether saddr != { ${macs.join(', ')} } drop`,
    'udp sport 67 udp dport 68 drop',
    'udp sport 547 udp dport 546 drop',
    'icmpv6 type nd-router-advert drop',
    'icmpv6 type nd-redirect drop',
    `icmpv6 type nd-neighbor-advert jump ${claimChain}`,
    // Who looks whether an address is free makes others do without it.
    `ip6 saddr :: icmpv6 type nd-neighbor-solicit jump ${claimChain}`,
    `udp dport 67 jump ${claimChain}`,
    ...macs.flatMap((mac) => [
      `ether saddr ${mac} ip saddr 0.0.0.0 ip daddr 255.255.255.255 udp sport 68 udp dport 67 accept`,
      `ether saddr ${mac} ip6 saddr :: ip6 daddr ff02::/16 icmpv6 type { nd-neighbor-solicit, nd-router-solicit, mld-listener-report, mld2-listener-report } accept`,
    ]),
    ...v4.flatMap(({ mac, range }) => [
      `ether saddr ${mac} ${range.prefixLength ? `ip saddr ${cidr(range)}` : 'ether type ip'} accept`,
      `ether saddr ${mac} arp saddr ether ${mac}${range.prefixLength ? ` arp saddr ip ${cidr(range)}` : ''} accept`,
      `ether saddr ${mac} arp operation request arp saddr ether ${mac} arp saddr ip 0.0.0.0${range.prefixLength ? ` arp daddr ip ${cidr(range)}` : ''} accept`,
    ]),
    ...v6.map(({ mac, range }) => `ether saddr ${mac} ${range.prefixLength ? `ip6 saddr ${cidr(range)}` : 'ether type ip6'} accept`),
  ]
  const neighbour = 'meta l4proto ipv6-icmp'
  const claims = [
    // The target of an advertisement lies 8 bytes into the ICMPv6 message.
    ...v6.map(({ range: { address, prefixLength } }) =>
      prefixLength ? `${neighbour} @th,64,${prefixLength} ${leadingBits(address, prefixLength)} return` : `${neighbour} return`,
    ),
    // 24 bytes into a DHCP message: the address of a relay, of which a guest is none, and the MAC for which it speaks.
    ...macs.map((mac) => `ether saddr ${mac} udp dport 67 @th,256,80 0x${mac.replaceAll(':', '')} return`),
    'drop',
  ]
  return { tap, rules, claims, hash: rulesHash([...rules, ...claims].join('\n')) }
}

function allowedPairs(port: PortSpec): Pair[] {
  const own = parseMac(port.mac)
  const pairs = [
    ...port.fixedIps.map(({ ip }) => ({ mac: own, range: parseRange(ip) })),
    ...port.allowedAddressPairs.map(({ ip, mac }) => ({ mac: mac === null ? own : parseMac(mac), range: parseRange(ip) })),
  ]
  const macs = [...new Set([own, ...pairs.map(({ mac }) => mac)])]
  const all = [...pairs, ...macs.map((mac) => ({ mac, range: parseRange(linkLocal(mac)) }))]
  return [...new Map(all.map((pair) => [`${pair.mac} ${cidr(pair.range)}`, pair])).values()]
}

/** Chains of a guard carry its hash in their names, so that a change is a new chain for the old one in one transaction. */
const chainsOf = (tap: string, hash: string) => [`${tap}-${hash}`, `nd-${tap}-${hash}`] as const

/** A script that puts guards in force in place of those that `there` lists; the devices must exist. */
export function guardScript(guards: readonly Guard[], there: GuardsThere): string {
  const chains = guards.flatMap(({ tap, rules, claims, hash }) => {
    if (there.get(tap)?.some((found) => found.hash === hash)) return []
    const [own, claiming] = chainsOf(tap, hash)
    const head = `type filter hook ingress device "${tap}" priority 0; policy drop;`
    return [chainText(claiming, claims), chainText(own, [head, ...rules.map((rule) => rule.replace(claimChain, claiming))])]
  })
  const old = guards.flatMap(({ tap, hash }) =>
    (there.get(tap) ?? []).filter((found) => found.hash !== hash).flatMap((found) => chainsOf(tap, found.hash)),
  )
  return `table netdev ${guardTable} {\n${chains.join('')}}\n${deletions(old)}`
}

/** A script that takes the guards of these taps away. */
export const guardRemoval = (taps: readonly string[], there: GuardsThere) =>
  deletions(taps.flatMap((tap) => (there.get(tap) ?? []).flatMap((found) => chainsOf(tap, found.hash))))

const chainText = (name: string, lines: readonly string[]) => `\tchain ${name} {\n${lines.map((line) => `\t\t${line}\n`).join('')}\t}\n`
const deletions = (chains: readonly string[]) => chains.map((chain) => `delete chain netdev ${guardTable} ${chain}\n`).join('')

/** Guards by tap; `inForce` when the chain is bound to its device and drops by default. */
export type GuardsThere = ReadonlyMap<string, readonly { hash: string; inForce: boolean }[]>

/** The guards in a listing of the chains. */
export function readGuards(listing: string): GuardsThere {
  const guards = new Map<string, { hash: string; inForce: boolean }[]>()
  for (const [, tap = '', hash = '', body = ''] of listing.matchAll(/\tchain (tap[0-9a-f]+)-([0-9a-f]+) \{\n([\s\S]*?)\t\}/g)) {
    const inForce = body.includes(`type filter hook ingress device "${tap}" `) && body.includes('policy drop;')
    guards.set(tap, [...(guards.get(tap) ?? []), { hash, inForce }])
  }
  return guards
}

/** The hash of the one guard of a tap that is in force; null when there is none, or more than one. */
export function guardInForce(there: GuardsThere, tap: string): string | null {
  const found = there.get(tap) ?? []
  return found.length === 1 && found[0]!.inForce ? found[0]!.hash : null
}
