// The documents that several drivers read: a port's filter needs its network, its groups and their members.
import type { HostDocument } from '../documents.ts'
import type { Kind, SpecOf } from '../kinds.ts'
import type { PortSpec } from '../ports/document.ts'
import type { RouterSpec } from '../routers/document.ts'
import type { SecurityGroupSpec } from '../security-groups/document.ts'
import type { NetworkSpec } from './document.ts'

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
  const all = [...documents]
  const of = <K extends Kind>(wanted: K): Map<string, SpecOf[K]> =>
    new Map(all.flatMap(({ kind, id, spec }) => (kind === wanted && spec ? [[id, spec as SpecOf[K]]] : [])))
  const ports = of('port')
  const byNetwork = new Map<string, Map<string, PortSpec>>()
  for (const [id, port] of ports) {
    const there = byNetwork.get(port.networkId)
    if (there) there.set(id, port)
    else byNetwork.set(port.networkId, new Map([[id, port]]))
  }
  return {
    networks: of('network'),
    groups: of('security-group'),
    ports,
    routers: of('router'),
    gonePorts: new Set(all.flatMap(({ kind, id, spec }) => (kind === 'port' && !spec ? [id] : []))),
    portsOf: (networkId) => byNetwork.get(networkId) ?? none,
  }
}
