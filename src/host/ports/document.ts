// What a guest's port is on a host.
import { documentKind } from '../kind.ts'

export interface FixedIp {
  subnetId: string
  ip: string
  prefixLength: number
}

/** A guest's port: its tap, its DHCP entry, its filter. */
export interface PortSpec {
  networkId: string
  mac: string
  fixedIps: FixedIp[]
  adminUp: boolean
  /** Name the guest gets by DHCP; already a valid DNS label. */
  hostname: string
  /** False switches the filter and anti-spoofing off. */
  portSecurity: boolean
  securityGroupIds: string[]
  allowedAddressPairs: { ip: string; mac: string | null }[]
  /** The guest whose metadata this port may read; null when no guest is attached. */
  guestId: string | null
  /** More DHCP options as number and value, from extra_dhcp_opts. */
  dhcpOptions: { option: string; value: string; ipVersion: 4 | 6 }[]
}

export const portKind = documentKind<PortSpec>()({ name: 'port' })
