// What a router does not forward: packets that say they are from one of its networks and have come from another. Their sender would
// pass for a member of a security group, or for a guest that the others trust; no rule at the port of the receiver can tell.

import { cidr, parseRange } from '../networks/addresses.ts'
import { gatewayLink, routerLink } from '../networks/names.ts'
import type { FixedIp } from '../ports/document.ts'
import type { RouterSpec } from './document.ts'

/** Rules of nftables for the forward hook, of one family; pure. */
export function sourceRules({ interfaces, gateway }: Pick<RouterSpec, 'interfaces' | 'gateway'>, family: 4 | 6): string[] {
  const links = new Map<string, Set<string>>()
  const note = (link: string, fixedIps: readonly FixedIp[]) => {
    for (const { ip, prefixLength } of fixedIps) {
      const range = parseRange(`${ip}/${prefixLength}`)
      if (range.family === family) links.set(cidr(range), (links.get(cidr(range)) ?? new Set()).add(`"${link}"`))
    }
  }
  for (const { portId, fixedIps } of interfaces) note(routerLink(portId).inside, fixedIps)
  if (gateway) note(gatewayLink(gateway.portId).inside, gateway.fixedIps)
  return [...links].map(([range, names]) => `iifname != { ${[...names].join(', ')} } ${family === 4 ? 'ip' : 'ip6'} saddr ${range} drop`)
}
