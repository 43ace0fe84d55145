// What a network is on a host.
import { documentKind } from '../kind.ts'

export interface HostSubnet {
  id: string
  /** 4 or 6. */
  ipVersion: 4 | 6
  /** Network address with prefix length: `10.0.0.0/24`. */
  cidr: string
  gatewayIp: string | null
  dhcp: boolean
  /** The address in this subnet on which dnsmasq listens; null when `dhcp` is false. */
  dhcpIp: string | null
  dnsNameservers: string[]
  hostRoutes: { destination: string; nexthop: string }[]
}

/** A layer 2 network: one bridge; dnsmasq (and the metadata listener) beside it when a subnet has DHCP. */
export interface NetworkSpec {
  /** An external network also has its gateway addresses in the agent's outside namespace (floating IPs are reached from there). */
  external: boolean
  adminUp: boolean
  /** Bytes. */
  mtu: number
  dnsDomain: string
  /** MAC of the DHCP port. */
  dhcpMac: string | null
  subnets: HostSubnet[]
}

export const networkKind = documentKind<NetworkSpec>()({ name: 'network' })
