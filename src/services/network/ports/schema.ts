import { Type } from 'typebox'
import { Closed, Nullable } from '../../../api/types.ts'
import { Bool, Id, IpAddress, Name, naming, owner, shownStandard, Word } from '../wire/fields.ts'

const Mac = Type.String({ pattern: '^[0-9a-fA-F]{2}([:-][0-9a-fA-F]{2}){5}$' })
const FixedIps = Type.Array(Closed({ subnet_id: Type.Optional(Id), ip_address: Type.Optional(IpAddress) }), { maxItems: 64 })
const Pairs = Type.Array(Closed({ ip_address: IpAddress, mac_address: Type.Optional(Mac) }), { maxItems: 10 })
const DhcpOptions = Type.Array(
  Closed({
    opt_name: Type.String({ minLength: 1, maxLength: 64 }),
    opt_value: Type.Optional(Nullable(Type.String({ maxLength: 255 }))),
    ip_version: Type.Optional(Type.Unsafe<number | string>({ enum: [4, 6, '4', '6'] })),
  }),
  { maxItems: 64 },
)
const DnsName = Type.String({ maxLength: 63, pattern: '^([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)?$' })
/** Kinds of NIC that the API knows; hosts make those of the kind `normal`, and ports of another kind are kept for whoever manages them. */
const VnicType = Type.Unsafe<string>({
  enum: [
    ...['normal', 'direct', 'macvtap', 'baremetal', 'direct-physical', 'virtio-forwarder', 'smart-nic', 'vdpa'],
    ...['accelerator-direct', 'accelerator-direct-physical', 'remote-managed'],
  ],
})

/** What a port has of the addresses of subnets. */
export const ShownAddresses = Type.Array(Type.Object({ subnet_id: Type.String(), ip_address: Type.String() }))
/** DOWN until a host has made it. */
export const PortStatus = Word('ACTIVE', 'BUILD', 'DOWN', 'ERROR')
// What drivers of hosts tell each other: compute's and networking's own, in which anything may stand.
const Profile = Type.Record(Type.String(), Type.Unknown())

/** A port as it is shown (reference 13.4, 14.6). */
export const Port = Type.Object({
  id: Type.String(),
  name: Type.String(),
  network_id: Type.String(),
  mac_address: Type.String(),
  admin_state_up: Type.Boolean(),
  status: PortStatus,
  device_id: Type.String(),
  device_owner: Type.String(),
  fixed_ips: ShownAddresses,
  security_groups: Type.Array(Type.String()),
  allowed_address_pairs: Type.Array(Type.Object({ ip_address: Type.String(), mac_address: Type.String() })),
  extra_dhcp_opts: Type.Array(
    Type.Object({ opt_name: Type.String(), opt_value: Type.String(), ip_version: Type.Unsafe<4 | 6>({ enum: [4, 6] }) }),
  ),
  port_security_enabled: Type.Boolean(),
  dns_name: Type.String(),
  'binding:vnic_type': VnicType,
  /** Where it is bound: only for those whom the rule `get_port:binding:host_id` allows it. */
  'binding:host_id': Type.Optional(Type.String()),
  'binding:profile': Type.Optional(Profile),
  'binding:vif_type': Type.Optional(Word('unbound', 'bridge', 'binding_failed')),
  'binding:vif_details': Type.Optional(Type.Object({ port_filter: Type.Optional(Type.Boolean()) })),
  ...shownStandard,
})

const changeable = {
  ...naming,
  admin_state_up: Type.Optional(Bool),
  mac_address: Type.Optional(Mac),
  fixed_ips: Type.Optional(Nullable(FixedIps)),
  device_id: Type.Optional(Nullable(Name)),
  device_owner: Type.Optional(Nullable(Name)),
  security_groups: Type.Optional(Nullable(Type.Array(Id, { maxItems: 64 }))),
  allowed_address_pairs: Type.Optional(Nullable(Pairs)),
  extra_dhcp_opts: Type.Optional(Nullable(DhcpOptions)),
  port_security_enabled: Type.Optional(Bool),
  'binding:host_id': Type.Optional(Nullable(Name)),
  'binding:profile': Type.Optional(Nullable(Type.Record(Name, Type.Unknown(), { maxProperties: 64 }))),
  'binding:vnic_type': Type.Optional(VnicType),
  dns_name: Type.Optional(Nullable(DnsName)),
}

export const NewPortBody = Closed({ ...owner, ...changeable, network_id: Id })
export const PortChanges = Closed({ port: Closed(changeable) })
