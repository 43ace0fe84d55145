import type { Static } from 'typebox'
import { shownProtocol } from '../documents/protocols.ts'
import { normalizedPrefix } from '../documents/rule-key.ts'
import type { SecurityGroupRule } from '../store/security-groups.ts'
import { standard } from '../wire/fields.ts'
import type { SecurityGroupRule as Shape } from './schema.ts'

/** The rule as it is shown (reference 14.8). */
export const ruleView = (rule: SecurityGroupRule): Static<typeof Shape> => ({
  id: rule.id,
  security_group_id: rule.security_group_id,
  direction: rule.direction,
  ethertype: rule.ethertype,
  protocol: shownProtocol(rule.protocol, rule.ethertype),
  port_range_min: rule.port_range_min,
  port_range_max: rule.port_range_max,
  remote_ip_prefix: rule.remote_ip_prefix,
  normalized_cidr: normalizedPrefix(rule),
  remote_group_id: rule.remote_group_id,
  ...standard(rule),
})
