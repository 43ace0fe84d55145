import type { Moved, Tables } from '../../db/tables.ts'
import type { Pool } from './addresses/pools.ts'

interface Revised {
  /** Grows with each change. */
  revision: number
}

export interface Route {
  destination: string
  nexthop: string
}

export interface FixedAddress {
  subnet_id: string
  ip_address: string
}

export interface AddressPair {
  ip_address: string
  mac_address: string
}

export interface DhcpOption {
  opt_name: string
  opt_value: string
  ip_version: 4 | 6
}

export type PortStatus = 'ACTIVE' | 'DOWN'
export type FloatingIpStatus = 'ACTIVE' | 'DOWN' | 'ERROR'

declare module '../../db/tables.ts' {
  interface Narrow {
    network_networks: Revised & {
      availability_zone_hints: string[]
    }
    network_subnets: Revised & {
      ip_version: 4 | 6
      dns_nameservers: string[]
      host_routes: Route[]
      allocation_pools: Pool[]
    }
    network_ports: Revised & {
      status: Moved<PortStatus>
      fixed_ips: FixedAddress[]
      security_groups: string[]
      allowed_address_pairs: AddressPair[]
      extra_dhcp_opts: DhcpOption[]
      binding_profile: Record<string, unknown>
      /** The server that compute bound the port to: what a port is of, while `device_id` is what its owner wrote. */
      bound_server: string
    }
    network_security_groups: Revised
    network_security_group_rules: Revised & {
      direction: 'ingress' | 'egress'
      ethertype: 'IPv4' | 'IPv6'
    }
    network_floating_ips: Revised & { status: Moved<FloatingIpStatus> }
    network_routers: Revised & {
      routes: Route[]
      availability_zone_hints: string[]
    }
  }
}

export type NetworkRow = Tables['network_networks']
export type SubnetRow = Tables['network_subnets']
export type PortRow = Tables['network_ports']
export type SecurityGroupRow = Tables['network_security_groups']
export type SecurityGroupRuleRow = Tables['network_security_group_rules']
export type RouterRow = Tables['network_routers']
export type FloatingIpRow = Tables['network_floating_ips']
