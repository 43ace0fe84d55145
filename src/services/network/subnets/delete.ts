import { conflict } from '../../../api/faults.ts'
import { operation } from '../../../api/operation.ts'
import { rule } from '../../../auth/policy.ts'
import { syncNetwork } from '../documents/networks.ts'
import { networkEvents, tellNetwork } from '../events.ts'
import { isAuto } from '../ports/allocate.ts'
import { ensureDhcpPort } from '../ports/dhcp-port.ts'
import { member, networkOwner } from '../rules.ts'
import { findPorts } from '../store/ports.ts'
import { interfaceOwner } from '../store/routers.ts'
import { deleteSubnet, lockNetwork, portsOnSubnet, releaseAddress, updateSubnet } from '../store/subnets.ts'
import { checkRevision } from '../wire/revision.ts'
import { changeOwnAddresses } from './auto-addresses.ts'
import { subnetResource } from './resource.ts'

/** Reference 13.3.6: fails while a port has an address of it, but for DHCP and addresses that hosts gave themselves. */
export const deleteSubnetOperation = operation({
  id: 'subnets.delete',
  method: 'DELETE',
  path: '/subnets/{subnet_id}',
  summary: 'Delete a subnet',
  catalog: ['network-v2.0.subnets.delete-subnet'],
  status: 204,
  policy: rule('delete_subnet', `${member} or (${networkOwner})`, 'Delete a subnet.'),
  on: subnetResource,
  async handle(context) {
    const { tx, cloud, subnet, now } = context
    const { db } = tx
    checkRevision(context, subnet.revision)
    await lockNetwork(db, subnet.network_id)
    const ports = (await portsOnSubnet(db, subnet.id)).filter((port) => port.device_owner !== 'network:dhcp')
    const others = isAuto(subnet) ? ports.filter((port) => port.device_owner === interfaceOwner) : ports
    if (others.length) {
      throw conflict(
        `Unable to complete operation on subnet ${subnet.id}: One or more ports have an IP allocation from this subnet.`,
        'SubnetInUse',
      )
    }
    for (const port of await findPorts(
      db,
      ports.map(({ id }) => id),
    )) {
      for (const fixed of port.fixed_ips) if (fixed.subnet_id === subnet.id) await releaseAddress(db, subnet.id, fixed.ip_address)
      const stay = port.fixed_ips.filter((fixed) => fixed.subnet_id !== subnet.id)
      await changeOwnAddresses(cloud, tx, port, stay, now)
    }
    if (subnet.enable_dhcp) {
      await updateSubnet(db, subnet.id, { enable_dhcp: false }, now)
      await ensureDhcpPort(cloud, tx, subnet.network_id, now)
    }
    await deleteSubnet(db, subnet.id)
    await tellNetwork(cloud, tx, networkEvents.subnet.deleted, subnet)
    await cloud.quota.count(tx, subnet.project_id, { 'network.subnet': -1 })
    await syncNetwork(cloud, tx, subnet.network_id)
  },
})
