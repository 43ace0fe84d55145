// The port of a network's DHCP server: it has an address in every subnet with DHCP.
import { Fault } from '../../../api/faults.ts'
import type { Cloud } from '../../../cloud.ts'
import type { Tx } from '../../../db/database.ts'
import { findNetwork } from '../store/networks.ts'
import { dhcpPortOf, type Port } from '../store/ports.ts'
import { lockNetwork, subnetsOfNetwork } from '../store/subnets.ts'
import { changeAddresses, changePort, makePort, removePort } from './make.ts'

/** Makes, changes or removes the DHCP port after a change of the network's subnets. A subnet without a free address goes without DHCP. */
export async function ensureDhcpPort(cloud: Cloud, tx: Tx, networkId: string, now: string): Promise<void> {
  const { db } = tx
  await lockNetwork(db, networkId)
  const network = await findNetwork(db, networkId)
  if (!network) return
  const subnets = await subnetsOfNetwork(db, networkId)
  const served = subnets.filter((subnet) => subnet.enable_dhcp)
  let port = await dhcpPortOf(db, networkId)
  if (!served.length) {
    if (port) await removePort(cloud, tx, port)
    return
  }
  const missing = served.filter((subnet) => !port?.fixed_ips.some((fixed) => fixed.subnet_id === subnet.id))
  const obsolete = port?.fixed_ips.some((fixed) => !served.some((subnet) => subnet.id === fixed.subnet_id)) ?? false
  if (port && !missing.length && !obsolete) return
  port ??= await makePort(
    cloud,
    tx,
    {
      network,
      projectId: network.project_id,
      fixed: [],
      deviceOwner: 'network:dhcp',
      deviceId: `dhcp${cloud.environment.uuid()}-${networkId}`,
      securityGroups: [],
      portSecurity: false,
    },
    now,
  )
  const ids = port.fixed_ips.filter((fixed) => served.some((subnet) => subnet.id === fixed.subnet_id)).map((fixed) => fixed.subnet_id)
  port = await give(cloud, tx, port, ids, now)
  for (const subnet of missing) {
    try {
      port = await give(cloud, tx, port, [...port.fixed_ips.map((fixed) => fixed.subnet_id), subnet.id], now)
    } catch (error) {
      if (!(error instanceof Fault) || error.type !== 'IpAddressGenerationFailure') throw error
    }
  }
  if (!port.fixed_ips.length) await removePort(cloud, tx, port)
}

async function give(cloud: Cloud, tx: Tx, port: Port, subnetIds: string[], now: string): Promise<Port> {
  const fixed_ips = await changeAddresses(
    cloud,
    tx,
    port,
    subnetIds.map((subnet_id) => ({ subnet_id })),
  )
  return changePort(cloud, tx, port, { fixed_ips }, now)
}
