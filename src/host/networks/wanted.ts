// The documents that several drivers read: a port's filter needs its network, its groups and their members.
import type { HostDocument, Kind, NetworkSpec, PortSpec, RouterSpec, SecurityGroupSpec, SpecOf } from '../documents.ts'

export interface Wanted {
  networks: ReadonlyMap<string, NetworkSpec>
  groups: ReadonlyMap<string, SecurityGroupSpec>
  ports: ReadonlyMap<string, PortSpec>
  routers: ReadonlyMap<string, RouterSpec>
  /** Ports whose documents say that they shall not exist. */
  gonePorts: ReadonlySet<string>
  portsOf(networkId: string): ReadonlyMap<string, PortSpec>
}

const none: ReadonlyMap<string, PortSpec> = new Map()

export function wantedOf(documents: Iterable<HostDocument>): Wanted {
  const specs = { network: new Map(), 'security-group': new Map(), router: new Map(), port: new Map(), guest: new Map() } as {
    [K in Kind]: Map<string, SpecOf[K]>
  }
  const gonePorts = new Set<string>()
  for (const { kind, id, spec } of documents) {
    if (spec) (specs[kind] as Map<string, unknown>).set(id, spec)
    else if (kind === 'port') gonePorts.add(id)
  }
  const byNetwork = new Map<string, Map<string, PortSpec>>()
  for (const [id, port] of specs.port) {
    const there = byNetwork.get(port.networkId)
    if (there) there.set(id, port)
    else byNetwork.set(port.networkId, new Map([[id, port]]))
  }
  return {
    networks: specs.network,
    groups: specs['security-group'],
    ports: specs.port,
    routers: specs.router,
    gonePorts,
    portsOf: (networkId) => byNetwork.get(networkId) ?? none,
  }
}
