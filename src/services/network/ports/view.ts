import type { Static } from 'typebox'
import type { BaseContext } from '../../../api/operation.ts'
import { hiddenOfPort } from '../rules.ts'
import type { Port } from '../store/ports.ts'
import { seenAttributes } from '../wire/actor.ts'
import { standard } from '../wire/fields.ts'
import type { Port as Shape } from './schema.ts'

const vifType = (port: Port) => (!port.binding_host ? 'unbound' : port.binding_vnic_type === 'normal' ? 'bridge' : 'binding_failed')

/** Where a port is bound: each attribute only to those who may see it. */
const bound = {
  'binding:host_id': (port: Port) => port.binding_host,
  'binding:profile': (port: Port) => port.binding_profile,
  'binding:vif_type': vifType,
  'binding:vif_details': (port: Port) => (vifType(port) === 'bridge' ? { port_filter: true } : {}),
}
type Bound = keyof typeof bound

/** What the rules let the request see of where ports are bound. */
export const seenOfPort = (context: Pick<BaseContext, 'allows'>) => seenAttributes(context, 'get_port', hiddenOfPort)

/** The port as it is shown (reference 13.4, 14.6). */
export function portView(port: Port, seen: readonly Bound[]): Static<typeof Shape> {
  return {
    id: port.id,
    name: port.name,
    network_id: port.network_id,
    mac_address: port.mac_address,
    admin_state_up: port.admin_state_up,
    status: port.status,
    device_id: port.device_id,
    device_owner: port.device_owner,
    fixed_ips: port.fixed_ips,
    security_groups: port.security_groups,
    allowed_address_pairs: port.allowed_address_pairs,
    extra_dhcp_opts: port.extra_dhcp_opts,
    port_security_enabled: port.port_security_enabled,
    dns_name: port.dns_name,
    'binding:vnic_type': port.binding_vnic_type,
    ...Object.fromEntries(seen.map((name) => [name, bound[name](port)])),
    ...standard(port),
  }
}
