// From what is there to what is wished, for one network: the list of changes, without doing any.

import { cidr, parseAddress, parseMtu, parseRange } from './addresses.ts'
import { dhcpAddresses, dhcpMac, dhcpSubnets, renderConfig } from './dhcp-files.ts'
import type { NetworkSpec } from './document.ts'
import type { EndHave, NetworkHave } from './observe.ts'

export type NetworkChange =
  | { do: 'ensure bridge'; mtu: number; up: boolean }
  | { do: 'make dhcp namespace'; mac: string; mtu: number; addresses: string[] }
  | { do: 'address dhcp namespace'; add: string[]; remove: string[] }
  | { do: 'start dnsmasq'; config: string }
  | { do: 'listen for metadata' }
  | { do: 'remove dhcp namespace' }
  | { do: 'plug outside'; mtu: number; addresses: string[] }
  | { do: 'address outside'; add: string[]; remove: string[] }
  | { do: 'unplug outside' }
  | { do: 'route from host' }
  | { do: 'remove bridge' }

/** Addresses of the outside namespace on an external network: the gateways of its subnets. */
export function outsideAddresses(network: NetworkSpec): string[] {
  if (!network.external) return []
  return network.subnets.flatMap((subnet) =>
    subnet.gatewayIp ? [`${parseAddress(subnet.gatewayIp).address}/${parseRange(subnet.cidr).prefixLength}`] : [],
  )
}

export function planNetwork(runDir: string, id: string, want: NetworkSpec | undefined, have: NetworkHave | undefined): NetworkChange[] {
  const changes: NetworkChange[] = []
  const wantsDhcp = want !== undefined && dhcpSubnets(want).length > 0
  const wantsOutside = want?.external === true
  if (have?.dhcp && !wantsDhcp) changes.push({ do: 'remove dhcp namespace' })
  if (have?.outside && !wantsOutside) changes.push({ do: 'unplug outside' })
  if (!want) return have ? [...changes, { do: 'remove bridge' }] : []

  for (const subnet of want.subnets) cidr(parseRange(subnet.cidr))
  const { adminUp: up } = want
  const mtu = parseMtu(want.mtu)
  if (have?.bridge?.mtu !== mtu || have.bridge.up !== up) changes.push({ do: 'ensure bridge', mtu, up })
  // A bridge made anew has lost what was plugged into it.
  const dhcp = have?.bridge ? have.dhcp : null
  const outside = have?.bridge ? have.outside : null
  if (wantsDhcp) {
    const addresses = dhcpAddresses(want)
    const mac = dhcpMac(id, want)
    const config = renderConfig(runDir, id, want)
    const fresh = !dhcp?.end || dhcp.end.mac !== mac || dhcp.end.mtu !== mtu || !dhcp.end.up
    if (fresh) changes.push({ do: 'make dhcp namespace', mac, mtu, addresses })
    else changes.push(...addressed('address dhcp namespace', dhcp!.end!, addresses))
    if (fresh || dhcp?.config !== config) changes.push({ do: 'start dnsmasq', config })
    if (fresh || !dhcp?.metadata) changes.push({ do: 'listen for metadata' })
  }
  if (wantsOutside) {
    const addresses = outsideAddresses(want)
    if (!outside || outside.mtu !== mtu || !outside.up) changes.push({ do: 'plug outside', mtu, addresses })
    else {
      const readdressed = addressed('address outside', outside, addresses)
      changes.push(...readdressed)
      if (have?.fromHost === false && !readdressed.length) changes.push({ do: 'route from host' })
    }
  }
  return changes
}

function addressed<D extends 'address dhcp namespace' | 'address outside'>(
  what: D,
  have: EndHave,
  want: string[],
): { do: D; add: string[]; remove: string[] }[] {
  const add = want.filter((address) => !have.addresses.includes(address))
  const remove = have.addresses.filter((address) => !want.includes(address))
  return add.length || remove.length ? [{ do: what, add, remove }] : []
}
