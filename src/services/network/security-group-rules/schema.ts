import { Type } from 'typebox'
import { Closed, Nullable } from '../../../api/types.ts'
import { Description, Id, IpAddress, owner, shownStandard, Word } from '../wire/fields.ts'

// Out of range is told by check.ts, in the words that clients know.
const PortNumber = Type.Unsafe<number | string>({ anyOf: [{ type: 'integer' }, { type: 'string', pattern: '^-?[0-9]{1,6}$' }] })

/** A rule as it is shown (reference 14.8). */
export const SecurityGroupRule = Type.Object({
  id: Type.String(),
  security_group_id: Type.String(),
  direction: Word('ingress', 'egress'),
  ethertype: Word('IPv4', 'IPv6'),
  protocol: Nullable(Type.String()),
  port_range_min: Nullable(Type.Integer()),
  port_range_max: Nullable(Type.Integer()),
  remote_ip_prefix: Nullable(Type.String()),
  normalized_cidr: Nullable(Type.String()),
  remote_group_id: Nullable(Type.String()),
  ...shownStandard,
})

export const NewRule = Closed({
  ...owner,
  security_group_id: Id,
  direction: Type.Unsafe<'ingress' | 'egress'>({ enum: ['ingress', 'egress'] }),
  ethertype: Type.Optional(Nullable(Type.String({ pattern: '^([iI][pP][vV][46])$' }))),
  protocol: Type.Optional(
    Nullable(
      Type.Unsafe<number | string>({
        anyOf: [
          { type: 'integer', minimum: 0, maximum: 255 },
          { type: 'string', maxLength: 40 },
        ],
      }),
    ),
  ),
  port_range_min: Type.Optional(Nullable(PortNumber)),
  port_range_max: Type.Optional(Nullable(PortNumber)),
  remote_ip_prefix: Type.Optional(Nullable(IpAddress)),
  remote_group_id: Type.Optional(Nullable(Id)),
  description: Type.Optional(Nullable(Description)),
})
