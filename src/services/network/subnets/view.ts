import type { Static } from 'typebox'
import type { Subnet } from '../store/subnets.ts'
import { standard } from '../wire/fields.ts'
import type { Subnet as Shape } from './schema.ts'

/** The subnet as it is shown (reference 13.3). */
export const subnetView = (subnet: Subnet): Static<typeof Shape> => ({
  id: subnet.id,
  name: subnet.name,
  network_id: subnet.network_id,
  ip_version: subnet.ip_version,
  cidr: subnet.cidr,
  gateway_ip: subnet.gateway_ip,
  enable_dhcp: subnet.enable_dhcp,
  allocation_pools: subnet.allocation_pools,
  dns_nameservers: subnet.dns_nameservers,
  host_routes: subnet.host_routes,
  ipv6_address_mode: subnet.ipv6_address_mode,
  ipv6_ra_mode: subnet.ipv6_ra_mode,
  subnetpool_id: null,
  service_types: [],
  ...standard(subnet),
})
