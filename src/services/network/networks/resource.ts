import { resource } from '../../../api/operation.ts'
import { holding } from '../../../db/hold.ts'
import { findVisibleNetwork, type Network } from '../store/networks.ts'
import { ownedBy, viewerOf } from '../wire/actor.ts'
import { collection } from '../wire/listing.ts'

/** What rules see of a network. */
export const networkTarget = (network: Network) =>
  ownedBy(network.project_id, { id: network.id, shared: network.shared, 'router:external': network.external })

export const networkResource = resource({
  name: 'network',
  param: 'network_id',
  hold: holding('network_networks'),
  load: (id, context) => findVisibleNetwork(context.db, viewerOf(context), id),
  target: networkTarget,
  missing: (id) => `Network ${id.slice(0, 100)} could not be found.`,
  missingType: 'NetworkNotFound',
})

export const networkCollection = collection({
  many: 'networks',
  columns: {
    id: 'id',
    name: 'name',
    description: 'description',
    admin_state_up: 'admin_state_up',
    status: 'status',
    project_id: 'project_id',
    tenant_id: 'project_id',
    shared: 'shared',
    'router:external': 'external',
    is_default: 'is_default',
    mtu: 'mtu',
    port_security_enabled: 'port_security_enabled',
    dns_domain: 'dns_domain',
    revision_number: 'revision',
    created_at: 'created_at',
    updated_at: 'updated_at',
  },
  filters: ['subnets', 'provider:network_type'],
  numbers: ['mtu', 'revision_number'],
  booleans: ['admin_state_up', 'shared', 'router:external', 'is_default', 'port_security_enabled'],
})
