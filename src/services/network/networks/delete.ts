import { conflict } from '../../../api/faults.ts'
import { operation } from '../../../api/operation.ts'
import { rule } from '../../../auth/policy.ts'
import type { Cloud } from '../../../cloud.ts'
import type { Tx } from '../../../db/database.ts'
import { networkEvents, tellNetwork } from '../events.ts'
import { removeFloatingIp } from '../floating-ips/remove.ts'
import { removePort } from '../ports/make.ts'
import { member } from '../rules.ts'
import { floatingIpsOfNetwork } from '../store/floating-ips.ts'
import { deleteNetwork, type Network } from '../store/networks.ts'
import { portsOfNetwork } from '../store/ports.ts'
import { deleteSubnet, lockNetwork, subnetsOfNetwork } from '../store/subnets.ts'
import { checkRevision } from '../wire/revision.ts'
import { networkResource } from './resource.ts'

/** Removes the network with its subnets and the ports that the service made. Throws 409 while others use it. */
export async function removeNetwork(cloud: Cloud, tx: Tx, network: Network): Promise<void> {
  const { db } = tx
  if (!(await lockNetwork(db, network.id))) return
  for (const one of await floatingIpsOfNetwork(db, network.id)) if (one.port_id === null) await removeFloatingIp(cloud, tx, one)
  const ports = await portsOfNetwork(db, network.id)
  const own = ports.filter((port) => port.device_owner === 'network:dhcp')
  if (own.length < ports.length) {
    throw conflict(
      `Unable to complete operation on network ${network.id}. There are one or more ports still in use on the network.`,
      'NetworkInUse',
    )
  }
  for (const port of own) await removePort(cloud, tx, port)
  for (const subnet of await subnetsOfNetwork(db, network.id)) {
    await deleteSubnet(db, subnet.id)
    await tellNetwork(cloud, tx, networkEvents.subnet.deleted, subnet)
    await cloud.quota.count(tx, subnet.project_id, { 'network.subnet': -1 })
  }
  await deleteNetwork(db, network.id)
  await tellNetwork(cloud, tx, networkEvents.network.deleted, network)
  await cloud.quota.count(tx, network.project_id, { 'network.network': -1 })
}

/** Reference 13.2.6. */
export const deleteNetworkOperation = operation({
  id: 'networks.delete',
  method: 'DELETE',
  path: '/networks/{network_id}',
  summary: 'Delete a network',
  catalog: ['network-v2.0.networks.delete-network', 'network-v2.0-ext.networks-provider-extended-attributes.delete-network'],
  status: 204,
  policy: rule('delete_network', member, 'Delete a network.'),
  on: networkResource,
  async handle(context) {
    checkRevision(context, context.network.revision)
    await removeNetwork(context.cloud, context.tx, context.network)
  },
})
