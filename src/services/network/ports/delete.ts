import { conflict } from '../../../api/faults.ts'
import { operation } from '../../../api/operation.ts'
import { rule } from '../../../auth/policy.ts'
import { syncNetwork } from '../documents/networks.ts'
import { member, networkOwner } from '../rules.ts'
import { checkRevision } from '../wire/revision.ts'
import { ensureDhcpPort } from './dhcp-port.ts'
import { removePort } from './make.ts'
import { portResource } from './resource.ts'

/** Reference 13.4.6. Ports of routers and floating IPs go with those; a DHCP port is made anew. */
export const deletePort = operation({
  id: 'ports.delete',
  method: 'DELETE',
  path: '/ports/{port_id}',
  summary: 'Delete a port',
  catalog: ['network-v2.0.ports.delete-port', 'network-v2.0-ext.ports-binding-extended-attributes.delete-port'],
  status: 204,
  policy: rule('delete_port', `${member} or (${networkOwner}) or rule:context_is_advsvc`, 'Delete a port.'),
  on: portResource,
  async handle(context) {
    const { tx, cloud, port, now } = context
    checkRevision(context, port.revision)
    if (/^network:(router|floatingip)/.test(port.device_owner)) {
      throw conflict(
        `Port ${port.id} cannot be deleted directly via the port API: has device owner ${port.device_owner}.`,
        'ServicePortInUse',
      )
    }
    await removePort(cloud, tx, port)
    if (port.bound_server !== null) await cloud.compute.portDeleted(tx, port.bound_server, port.id)
    if (port.device_owner === 'network:dhcp') {
      await ensureDhcpPort(cloud, tx, port.network_id, now)
      await syncNetwork(cloud, tx, port.network_id)
    }
  },
})
