import type { Cloud } from '../../../cloud.ts'
import type { Tx } from '../../../db/database.ts'
import { syncRouter } from '../documents/routers.ts'
import { allocate } from '../ports/allocate.ts'
import { changePort, makesOwnAddresses } from '../ports/make.ts'
import { type Port, portsOfNetwork } from '../store/ports.ts'
import { gatewayOwner } from '../store/routers.ts'
import type { Subnet } from '../store/subnets.ts'
import type { FixedAddress } from '../tables.ts'

/** Writes the addresses of a port in whose network a subnet comes or goes; where it is a router's gateway, the router learns of them. */
export async function changeOwnAddresses(cloud: Cloud, tx: Tx, port: Port, fixed_ips: FixedAddress[], now: string): Promise<void> {
  await changePort(cloud, tx, port, { fixed_ips }, now)
  if (port.device_owner === gatewayOwner) await syncRouter(cloud, tx, port.device_id, now)
}

/** Ports that are in the network already will give themselves an address of a new subnet of that kind: it is written down. */
export async function addAutoAddresses(cloud: Cloud, tx: Tx, subnet: Subnet, now: string): Promise<void> {
  for (const port of await portsOfNetwork(tx.db, subnet.network_id)) {
    if (!makesOwnAddresses(port.device_owner)) continue
    const added = await allocate(tx.db, {
      portId: port.id,
      mac: port.mac_address,
      subnets: [subnet],
      requests: [{ subnet_id: subnet.id }],
      networkId: subnet.network_id,
    })
    await changeOwnAddresses(cloud, tx, port, [...port.fixed_ips, ...added], now)
  }
}
