// Servers as they are answered (reference 3.2). Fields of later microversions are cut by these schemas: the view makes them all.
import { Type } from 'typebox'
import { LinkSchema } from '../../../api/listing.ts'
import { Nullable } from '../../../api/types.ts'
import { since } from '../../../api/versions.ts'

const Links = Type.Array(LinkSchema)
const Text = Type.String()
const Time = Nullable(Text)

export const ShownAddress = Type.Object({
  version: Type.Unsafe<4 | 6>({ enum: [4, 6] }),
  addr: Text,
  'OS-EXT-IPS:type': Type.Optional(Type.Unsafe<'fixed' | 'floating'>({ enum: ['fixed', 'floating'] })),
  'OS-EXT-IPS-MAC:mac_addr': Type.Optional(Text),
})
/** By the name of the network. */
export const ShownAddresses = Type.Record(Text, Type.Array(ShownAddress))

export const BriefServer = Type.Object({ id: Text, name: Text, links: Links })

const common = {
  id: Text,
  name: Text,
  status: Text,
  tenant_id: Text,
  user_id: Text,
  metadata: Type.Record(Text, Text),
  hostId: Text,
  /** An empty text where it boots from a volume. */
  image: Type.Unsafe<'' | { id: string; links: object[] }>({
    anyOf: [{ const: '' }, Type.Object({ id: Text, links: Links })],
  }),
  flavor: Type.Object({ id: Text, links: Links }),
  created: Text,
  updated: Text,
  addresses: ShownAddresses,
  accessIPv4: Text,
  accessIPv6: Text,
  links: Links,
  'OS-DCF:diskConfig': Type.Unsafe<'AUTO' | 'MANUAL'>({ enum: ['AUTO', 'MANUAL'] }),
  /** While something goes on or it runs. */
  progress: Type.Optional(Type.Integer()),
  /** Of a server in trouble, or of one that is gone. `details` are for administrators. */
  fault: Type.Optional(Type.Object({ code: Type.Integer(), created: Text, message: Text, details: Type.Optional(Text) })),
  locked: since('2.9', Type.Boolean()),
  description: since('2.19', Nullable(Text)),
}

/** The answer to an update, which has fewer fields. */
export const UpdatedServer = Type.Object(common)

export const Server = Type.Object({
  ...common,
  'OS-EXT-AZ:availability_zone': Text,
  config_drive: Text,
  key_name: Nullable(Text),
  'OS-SRV-USG:launched_at': Time,
  'OS-SRV-USG:terminated_at': Time,
  /** Left out where a server has none. */
  security_groups: Type.Optional(Type.Array(Type.Object({ name: Text }))),
  'OS-EXT-STS:task_state': Nullable(Text),
  'OS-EXT-STS:vm_state': Text,
  'OS-EXT-STS:power_state': Type.Integer(),
  'os-extended-volumes:volumes_attached': Type.Array(Type.Object({ id: Text })),
  // For those who may see on which host a server is.
  'OS-EXT-SRV-ATTR:host': Type.Optional(Nullable(Text)),
  'OS-EXT-SRV-ATTR:instance_name': Type.Optional(Text),
  'OS-EXT-SRV-ATTR:hypervisor_hostname': Type.Optional(Nullable(Text)),
  'OS-EXT-SRV-ATTR:reservation_id': Type.Optional(since('2.3', Nullable(Text))),
  'OS-EXT-SRV-ATTR:launch_index': Type.Optional(since('2.3', Type.Integer())),
  'OS-EXT-SRV-ATTR:hostname': Type.Optional(since('2.3', Nullable(Text))),
  'OS-EXT-SRV-ATTR:kernel_id': Type.Optional(since('2.3', Text)),
  'OS-EXT-SRV-ATTR:ramdisk_id': Type.Optional(since('2.3', Text)),
  'OS-EXT-SRV-ATTR:root_device_name': Type.Optional(since('2.3', Text)),
  'OS-EXT-SRV-ATTR:user_data': Type.Optional(since('2.3', Nullable(Text))),
  host_status: Type.Optional(since('2.16', Text)),
})

/** What is told of a new server: the rest is asked for; or, where that was asked for, of several at once. */
export const CreatedServer = Type.Object({
  server: Type.Optional(
    Type.Object({
      id: Text,
      links: Links,
      'OS-DCF:diskConfig': Text,
      security_groups: Type.Array(Type.Object({ name: Text })),
      adminPass: Text,
    }),
  ),
  reservation_id: Type.Optional(Text),
})

export const ServerAction = Type.Object({
  action: Text,
  instance_uuid: Text,
  request_id: Text,
  user_id: Text,
  project_id: Text,
  start_time: Time,
  message: Nullable(Text),
})
export const ServerActionEvent = Type.Object({
  event: Text,
  start_time: Time,
  finish_time: Time,
  result: Nullable(Text),
  traceback: Type.Optional(Nullable(Text)),
})

export const Interface = Type.Object({
  port_id: Text,
  net_id: Text,
  mac_addr: Text,
  port_state: Text,
  fixed_ips: Type.Array(Type.Object({ subnet_id: Text, ip_address: Text })),
})
