import { type Static, Type } from 'typebox'
import { Nullable } from '../../../api/types.ts'
import type { GroupWithRules, RuleWithRemote } from '../../network/servers/security-groups.ts'

export const SecurityGroupRule = Type.Object({
  id: Type.String(),
  parent_group_id: Type.String(),
  ip_protocol: Nullable(Type.String()),
  from_port: Nullable(Type.Integer()),
  to_port: Nullable(Type.Integer()),
  /** Empty where the source is an address, as the range is where it is a group. */
  group: Type.Object({ name: Type.Optional(Type.String()), tenant_id: Type.Optional(Type.String()) }),
  ip_range: Type.Object({ cidr: Type.Optional(Type.String()) }),
})

export const SecurityGroup = Type.Object({
  id: Type.String(),
  name: Type.String(),
  description: Type.String(),
  tenant_id: Type.String(),
  rules: Type.Array(SecurityGroupRule),
})

/** A rule in compute's words: any port is the whole range, any ICMP type or code is -1. */
export function ruleView(rule: RuleWithRemote): Static<typeof SecurityGroupRule> {
  const { protocol, port_range_min, port_range_max, remote } = rule
  const any = port_range_min === null && port_range_max === null
  const whole = protocol === 'tcp' || protocol === 'udp' ? [1, 65535] : [-1, -1]
  const [from, to] = protocol === null ? [null, null] : any ? whole : [port_range_min, port_range_max ?? -1]
  return {
    id: rule.id,
    parent_group_id: rule.security_group_id,
    ip_protocol: protocol,
    from_port: from,
    to_port: to,
    group: remote ? { name: remote.name, tenant_id: remote.project_id } : {},
    ip_range: remote ? {} : { cidr: rule.remote_ip_prefix ?? (rule.ethertype === 'IPv4' ? '0.0.0.0/0' : '::/0') },
  }
}

/** Compute knows of what may reach a server only. */
export const groupView = (group: GroupWithRules): Static<typeof SecurityGroup> => ({
  id: group.id,
  name: group.name,
  description: group.description,
  tenant_id: group.project_id,
  rules: group.rules.filter((rule) => rule.direction === 'ingress').map(ruleView),
})
