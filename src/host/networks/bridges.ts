// Bridges: one a network. Each has a number of its own, kept in the link's group: the conntrack zone of its traffic,
// because two networks may use the same addresses.

import { batched } from '../commands/batch.ts'
import type { Link } from '../commands/ip.ts'
import { bridgeName, ownerAlias, ownerOf } from './names.ts'
import type { Switch } from './switch.ts'

interface Wish {
  id: string
  mtu: number
  up: boolean
}

/** Ensures bridges, many in one call of ip. */
export function createBridges(vswitch: Switch): (wish: Wish) => Promise<void> {
  return batched(async (wishes) => {
    await vswitch.ensure()
    const links = await vswitch.links()
    await vswitch.batch(bridgeLines(wishes, links))
  })
}

/** Lines for ip that make the bridges so; pure. */
export function bridgeLines(wishes: readonly Wish[], links: readonly Link[]): string[] {
  const names = new Set(links.map((link) => link.ifname))
  const used = new Set(bridgeZones(links).values())
  let zone = 0
  return wishes.flatMap(({ id, mtu, up }) => {
    const name = bridgeName(id)
    const settings = `mtu ${mtu} ${up ? 'up' : 'down'}`
    if (names.has(name)) return [`link set dev ${name} ${settings}`]
    do zone++
    while (used.has(zone))
    if (zone > 65_535) throw new Error('there are 65,535 networks on this host already')
    return [
      `link add name ${name} type bridge forward_delay 0 stp_state 0 mcast_snooping 0`,
      `link set dev ${name} group ${zone} alias ${ownerAlias('network', id)}`,
      `link set dev ${name} ${settings}`,
    ]
  })
}

/** Conntrack zone by network id. */
export function bridgeZones(links: readonly Link[]): Map<string, number> {
  const zones = new Map<string, number>()
  for (const { ifname, ifalias, group } of links) {
    const id = ownerOf(ifalias, 'network')
    if (id !== null && ifname === bridgeName(id)) zones.set(id, Number(group) || 0)
  }
  return zones
}
