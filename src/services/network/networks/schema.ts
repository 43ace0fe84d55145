import { Type } from 'typebox'
import { Closed, LooseInteger, Nullable } from '../../../api/types.ts'
import { Bool, Hints, Name, naming, owner, shownStandard, Word } from '../wire/fields.ts'

const Domain = Type.String({ maxLength: 255, pattern: '^([A-Za-z0-9]([A-Za-z0-9.-]{0,252}[A-Za-z0-9])?\\.?)?$' })

const changeable = {
  ...naming,
  admin_state_up: Type.Optional(Bool),
  shared: Type.Optional(Bool),
  'router:external': Type.Optional(Bool),
  is_default: Type.Optional(Bool),
  mtu: Type.Optional(LooseInteger(0, 65535)),
  port_security_enabled: Type.Optional(Bool),
  dns_domain: Type.Optional(Domain),
  'provider:network_type': Type.Optional(Nullable(Name)),
  'provider:physical_network': Type.Optional(Nullable(Name)),
  'provider:segmentation_id': Type.Optional(Nullable(LooseInteger(0))),
}

/** A network as it is shown (reference 13.2, 14.3). */
export const Network = Type.Object({
  id: Type.String(),
  name: Type.String(),
  admin_state_up: Type.Boolean(),
  status: Word('ACTIVE', 'BUILD', 'DOWN', 'ERROR'),
  subnets: Type.Array(Type.String()),
  shared: Type.Boolean(),
  'router:external': Type.Boolean(),
  /** Only of external networks. */
  is_default: Type.Optional(Type.Boolean()),
  mtu: Type.Integer(),
  port_security_enabled: Type.Boolean(),
  dns_domain: Type.String(),
  availability_zone_hints: Type.Array(Type.String()),
  availability_zones: Type.Array(Type.String()),
  ipv4_address_scope: Nullable(Type.String()),
  ipv6_address_scope: Nullable(Type.String()),
  /** How it is made: only for those whom the rule `get_network:provider:network_type` allows it. */
  'provider:network_type': Type.Optional(Type.String()),
  'provider:physical_network': Type.Optional(Nullable(Type.String())),
  'provider:segmentation_id': Type.Optional(Nullable(Type.Integer())),
  ...shownStandard,
})

export const NewNetwork = Closed({ ...owner, ...changeable, availability_zone_hints: Type.Optional(Hints) })
export const NetworkChanges = Closed({ network: Closed(changeable) })
