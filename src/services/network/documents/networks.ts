// A network is on every host that has one of its ports.
import type { Cloud } from '../../../cloud.ts'
import type { Db, Tx } from '../../../db/database.ts'
import { holdRow } from '../../../db/hold.ts'
import type { NetworkSpec } from '../../../host/networks/document.ts'
import { findNetwork } from '../store/networks.ts'
import { dhcpPortOf } from '../store/ports.ts'
import { subnetsOfNetwork } from '../store/subnets.ts'
import { hasNetworkPort } from './store.ts'

async function networkSpec(db: Db, networkId: string): Promise<NetworkSpec> {
  const network = (await findNetwork(db, networkId))!
  const dhcp = await dhcpPortOf(db, networkId)
  const subnets = await subnetsOfNetwork(db, networkId)
  return {
    external: network.external,
    adminUp: network.admin_state_up,
    mtu: network.mtu,
    dnsDomain: network.dns_domain,
    dhcpMac: dhcp?.mac_address ?? null,
    subnets: subnets.map((subnet) => {
      const dhcpIp = dhcp?.fixed_ips.find((fixed) => fixed.subnet_id === subnet.id)?.ip_address ?? null
      return {
        id: subnet.id,
        ipVersion: subnet.ip_version,
        cidr: subnet.cidr,
        gatewayIp: subnet.gateway_ip,
        dhcp: subnet.enable_dhcp && dhcpIp !== null,
        dhcpIp: subnet.enable_dhcp ? dhcpIp : null,
        dnsNameservers: subnet.dns_nameservers,
        hostRoutes: subnet.host_routes,
      }
    }),
  }
}

/** Whoever looks where the network is needed sees the ports that others bring and take at the same time. */
const hold = (cloud: Cloud, tx: Tx, networkId: string) => holdRow(cloud.database, tx.db, 'network_networks', networkId)

/** Brings the network's documents up to date, after a change of it, its subnets or its DHCP port. */
export async function syncNetwork(cloud: Cloud, tx: Tx, networkId: string): Promise<void> {
  await hold(cloud, tx, networkId)
  const hosts = await cloud.hosts.holders(tx.db, 'network', networkId)
  if (!hosts.length) return
  const spec = await networkSpec(tx.db, networkId)
  for (const host of hosts) await cloud.hosts.put(tx, host, 'network', networkId, spec)
}

/** Makes the network exist on the host, to which one of its ports comes. */
export async function placeNetwork(cloud: Cloud, tx: Tx, networkId: string, host: string): Promise<void> {
  await hold(cloud, tx, networkId)
  if ((await cloud.hosts.holders(tx.db, 'network', networkId)).includes(host)) return
  await cloud.hosts.put(tx, host, 'network', networkId, await networkSpec(tx.db, networkId))
}

/** Takes the network off hosts that have none of its ports any more. */
export async function releaseNetwork(cloud: Cloud, tx: Tx, networkId: string): Promise<void> {
  await hold(cloud, tx, networkId)
  for (const host of await cloud.hosts.holders(tx.db, 'network', networkId)) {
    if (!(await hasNetworkPort(tx.db, networkId, host))) await cloud.hosts.remove(tx, host, 'network', networkId)
  }
}
