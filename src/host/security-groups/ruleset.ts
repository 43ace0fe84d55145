// The stateful filter of all ports as one iptables ruleset for each IP version; pure. What a guest sends is judged in mangle
// PREROUTING and what it receives in filter FORWARD, so that `ACCEPT` in one does not skip the other when both guests are here.
// Only the packets of the answering side pass without a look at the rules: when a rule is taken away, connections that it
// allowed come to a stop, without anything else having to be deleted.

import type { Family } from '../commands/iptables.ts'
import { cidr, parseAddress, parseRange } from '../networks/addresses.ts'
import { bridgeName, tapName } from '../networks/names.ts'
import type { Wanted } from '../networks/wanted.ts'
import { alwaysChain, type Direction, directions, groupChain, memberChain, networkChain, portChain } from './chains.ts'
import type { FirewallRule, SecurityGroupSpec } from './document.ts'
import { ruleMatch } from './rule-match.ts'

export interface Ruleset {
  text: string
  /** Why a group or a port is not in it as its document says, by id. */
  faults: Map<string, string>
}

/**
 * `zones` has the conntrack zone of each network that has a bridge; ports of other networks are left out. The rules of groups in
 * `refused` are left out with the reason given: iptables would not take them.
 */
export function renderRuleset(
  family: Family,
  wanted: Wanted,
  zones: ReadonlyMap<string, number>,
  refused: ReadonlyMap<string, string> = new Map(),
): Ruleset {
  const faults = new Map<string, string>()
  const filter = table('filter', ['INPUT DROP', 'FORWARD DROP', 'OUTPUT ACCEPT'])
  const mangle = table('mangle', ['PREROUTING ACCEPT', 'INPUT ACCEPT', 'FORWARD ACCEPT', 'OUTPUT ACCEPT', 'POSTROUTING ACCEPT'])
  const raw = table('raw', ['PREROUTING ACCEPT', 'OUTPUT ACCEPT'])
  const of = { ingress: filter, egress: mangle }
  const used = new Set<string>()
  for (const direction of directions) for (const line of always(family, direction)) of[direction].rule(alwaysChain(direction), line)

  for (const [networkId, zone] of zones) {
    const bridge = bridgeName(networkId)
    const chains = { ingress: networkChain('ingress', networkId), egress: networkChain('egress', networkId) }
    raw.rule('PREROUTING', `-i ${bridge} -j CT --zone ${zone}`)
    filter.rule('FORWARD', `-i ${bridge} -j ${chains.ingress}`)
    mangle.rule('PREROUTING', `-i ${bridge} -j ${chains.egress}`)
    for (const { dhcpIp } of wanted.networks.get(networkId)?.subnets ?? []) {
      const server = dhcpIp === null ? null : attempt(faults, networkId, () => parseAddress(dhcpIp))
      if (family === 4 && server?.family === 4)
        filter.rule(chains.ingress, `-s ${server.address}/32 -p 17 -m udp --sport 67 --dport 68 -j ACCEPT`)
    }
    for (const [id, port] of wanted.portsOf(networkId)) {
      const groups = port.securityGroupIds.filter((group) => wanted.groups.has(group))
      for (const group of groups) used.add(group)
      for (const direction of directions) {
        const device = `-m physdev ${direction === 'ingress' ? '--physdev-out' : '--physdev-in'} ${tapName(id)}`
        of[direction].rule(chains[direction], `${device} -j ${port.portSecurity ? portChain(direction, id) : 'ACCEPT'}`)
        if (!port.portSecurity) continue
        for (const target of [alwaysChain(direction), ...groups.map((group) => groupChain(direction, group)), 'DROP']) {
          of[direction].rule(portChain(direction, id), `-j ${target}`)
        }
      }
    }
    // A tap that is not named above gets and sends nothing; the rest are the links of our own namespaces.
    filter.rule(chains.ingress, '-m physdev --physdev-out tap+ -j DROP')
    filter.rule(chains.ingress, '-j ACCEPT')
    mangle.rule(chains.egress, '-m physdev --physdev-in tap+ -j DROP')
  }

  const remotes = new Set<string>()
  for (const groupId of used) {
    const group = wanted.groups.get(groupId)
    if (!group) continue
    for (const direction of directions) of[direction].chain(groupChain(direction, groupId))
    const reason = refused.get(groupId)
    if (reason !== undefined) faults.set(groupId, reason)
    for (const rule of reason === undefined ? group.rules : []) {
      if (rule.ipVersion !== family) continue
      const line = attempt(faults, groupId, () => groupLine(rule))
      if (line === null) continue
      of[rule.direction].rule(groupChain(rule.direction, groupId), line)
      if (rule.remoteGroupId !== null) remotes.add(`${rule.direction} ${rule.remoteGroupId}`)
    }
  }
  for (const remote of remotes) {
    const [direction, groupId] = remote.split(' ') as [Direction, string]
    of[direction].chain(memberChain(direction, groupId))
    for (const address of members(family, wanted.groups.get(groupId), faults, groupId)) {
      of[direction].rule(memberChain(direction, groupId), `${address && `${direction === 'ingress' ? '-s' : '-d'} ${address} `}-j ACCEPT`)
    }
  }
  return { text: [raw, mangle, filter].map((each) => each.text()).join(''), faults }
}

const groupLine = (rule: FirewallRule) =>
  `${ruleMatch(rule)} -j ${rule.remoteGroupId === null ? 'ACCEPT' : memberChain(rule.direction, rule.remoteGroupId)}`.trim()

/** What passes whatever the groups say: the guest's own DHCP, neighbour discovery, answers. The same for all ports. */
function always(family: Family, direction: Direction): string[] {
  const dhcp = direction === 'egress' ? (family === 4 ? [68, 67] : [546, 547]) : family === 4 ? null : [547, 546]
  const neighbour = family === 4 ? [] : direction === 'egress' ? [131, 132, 133, 135, 136, 143] : [130, 134, 135, 136]
  return [
    ...neighbour.map((type) => `-p 58 -m icmp6 --icmpv6-type ${type} -j ACCEPT`),
    ...(dhcp ? [`-p 17 -m udp --sport ${dhcp[0]} --dport ${dhcp[1]} -j ACCEPT`] : []),
    '-m conntrack --ctstate INVALID -j DROP',
    '-m conntrack --ctstate RELATED -j ACCEPT',
    '-m conntrack --ctstate ESTABLISHED --ctdir REPLY -j ACCEPT',
  ]
}

/** Addresses of a group, each once; '' stands for any. */
function members(family: Family, group: SecurityGroupSpec | undefined, faults: Map<string, string>, groupId: string): string[] {
  const ranges = (group?.members ?? []).map((member) => attempt(faults, groupId, () => parseRange(member)))
  return [
    ...new Set(ranges.filter((range) => range?.family === family).map((range) => (range!.prefixLength === 0 ? '' : cidr(range!)))),
  ].sort()
}

function attempt<T>(faults: Map<string, string>, id: string, work: () => T): T | null {
  try {
    return work()
  } catch (error) {
    faults.set(id, (error as Error).message)
    return null
  }
}

function table(name: string, policies: readonly string[]) {
  const chains = new Map<string, string[]>()
  return {
    chain(chain: string) {
      if (!chains.has(chain)) chains.set(chain, [])
    },
    rule(chain: string, line: string) {
      const lines = chains.get(chain)
      if (lines) lines.push(`-A ${chain} ${line}\n`)
      else chains.set(chain, [`-A ${chain} ${line}\n`])
    },
    text() {
      const own = policies.map((policy) => policy.split(' ')[0]!)
      const declared = [
        ...policies.map((policy) => `:${policy} [0:0]\n`),
        ...[...chains.keys()].filter((chain) => !own.includes(chain)).map((chain) => `:${chain} - [0:0]\n`),
      ]
      return `*${name}\n${declared.join('')}${[...chains.values()].flat().join('')}COMMIT\n`
    },
  }
}
