import { resource } from '../../../api/operation.ts'
import { holding } from '../../../db/hold.ts'
import { findNetwork, type Network } from '../store/networks.ts'
import { findVisiblePort, type Port } from '../store/ports.ts'
import { ownedBy, viewerOf } from '../wire/actor.ts'
import { collection } from '../wire/listing.ts'

type Known = Port & { network: Network }

/** What rules see of a port: itself and whose network it is in. */
export const portTarget = (projectId: string, network: Network, deviceOwner: string) =>
  ownedBy(projectId, {
    'network:project_id': network.project_id,
    'network:tenant_id': network.project_id,
    shared: network.shared,
    device_owner: deviceOwner,
  })

export const portResource = resource({
  name: 'port',
  param: 'port_id',
  hold: holding('network_ports'),
  async load(id, context): Promise<Known | undefined> {
    const port = await findVisiblePort(context.db, viewerOf(context), id)
    return port && { ...port, network: (await findNetwork(context.db, port.network_id))! }
  },
  target: (port) => portTarget(port.project_id, port.network, port.device_owner),
  missing: (id) => `Port ${id.slice(0, 100)} could not be found.`,
  missingType: 'PortNotFound',
})

export const portCollection = collection({
  many: 'ports',
  columns: {
    id: 'id',
    name: 'name',
    description: 'description',
    project_id: 'project_id',
    tenant_id: 'project_id',
    network_id: 'network_id',
    admin_state_up: 'admin_state_up',
    status: 'status',
    mac_address: 'mac_address',
    device_id: 'device_id',
    device_owner: 'device_owner',
    port_security_enabled: 'port_security_enabled',
    'binding:vnic_type': 'binding_vnic_type',
    dns_name: 'dns_name',
    revision_number: 'revision',
    created_at: 'created_at',
    updated_at: 'updated_at',
  },
  filters: ['fixed_ips', 'security_groups', 'security_group_ids', 'binding:host_id'],
  numbers: ['revision_number'],
  booleans: ['admin_state_up', 'port_security_enabled'],
})
