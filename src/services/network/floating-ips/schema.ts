import { Type } from 'typebox'
import { Closed, Nullable } from '../../../api/types.ts'
import { PortStatus } from '../ports/schema.ts'
import { Description, Id, IpAddress, owner, shownStandard, Word } from '../wire/fields.ts'

/** A floating IP as it is shown (reference 14.9.9). */
export const FloatingIp = Type.Object({
  id: Type.String(),
  floating_ip_address: Type.String(),
  floating_network_id: Type.String(),
  port_id: Nullable(Type.String()),
  fixed_ip_address: Nullable(Type.String()),
  router_id: Nullable(Type.String()),
  status: Word('ACTIVE', 'DOWN', 'ERROR'),
  /** null while it is on no port. */
  port_details: Nullable(
    Type.Object({
      name: Type.String(),
      network_id: Type.String(),
      mac_address: Type.String(),
      admin_state_up: Type.Boolean(),
      status: PortStatus,
      device_id: Type.String(),
      device_owner: Type.String(),
    }),
  ),
  ...shownStandard,
})

const changeable = {
  port_id: Type.Optional(Nullable(Id)),
  fixed_ip_address: Type.Optional(Nullable(IpAddress)),
  description: Type.Optional(Nullable(Description)),
}

export const NewFloatingIp = Closed({
  ...owner,
  ...changeable,
  floating_network_id: Id,
  floating_ip_address: Type.Optional(Nullable(IpAddress)),
  subnet_id: Type.Optional(Nullable(Id)),
})
export const FloatingIpChanges = Closed({ floatingip: Closed(changeable) })
