import type { Static } from 'typebox'
import { standard } from '../wire/fields.ts'
import type { Port as Shape } from './schema.ts'
import type { Port } from './store.ts'

const vifType = (port: Port) => (!port.binding_host ? 'unbound' : port.binding_vnic_type === 'normal' ? 'bridge' : 'binding_failed')

/** The port as it is shown (reference 13.4, 14.6); where it is bound only to those who may see that. */
export function portView(port: Port, showBinding: boolean): Static<typeof Shape> {
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
    ...(showBinding
      ? {
          'binding:host_id': port.binding_host,
          'binding:profile': port.binding_profile,
          'binding:vif_type': vifType(port),
          'binding:vif_details': vifType(port) === 'bridge' ? { port_filter: true } : {},
        }
      : {}),
    ...standard(port),
  }
}
