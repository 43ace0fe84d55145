import { Type } from 'typebox'
import { Closed, Nullable } from '../../../api/types.ts'
import { Bool, Id, IpAddress, Name, naming, owner } from '../wire/fields.ts'

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
