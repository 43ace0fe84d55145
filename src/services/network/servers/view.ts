// Ports of servers with everything that compute shows of them, in six queries however many there are.
import type { Db } from '../../../db/database.ts'
import type { ServerPort } from '../facade.ts'
import { floatingIpsOfPorts } from '../store/floating-ips.ts'
import { findNetworks } from '../store/networks.ts'
import { portsOfServers } from '../store/ports.ts'
import { findGroups } from '../store/security-groups.ts'
import { findSubnets } from '../store/subnets.ts'

const byId = <T extends { id: string }>(rows: T[]) => new Map(rows.map((row) => [row.id, row]))

export async function portsOf(db: Db, serverIds: string[]): Promise<Map<string, ServerPort[]>> {
  const result = new Map<string, ServerPort[]>(serverIds.map((id) => [id, []]))
  const ports = await portsOfServers(db, serverIds)
  if (!ports.length) return result
  const unique = (ids: string[]) => [...new Set(ids)]
  const networks = byId(await findNetworks(db, unique(ports.map((port) => port.network_id))))
  const subnets = byId(await findSubnets(db, unique(ports.flatMap((port) => port.fixed_ips.map((fixed) => fixed.subnet_id)))))
  const groups = byId(await findGroups(db, unique(ports.flatMap((port) => port.security_groups))))
  const floating = await floatingIpsOfPorts(
    db,
    ports.map((port) => port.id),
  )
  const floatingOf = new Map<string, string[]>()
  for (const one of floating) {
    const key = `${one.port_id} ${one.fixed_ip_address}`
    floatingOf.set(key, [...(floatingOf.get(key) ?? []), one.floating_ip_address])
  }
  for (const port of ports) {
    const network = networks.get(port.network_id)!
    result.get(port.bound_server!)?.push({
      id: port.id,
      networkId: network.id,
      networkName: network.name,
      mac: port.mac_address,
      mtu: network.mtu,
      status: port.status,
      fixedIps: port.fixed_ips.flatMap(({ subnet_id, ip_address }) => {
        const subnet = subnets.get(subnet_id)
        if (!subnet) return []
        return [
          {
            subnetId: subnet_id,
            ip: ip_address,
            ipVersion: subnet.ip_version,
            cidr: subnet.cidr,
            gatewayIp: subnet.gateway_ip,
            dnsNameservers: subnet.dns_nameservers,
            hostRoutes: subnet.host_routes,
            dhcp: subnet.enable_dhcp,
            floatingIps: floatingOf.get(`${port.id} ${ip_address}`) ?? [],
          },
        ]
      }),
      securityGroups: port.security_groups.flatMap((id) => {
        const group = groups.get(id)
        return group ? [{ id, name: group.name }] : []
      }),
    })
  }
  return result
}
