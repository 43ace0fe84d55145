import { Type } from 'typebox'
import { Closed, Nullable } from '../../../api/types.ts'
import { Description, Id, IpAddress, owner } from '../wire/fields.ts'

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
