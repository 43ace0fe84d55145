// What a rule may say. A rule that could not be put into effect as it stands must not be accepted.
import type { Static } from 'typebox'
import { badRequest } from '../../../api/faults.ts'
import { parseCidr } from '../addresses/cidr.ts'
import { canonicalProtocol, hasPorts, isIcmp, isUnmatched, protocolNumber, shownProtocol } from '../documents/protocols.ts'
import type { RuleContent } from '../documents/rule-key.ts'
import type { NewRule } from './schema.ts'

const fail = (type: string, message: string) => badRequest(message, type)

/** The rule's content in its stored form. Throws 400. */
export function checkRule(given: Static<typeof NewRule>): RuleContent {
  const ethertype = String(given.ethertype ?? 'IPv4').toLowerCase() === 'ipv6' ? 'IPv6' : 'IPv4'
  const { direction } = given
  let protocol: string | null = null
  if (given.protocol != null && String(given.protocol).toLowerCase() !== 'any' && given.protocol !== '') {
    protocol = canonicalProtocol(given.protocol)
    if (protocol === null) {
      throw fail(
        'SecurityGroupRuleInvalidProtocol',
        `Security group rule protocol ${String(given.protocol).slice(0, 60)} not supported. Only protocol values and integer representations [0 to 255] are supported.`,
      )
    }
    // Both say any protocol.
    if (protocol === 'ip' || protocol === '0') protocol = null
  }
  const number = protocolNumber(protocol, ethertype)
  if (ethertype === 'IPv4' && protocol !== null && /^(icmpv6|ipv6-|58$)/.test(protocol)) {
    throw fail('SecurityGroupEthertypeConflictWithProtocol', `Invalid ethertype ${ethertype} for protocol ${protocol}.`)
  }
  if (number !== null && isUnmatched(number, ethertype)) {
    throw fail(
      'SecurityGroupRuleInvalidProtocol',
      `Security group rule protocol ${protocol} not supported for ${ethertype}: no filter can tell packets by it.`,
    )
  }
  const min = given.port_range_min == null ? null : Number(given.port_range_min)
  const max = given.port_range_max == null ? null : Number(given.port_range_max)
  if (isIcmp(number)) checkIcmp(min, max)
  else checkPorts(protocol, number, min, max)
  const prefix = given.remote_ip_prefix == null || given.remote_ip_prefix === '' ? null : given.remote_ip_prefix
  const remote_group_id = given.remote_group_id ?? null
  if (prefix !== null && remote_group_id !== null) {
    throw fail('SecurityGroupRemoteGroupAndRemoteIpPrefix', 'Only remote_ip_prefix or remote_group_id may be provided.')
  }
  const range = prefix === null ? null : parseCidr(prefix)
  if (prefix !== null && !range)
    throw badRequest(`Invalid input for remote_ip_prefix. Reason: '${prefix.slice(0, 64)}' is not a valid IP subnet.`, 'InvalidCIDR')
  if (range && range.version !== (ethertype === 'IPv4' ? 4 : 6)) {
    throw fail('SecurityGroupRuleParameterConflict', `Conflicting value ethertype ${ethertype} for CIDR ${prefix}`)
  }
  return {
    direction,
    ethertype,
    protocol: shownProtocol(protocol, ethertype),
    port_range_min: min,
    port_range_max: max,
    remote_ip_prefix: prefix,
    remote_group_id,
  }
}

function checkIcmp(type: number | null, code: number | null): void {
  for (const [value, field, attribute] of [
    [type, 'port_range_min', 'type'],
    [code, 'port_range_max', 'code'],
  ] as const) {
    if (value !== null && (value < 0 || value > 255)) {
      throw fail('SecurityGroupInvalidIcmpValue', `Invalid value for ICMP ${attribute} (${field}) ${value}. It must be 0 to 255.`)
    }
  }
  if (type === 255) {
    throw fail(
      'SecurityGroupInvalidIcmpValue',
      'Invalid value for ICMP type (port_range_min) 255. It is reserved, and filters take it for any type.',
    )
  }
  if (type === null && code !== null) {
    throw fail('SecurityGroupMissingIcmpType', `ICMP code (port-range-max) ${code} is provided but ICMP type (port-range-min) is missing.`)
  }
}

function checkPorts(protocol: string | null, number: number | null, min: number | null, max: number | null): void {
  if (min === null && max === null) return
  if (protocol === null) throw fail('SecurityGroupProtocolRequiredWithPorts', 'Must also specify protocol if port range is given.')
  if (!hasPorts(number))
    throw fail(
      'SecurityGroupInvalidProtocolForPort',
      `Invalid protocol ${protocol} for port range, only supported for TCP, UDP, UDPLITE, SCTP and DCCP.`,
    )
  for (const port of [min, max]) {
    if (port !== null && (port < 1 || port > 65535)) throw fail('SecurityGroupInvalidPortValue', `Invalid value for port ${port}`)
  }
  if (min === null || max === null || min > max) {
    throw fail('SecurityGroupInvalidPortRange', 'For TCP/UDP protocols, port_range_min must be <= port_range_max')
  }
}
