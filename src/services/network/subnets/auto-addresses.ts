import type { Cloud } from '../../../cloud.ts'
import type { Tx } from '../../../db/database.ts'
import { allocate } from '../addresses/allocate.ts'
import { changePort } from '../ports/make.ts'
import { portsOfNetwork } from '../ports/store.ts'
import type { Subnet } from './store.ts'

/** Ports that are in the network already will give themselves an address of a new subnet of that kind: it is written down. */
export async function addAutoAddresses(cloud: Cloud, tx: Tx, subnet: Subnet, now: string): Promise<void> {
  for (const port of await portsOfNetwork(tx.db, subnet.network_id)) {
    if (port.device_owner.startsWith('network:')) continue
    const added = await allocate(tx.db, {
      portId: port.id,
      mac: port.mac_address,
      subnets: [subnet],
      requests: [{ subnet_id: subnet.id }],
      networkId: subnet.network_id,
    })
    await changePort(cloud, tx, port, { fixed_ips: [...port.fixed_ips, ...added] }, now)
  }
}
