// From a router as it is to the router as it is wished: lines for ip and a script for nft; pure.

import { cidr, linkAddress, parseAddress, parseMac, parseMtu, parseRange } from '../networks/addresses.ts'
import type { NetworkSpec } from '../networks/document.ts'
import { bridgeName, gatewayLink, ownerAlias, routerLink } from '../networks/names.ts'
import { addressLines, type Plug } from '../networks/plug.ts'
import type { RouterSpec } from './document.ts'
import { renderNat } from './nat.ts'

export interface RouterHave {
  namespace: boolean
  /** By name of the end in the namespace; only those whose other end is plugged into `bridge`. */
  links: Map<string, { mac: string; mtu: number; up: boolean; addresses: string[]; bridge: string }>
  /** Ends in the switch that belong to this router, whatever their state. */
  plugs: string[]
  /** `10.9.0.0/24 via 10.0.0.7`, `default via 10.1.0.1`. */
  routes: string[]
  nat: string | null
}

export interface RouterPlan {
  makeNamespace: boolean
  /** Ends in the switch to delete. */
  unplug: string[]
  plug: Plug[]
  /** Routes to delete, for ip in the router's namespace: first, because they also go with links and addresses. */
  forget: string[]
  /** For ip, in the router's namespace, when all links are there. */
  lines: string[]
  nat: string | null
  /** Addresses that neighbours must hear of. */
  announce: { link: string; address: string }[]
}

interface WantedLink extends Plug {
  addresses: string[]
}

/** Links that the router shall have. Throws when a network is not on this host or an address is malformed. */
export function wantedLinks(namespace: string, id: string, want: RouterSpec, networks: ReadonlyMap<string, NetworkSpec>): WantedLink[] {
  const link = (
    end: { networkId: string; mac: string; fixedIps: { ip: string; prefixLength: number }[] },
    names: { inside: string; plug: string },
    more: string[],
  ) => {
    const network = networks.get(end.networkId)
    if (!network) throw new Error(`router ${id} is on network ${end.networkId}, which is not on this host`)
    const addresses = [...end.fixedIps.map(({ ip, prefixLength }) => linkAddress(ip, prefixLength)), ...more]
    return {
      namespace,
      ...names,
      bridge: bridgeName(end.networkId),
      alias: ownerAlias('router', id),
      mtu: parseMtu(network.mtu),
      mac: parseMac(end.mac),
      addresses,
    }
  }
  const floating = want.floatingIps.map(({ floatingIp }) => `${parseAddress(floatingIp).address}/32`)
  return [
    ...want.interfaces.map((each) => link(each, routerLink(each.portId), [])),
    ...(want.gateway ? [link(want.gateway, gatewayLink(want.gateway.portId), floating)] : []),
  ]
}

export function wantedRoutes(want: RouterSpec): string[] {
  const gateways = (want.gateway?.gatewayIps ?? []).map((ip) => parseAddress(ip))
  return [
    ...[4, 6].flatMap((family) =>
      gateways
        .filter((gateway) => gateway.family === family)
        .slice(0, 1)
        .map(({ address }) => `${family === 6 ? '::/0' : 'default'} via ${address}`),
    ),
    ...want.routes.map(({ destination, nexthop }) => `${routeTarget(destination)} via ${parseAddress(nexthop).address}`),
  ]
}

/** As `ip route` prints it; `::/0` tells IPv6's default from IPv4's. */
export function routeTarget(text: string): string {
  const range = parseRange(text)
  if (range.prefixLength === 0) return range.family === 6 ? '::/0' : 'default'
  return range.prefixLength === (range.family === 4 ? 32 : 128) ? range.address : cidr(range)
}

export function planRouter(
  namespace: string,
  id: string,
  want: RouterSpec,
  networks: ReadonlyMap<string, NetworkSpec>,
  have: RouterHave | undefined,
): RouterPlan {
  const links = wantedLinks(namespace, id, want, networks)
  const makeNamespace = !have?.namespace
  const plan: RouterPlan = {
    makeNamespace,
    unplug: [],
    plug: [],
    forget: [],
    lines: makeNamespace ? ['link set dev lo up'] : [],
    nat: null,
    announce: [],
  }
  const announce = (link: WantedLink, addresses: string[]) => {
    if (want.adminUp)
      plan.announce.push(...addresses.filter((a) => !a.includes(':')).map((a) => ({ link: link.inside, address: a.split('/')[0]! })))
  }
  const kept = new Set<string>()
  for (const { addresses, ...link } of links) {
    const there = makeNamespace ? undefined : have?.links.get(link.inside)
    if (there && there.bridge === link.bridge && there.mac === link.mac && there.mtu === link.mtu) {
      kept.add(link.plug)
      const add = addresses.filter((address) => !there.addresses.includes(address))
      const lines = addressLines(link.inside, { add, remove: there.addresses.filter((address) => !addresses.includes(address)) })
      if (there.up !== want.adminUp) lines.push(`link set dev ${link.inside} ${want.adminUp ? 'up' : 'down'}`)
      plan.lines.push(...lines)
      announce({ ...link, addresses }, there.up ? add : addresses)
    } else {
      plan.plug.push(link)
      plan.lines.push(
        ...addressLines(link.inside, { add: addresses, remove: [] }),
        `link set dev ${link.inside} ${want.adminUp ? 'up' : 'down'}`,
      )
      announce({ ...link, addresses }, addresses)
    }
  }
  plan.unplug = (have?.plugs ?? []).filter((plug) => !kept.has(plug))
  const routes = want.adminUp ? wantedRoutes(want) : []
  const known = makeNamespace ? [] : have!.routes
  // The kernel forgets routes with the address or link that they need: after a change of those all are said again.
  const missing = plan.lines.length || plan.unplug.length ? routes : routes.filter((route) => !known.includes(route))
  plan.forget = known.filter((route) => !routes.includes(route)).map((route) => `route del ${route} proto static`)
  plan.lines.push(...missing.map((route) => `route replace ${route} proto static`))
  const nat = renderNat(want)
  if (makeNamespace || have?.nat !== nat.hash) plan.nat = nat.script
  return plan
}

export const isEmpty = (plan: RouterPlan) =>
  !plan.makeNamespace && !plan.unplug.length && !plan.plug.length && !plan.forget.length && !plan.lines.length && plan.nat === null
