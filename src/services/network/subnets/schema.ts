import { Type } from 'typebox'
import { Closed, Nullable } from '../../../api/types.ts'
import { Bool, Id, IpAddress, naming, owner, shownStandard } from '../wire/fields.ts'

const Pools = Type.Array(Closed({ start: IpAddress, end: IpAddress }), { maxItems: 256 })
const Routes = Type.Array(Closed({ destination: IpAddress, nexthop: IpAddress }), { maxItems: 20 })
const Mode = Type.Unsafe<string>({ enum: ['slaac', 'dhcpv6-stateful', 'dhcpv6-stateless'] })

/** A subnet as it is shown (reference 13.3). */
export const Subnet = Type.Object({
  id: Type.String(),
  name: Type.String(),
  network_id: Type.String(),
  ip_version: Type.Unsafe<4 | 6>({ enum: [4, 6] }),
  cidr: Type.String(),
  gateway_ip: Nullable(Type.String()),
  enable_dhcp: Type.Boolean(),
  allocation_pools: Type.Array(Type.Object({ start: Type.String(), end: Type.String() })),
  dns_nameservers: Type.Array(Type.String()),
  host_routes: Type.Array(Type.Object({ destination: Type.String(), nexthop: Type.String() })),
  ipv6_address_mode: Nullable(Mode),
  ipv6_ra_mode: Nullable(Mode),
  subnetpool_id: Nullable(Type.String()),
  service_types: Type.Array(Type.String()),
  ...shownStandard,
})

const changeable = {
  ...naming,
  gateway_ip: Type.Optional(Nullable(IpAddress)),
  enable_dhcp: Type.Optional(Bool),
  allocation_pools: Type.Optional(Nullable(Pools)),
  dns_nameservers: Type.Optional(Nullable(Type.Array(IpAddress, { maxItems: 5 }))),
  host_routes: Type.Optional(Nullable(Routes)),
}

export const NewSubnet = Closed({
  ...owner,
  ...changeable,
  network_id: Id,
  ip_version: Type.Unsafe<number | string>({ enum: [4, 6, '4', '6'] }),
  cidr: Type.Optional(Nullable(IpAddress)),
  ipv6_address_mode: Type.Optional(Nullable(Mode)),
  ipv6_ra_mode: Type.Optional(Nullable(Mode)),
  subnetpool_id: Type.Optional(Nullable(Id)),
  prefixlen: Type.Optional(Type.Unknown()),
  use_default_subnetpool: Type.Optional(Bool),
  service_types: Type.Optional(Type.Array(Id, { maxItems: 0 })),
})
export const SubnetChanges = Closed({ subnet: Closed(changeable) })
