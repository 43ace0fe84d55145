// Row types of migration 0003.
import type { Generated } from 'kysely'
import type { Pool } from './addresses/pools.ts'

interface Common {
  id: string
  project_id: string
  name: string
  description: string
  /** Grows with each change. */
  revision: Generated<number>
  created_at: string
  updated_at: string
}

export interface Route {
  destination: string
  nexthop: string
}

export interface NetworkRow extends Common {
  admin_state_up: boolean
  status: string
  shared: Generated<boolean>
  external: Generated<boolean>
  is_default: Generated<boolean>
  mtu: number
  port_security_enabled: Generated<boolean>
  dns_domain: string
  availability_zone_hints: string[]
}

export interface SubnetRow extends Common {
  network_id: string
  ip_version: 4 | 6
  cidr: string
  gateway_ip: string | null
  enable_dhcp: boolean
  dns_nameservers: string[]
  host_routes: Route[]
  allocation_pools: Pool[]
  ipv6_address_mode: string | null
  ipv6_ra_mode: string | null
  last_key: Generated<string>
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

export interface PortRow extends Common {
  network_id: string
  admin_state_up: boolean
  status: string
  mac_address: string
  device_id: string
  device_owner: string
  fixed_ips: FixedAddress[]
  security_groups: string[]
  allowed_address_pairs: AddressPair[]
  extra_dhcp_opts: DhcpOption[]
  port_security_enabled: boolean
  binding_host: string
  binding_vnic_type: string
  binding_profile: Record<string, unknown>
  dns_name: string
  bound_host: string | null
  /** The server that compute bound the port to: what a port is of, while `device_id` is what its owner wrote. */
  bound_server: string | null
  guest_hostname: string | null
  made_by_compute: Generated<boolean>
  nic_order: Generated<number>
}

export interface AddressRow {
  subnet_id: string
  ip_key: string
  ip_address: string
  port_id: string
}

export interface SecurityGroupRow extends Common {
  is_default: Generated<boolean>
}

export interface SecurityGroupRuleRow {
  id: string
  project_id: string
  security_group_id: string
  direction: 'ingress' | 'egress'
  ethertype: 'IPv4' | 'IPv6'
  protocol: string | null
  port_range_min: number | null
  port_range_max: number | null
  remote_ip_prefix: string | null
  remote_group_id: string | null
  description: string
  revision: Generated<number>
  created_at: string
  updated_at: string
  rule_key: string
}

export interface RouterRow extends Common {
  admin_state_up: boolean
  status: string
  routes: Route[]
  gateway_port_id: string | null
  gateway_network_id: string | null
  enable_snat: Generated<boolean>
  availability_zone_hints: string[]
}

export interface FloatingIpRow {
  id: string
  project_id: string
  description: string
  floating_network_id: string
  floating_ip_address: string
  floating_port_id: string
  port_id: string | null
  fixed_ip_address: string | null
  router_id: string | null
  status: string
  dns_name: string
  dns_domain: string
  revision: Generated<number>
  created_at: string
  updated_at: string
}

declare module '../../db/tables.ts' {
  interface Tables {
    network_networks: NetworkRow
    network_subnets: SubnetRow
    network_ports: PortRow
    network_addresses: AddressRow
    network_security_groups: SecurityGroupRow
    network_default_groups: { project_id: string; security_group_id: string }
    network_security_group_rules: SecurityGroupRuleRow
    network_port_groups: { security_group_id: string; port_id: string }
    network_leaving_ports: { port_id: string; server_id: string; host: string }
    network_routers: RouterRow
    network_state: { name: string; value: string }
    network_floating_ips: FloatingIpRow
  }
}
