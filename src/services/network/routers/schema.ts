import { Type } from 'typebox'
import { Closed, Nullable } from '../../../api/types.ts'
import { Bool, Hints, Id, IpAddress, naming, owner } from '../wire/fields.ts'

const GatewayInfo = Closed({
  network_id: Type.Optional(Id),
  enable_snat: Type.Optional(Bool),
  external_fixed_ips: Type.Optional(
    Type.Array(Closed({ subnet_id: Type.Optional(Id), ip_address: Type.Optional(IpAddress) }), { maxItems: 16 }),
  ),
})

const changeable = {
  ...naming,
  admin_state_up: Type.Optional(Bool),
  external_gateway_info: Type.Optional(Nullable(GatewayInfo)),
}

export const NewRouter = Closed({ ...owner, ...changeable, availability_zone_hints: Type.Optional(Hints) })
export const RouterChanges = Closed({
  router: Closed({
    ...changeable,
    routes: Type.Optional(Nullable(Type.Array(Closed({ destination: IpAddress, nexthop: IpAddress }), { maxItems: 30 }))),
  }),
})
export const InterfaceBody = Closed({ subnet_id: Type.Optional(Id), port_id: Type.Optional(Id) })
