// From the wire to columns: what creating and changing a network have in common.
import type { Static } from 'typebox'
import { badRequest } from '../../../api/faults.ts'
import { isTrue } from '../../../api/types.ts'
import type { NetworkChanges } from './schema.ts'

type Attributes = Static<typeof NetworkChanges>['network']

/** Ethernet's own. */
export const defaultMtu = 1500
const leastMtu = 68

/** The columns that are given. Throws 400 for provider attributes that this cloud cannot do. */
export function networkColumns(given: Attributes) {
  const type = given['provider:network_type']
  if (type !== undefined && type !== null && type !== 'local') {
    throw badRequest(`Invalid input for operation: network_type value '${type}' not supported.`, 'InvalidInput')
  }
  for (const name of ['provider:physical_network', 'provider:segmentation_id'] as const) {
    if (given[name] === undefined || given[name] === null) continue
    throw badRequest(`Invalid input for operation: ${name.slice(9)} specified for local network.`, 'InvalidInput')
  }
  const mtu = given.mtu === undefined ? undefined : Number(given.mtu)
  if (mtu !== undefined && mtu !== 0 && (mtu < leastMtu || mtu > 65535)) {
    throw badRequest(`Invalid input for operation: requested MTU ${mtu} is too small or too large.`, 'InvalidInput')
  }
  const bool = (value: boolean | string | undefined) => (value === undefined ? undefined : isTrue(value))
  const columns = {
    name: given.name === undefined ? undefined : (given.name ?? ''),
    description: given.description === undefined ? undefined : (given.description ?? ''),
    admin_state_up: bool(given.admin_state_up),
    shared: bool(given.shared),
    external: bool(given['router:external']),
    is_default: bool(given.is_default),
    port_security_enabled: bool(given.port_security_enabled),
    mtu: mtu === undefined ? undefined : mtu || defaultMtu,
    dns_domain: given.dns_domain,
  }
  return Object.fromEntries(Object.entries(columns).filter(([, value]) => value !== undefined)) as Partial<{
    [K in keyof typeof columns]: NonNullable<(typeof columns)[K]>
  }>
}
