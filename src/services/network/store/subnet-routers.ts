import type { Db } from '../../../db/database.ts'
import { findPorts } from './ports.ts'
import { gatewayOwner, interfaceOwner } from './routers.ts'
import { portsOnSubnet } from './subnets.ts'

/** Ids of routers with an interface or their gateway in the subnet. */
export async function routersOfSubnet(db: Db, subnetId: string): Promise<string[]> {
  const owners = new Set([interfaceOwner, gatewayOwner])
  const ids = (await portsOnSubnet(db, subnetId)).filter((port) => owners.has(port.device_owner)).map((port) => port.id)
  return [...new Set((await findPorts(db, ids)).map((port) => port.device_id))]
}
