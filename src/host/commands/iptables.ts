// iptables: whole rulesets in and out, for IPv4 and IPv6. A restore replaces its tables in one transaction each.
import { readFile } from 'node:fs/promises'
import { runIn } from './netns.ts'

export type Family = 4 | 6
const program = (family: Family, what: 'save' | 'restore') => `${family === 4 ? 'iptables' : 'ip6tables'}-${what}`

export async function iptablesRestore(namespace: string, family: Family, text: string): Promise<void> {
  await runIn(namespace)(program(family, 'restore'), [], { input: text, timeout: 60_000 })
}

/** The rules in force in one comparable form; see canonicalRules. */
export async function iptablesSave(namespace: string, family: Family): Promise<string> {
  return canonicalRules(await runIn(namespace)(program(family, 'save'), []), await protocolNumbers())
}

/**
 * A ruleset in a form in which what was asked and what is in force can be compared: tables and chains in the order of their names,
 * protocols as numbers, neither counters nor comments. Rules keep their order within a chain.
 */
export function canonicalRules(text: string, protocols: ReadonlyMap<string, number>): string {
  const tables = new Map<string, Map<string, string[]>>()
  let chains = new Map<string, string[]>()
  for (const line of text.split('\n')) {
    const [first = '', second = ''] = line.split(' ', 2)
    if (first.startsWith('*')) {
      chains = new Map()
      tables.set(first, chains)
    } else if (first.startsWith(':')) {
      chains.set(first.slice(1), [`${first} ${second}`])
    } else if (first === '-A') {
      chains.get(second)!.push(line.trim().replace(/ -p (\S+)/, (_all, name: string) => ` -p ${protocols.get(name) ?? name}`))
    }
  }
  const sorted = <T>(map: Map<string, T>) => [...map].sort(([a], [b]) => (a < b ? -1 : 1))
  return sorted(tables)
    .map(([table, inside]) => [table, ...sorted(inside).flatMap(([, lines]) => lines)].join('\n'))
    .join('\n')
}

/** The names that iptables prints in place of protocol numbers: its own, and the machine's. */
export async function protocolNumbers(): Promise<Map<string, number>> {
  const own: [string, number][] = [
    ['tcp', 6],
    ['udp', 17],
    ['udplite', 136],
    ['icmp', 1],
    ['icmpv6', 58],
    ['ipv6-icmp', 58],
    ['esp', 50],
    ['ah', 51],
    ['sctp', 132],
    ['ipv6-mh', 135],
    ['mh', 135],
  ]
  const file = await readFile('/etc/protocols', 'utf8').catch(() => '')
  const machine = file.split('\n').flatMap((line): [string, number][] => {
    const match = /^([\w.+-]+)\s+(\d+)/.exec(line)
    return match ? [[match[1]!, Number(match[2])]] : []
  })
  return new Map([...machine, ...own])
}
