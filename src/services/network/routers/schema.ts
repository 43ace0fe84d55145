import { Type } from 'typebox'
import { Closed, Nullable } from '../../../api/types.ts'
import { ShownAddresses } from '../ports/schema.ts'
import { Bool, Hints, Id, IpAddress, naming, owner, shownStandard, Word } from '../wire/fields.ts'

const GatewayInfo = Closed({
  network_id: Type.Optional(Id),
  enable_snat: Type.Optional(Bool),
  external_fixed_ips: Type.Optional(
    Type.Array(Closed({ subnet_id: Type.Optional(Id), ip_address: Type.Optional(IpAddress) }), { maxItems: 16 }),
  ),
})

/** A router as it is shown (reference 14.9, 14.16). */
export const Router = Type.Object({
  id: Type.String(),
  name: Type.String(),
  admin_state_up: Type.Boolean(),
  status: Word('ACTIVE', 'ERROR'),
  external_gateway_info: Nullable(
    Type.Object({ network_id: Type.String(), enable_snat: Type.Boolean(), external_fixed_ips: ShownAddresses }),
  ),
  routes: Type.Array(Type.Object({ destination: Type.String(), nexthop: Type.String() })),
  availability_zone_hints: Type.Array(Type.String()),
  availability_zones: Type.Array(Type.String()),
  ...shownStandard,
})

/** What connects a router with a subnet. */
export const Interface = Type.Object({
  id: Type.String(),
  tenant_id: Type.String(),
  project_id: Type.String(),
  port_id: Type.String(),
  network_id: Type.String(),
  subnet_id: Type.String(),
  subnet_ids: Type.Array(Type.String()),
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
