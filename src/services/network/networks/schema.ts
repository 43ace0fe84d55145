import { Type } from 'typebox'
import { Closed, LooseInteger, Nullable } from '../../../api/types.ts'
import { Bool, Hints, Name, naming, owner } from '../wire/fields.ts'

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

export const NewNetwork = Closed({ ...owner, ...changeable, availability_zone_hints: Type.Optional(Hints) })
export const NetworkChanges = Closed({ network: Closed(changeable) })
