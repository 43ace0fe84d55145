// A port is on the host of its server.
import { createHash } from 'node:crypto'
import type { Cloud } from '../../../cloud.ts'
import type { Db, Tx } from '../../../db/database.ts'
import type { FixedIp, PortSpec } from '../../../host/ports/document.ts'
import { parseCidr } from '../addresses/cidr.ts'
import type { Port } from '../store/ports.ts'
import { findSubnets, type Subnet } from '../store/subnets.ts'
import type { FixedAddress } from '../tables.ts'
import { isServed } from '../wire/dhcp-options.ts'

/** Addresses with the prefix length of their subnets. */
export const hostAddresses = (fixed: FixedAddress[], subnets: Subnet[]): FixedIp[] =>
  fixed.flatMap(({ subnet_id, ip_address }) => {
    const subnet = subnets.find((one) => one.id === subnet_id)
    return subnet ? [{ subnetId: subnet_id, ip: ip_address, prefixLength: parseCidr(subnet.cidr)!.prefix }] : []
  })

/** A DNS label made of what the user called the server. */
export function hostLabel(port: Port): string {
  const wished = port.dns_name || port.guest_hostname || ''
  const label = wished
    .split('.')[0]!
    .normalize('NFKD')
    .replace(/[^A-Za-z0-9-]+/g, '-')
    .replace(/^-+/, '')
    .slice(0, 63)
    .replace(/-+$/, '')
  return label || `host-${createHash('sha256').update(port.id).digest('hex').slice(0, 12)}`
}

async function portSpec(db: Db, port: Port): Promise<PortSpec> {
  const subnets = await findSubnets(db, [...new Set(port.fixed_ips.map((fixed) => fixed.subnet_id))])
  return {
    networkId: port.network_id,
    mac: port.mac_address,
    fixedIps: hostAddresses(port.fixed_ips, subnets),
    adminUp: port.admin_state_up,
    hostname: hostLabel(port),
    portSecurity: port.port_security_enabled,
    securityGroupIds: [...port.security_groups].sort(),
    allowedAddressPairs: port.allowed_address_pairs.map(({ ip_address, mac_address }) => ({
      ip: ip_address,
      mac: mac_address === port.mac_address ? null : mac_address,
    })),
    guestId: port.bound_server,
    dhcpOptions: port.extra_dhcp_opts
      .filter(isServed)
      .map((option) => ({ option: option.opt_name, value: option.opt_value, ipVersion: option.ip_version })),
  }
}

/** Writes the document of a port that is on a host and belongs to a server. */
export async function syncPort(cloud: Cloud, tx: Tx, port: Port): Promise<void> {
  if (port.bound_host === null || port.bound_server === null) return
  await cloud.hosts.put(tx, port.bound_host, 'port', port.id, await portSpec(tx.db, port))
}
