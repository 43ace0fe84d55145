import { formatCidr, parseCidr } from '../addresses/cidr.ts'
import type { SecurityGroupRuleRow } from '../tables.ts'
import { protocolNumber } from './protocols.ts'

export type RuleContent = Pick<
  SecurityGroupRuleRow,
  'direction' | 'ethertype' | 'protocol' | 'port_range_min' | 'port_range_max' | 'remote_ip_prefix' | 'remote_group_id'
>

/** The prefix without bits behind it, as hosts get it. */
export const normalizedPrefix = ({ remote_ip_prefix }: Pick<RuleContent, 'remote_ip_prefix'>): string | null => {
  const range = remote_ip_prefix === null ? null : parseCidr(remote_ip_prefix)
  return range && formatCidr(range)
}

/** The same text for rules that allow the same: protocols count by number, and the whole range as no prefix at all. */
export function ruleKey(rule: RuleContent): string {
  const normalized = normalizedPrefix(rule)
  const prefix = normalized === '0.0.0.0/0' || normalized === '::/0' ? null : normalized
  return JSON.stringify([
    rule.direction,
    rule.ethertype,
    protocolNumber(rule.protocol, rule.ethertype),
    rule.port_range_min,
    rule.port_range_max,
    prefix,
    rule.remote_group_id,
  ])
}
