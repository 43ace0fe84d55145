// What a router is on a host.
import { documentKind } from '../kind.ts'
import type { FixedIp } from '../ports/document.ts'

export interface RouterSpec {
  adminUp: boolean
  interfaces: { portId: string; networkId: string; mac: string; fixedIps: FixedIp[] }[]
  gateway: { portId: string; networkId: string; mac: string; fixedIps: FixedIp[]; gatewayIps: string[]; snat: boolean } | null
  floatingIps: { id: string; floatingIp: string; fixedIp: string }[]
  routes: { destination: string; nexthop: string }[]
}

export const routerKind = documentKind<RouterSpec>()({ name: 'router' })
