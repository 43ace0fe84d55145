import type { Static } from 'typebox'
import type { BaseContext } from '../../../api/operation.ts'
import type { Db } from '../../../db/database.ts'
import { hiddenOfNetwork } from '../rules.ts'
import { type Network, subnetIdsOf } from '../store/networks.ts'
import { seenAttributes } from '../wire/actor.ts'
import { standard } from '../wire/fields.ts'
import type { Network as Shape } from './schema.ts'

/** One zone: that of the hosts. */
export const zone = 'nova'

/** How a network is made on the machines: each attribute only to those who may see it. */
const made = { 'provider:network_type': 'local', 'provider:physical_network': null, 'provider:segmentation_id': null }
type Made = keyof typeof made

/** What the rules let the request see of how networks are made. */
export const seenOfNetwork = (context: Pick<BaseContext, 'allows'>) => seenAttributes(context, 'get_network', hiddenOfNetwork)

/** Networks as they are shown (reference 13.2, 14.3). */
export async function networkViews(db: Db, networks: Network[], seen: readonly Made[]): Promise<Static<typeof Shape>[]> {
  const shown = Object.fromEntries(seen.map((name) => [name, made[name]]))
  const subnets = await subnetIdsOf(
    db,
    networks.map((network) => network.id),
  )
  return networks.map((network) => {
    const ids = subnets.get(network.id)!
    return {
      id: network.id,
      name: network.name,
      admin_state_up: network.admin_state_up,
      status: network.status,
      subnets: ids,
      shared: network.shared,
      'router:external': network.external,
      ...(network.external ? { is_default: network.is_default } : {}),
      mtu: network.mtu,
      port_security_enabled: network.port_security_enabled,
      dns_domain: network.dns_domain,
      availability_zone_hints: network.availability_zone_hints,
      availability_zones: ids.length ? [zone] : [],
      ipv4_address_scope: null,
      ipv6_address_scope: null,
      ...shown,
      ...standard(network),
    }
  })
}
