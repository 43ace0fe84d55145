import { resource } from '../../../api/operation.ts'
import { holdRow } from '../../../db/hold.ts'
import { findNetwork } from '../store/networks.ts'
import { findSubnet, findVisibleSubnet, type Subnet } from '../store/subnets.ts'
import { ownedBy, viewerOf } from '../wire/actor.ts'
import { collection } from '../wire/listing.ts'

type Known = Subnet & { network_project_id: string; shared: boolean }

export const subnetResource = resource({
  name: 'subnet',
  param: 'subnet_id',
  // Its network first, as all who change subnets do.
  async hold(id, { cloud, tx }) {
    const subnet = await findSubnet(tx.db, id)
    if (subnet) await holdRow(cloud.database, tx.db, 'network_networks', subnet.network_id)
    await holdRow(cloud.database, tx.db, 'network_subnets', id)
  },
  async load(id, context): Promise<Known | undefined> {
    const subnet = await findVisibleSubnet(context.db, viewerOf(context), id)
    const network = subnet && (await findNetwork(context.db, subnet.network_id))
    return subnet && network ? { ...subnet, network_project_id: network.project_id, shared: network.shared } : undefined
  },
  target: (subnet) =>
    ownedBy(subnet.project_id, {
      'network:project_id': subnet.network_project_id,
      'network:tenant_id': subnet.network_project_id,
      shared: subnet.shared,
    }),
  missing: (id) => `Subnet ${id.slice(0, 100)} could not be found.`,
  missingType: 'SubnetNotFound',
})

export const subnetCollection = collection({
  many: 'subnets',
  columns: {
    id: 'id',
    name: 'name',
    description: 'description',
    project_id: 'project_id',
    tenant_id: 'project_id',
    network_id: 'network_id',
    ip_version: 'ip_version',
    cidr: 'cidr',
    gateway_ip: 'gateway_ip',
    enable_dhcp: 'enable_dhcp',
    ipv6_address_mode: 'ipv6_address_mode',
    ipv6_ra_mode: 'ipv6_ra_mode',
    revision_number: 'revision',
    created_at: 'created_at',
    updated_at: 'updated_at',
  },
  numbers: ['ip_version', 'revision_number'],
  booleans: ['enable_dhcp'],
})
