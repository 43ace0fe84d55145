// Rules of security groups (reference 3.47): what may reach a server.
import { type Static, Type } from 'typebox'
import { badRequest, notFound } from '../../../api/faults.ts'
import { operation, resource } from '../../../api/operation.ts'
import { Closed, LooseInteger, Nullable, Uuid } from '../../../api/types.ts'
import { rule } from '../../../auth/policy.ts'
import { proxied, lastProxyVersion as until } from '../proxy.ts'
import { memberOrAdmin } from '../rules.ts'
import { ruleView, SecurityGroupRule } from './view.ts'

const catalog = (name: string) => [`compute-v2.1.rules-for-security-group.${name}`]
const path = '/os-security-group-rules'
const Port = Nullable(LooseInteger(-0x7fffffff))
const Content = Closed({
  parent_group_id: Uuid,
  ip_protocol: Type.Optional(Nullable(Type.String({ maxLength: 20 }))),
  from_port: Type.Optional(Port),
  to_port: Type.Optional(Port),
  cidr: Type.Optional(Nullable(Type.String({ maxLength: 64 }))),
  group_id: Type.Optional(Nullable(Uuid)),
})

interface Traffic {
  protocol: string | null
  /** -1: any. */
  from: number
  to: number
}

/** What the rule lets in. Without a group as source, protocol and ports must be given. Throws 400. */
function trafficOf(given: Static<typeof Content>): Traffic {
  const protocol = given.ip_protocol?.toLowerCase() || null
  const fromGroup = given.group_id != null
  const { from_port = null, to_port = null } = given
  if (protocol === null || from_port === null || to_port === null) {
    if (!fromGroup) throw badRequest('Not enough parameters to build a valid rule.')
    // From a group, everything may come that is not said.
    if (protocol !== null && (from_port !== null || to_port !== null)) throw badRequest('Not enough parameters to build a valid rule.')
  }
  if (protocol !== null && !['tcp', 'udp', 'icmp'].includes(protocol)) throw badRequest(`Invalid IP protocol ${protocol}.`)
  if (from_port === null || to_port === null || protocol === null) return { protocol, from: -1, to: -1 }
  const [from, to] = [from_port, to_port]
  const invalid = (why: string) => badRequest(`Invalid port range ${from}:${to}. ${why}`)
  if (protocol === 'icmp') {
    if (from < -1 || from > 255 || to < -1 || to > 255) throw invalid('For ICMP, the type:code must be valid')
  } else {
    if (from > to) throw invalid('Former value cannot be greater than the later')
    if (from < 1 || to > 65535) throw invalid(`Valid ${protocol.toUpperCase()} ports should be between 1-65535`)
  }
  return { protocol, from, to }
}

const create = operation({
  id: 'security-group-rules.create',
  method: 'POST',
  path,
  until,
  summary: 'Create a rule of a security group',
  catalog: catalog('create-security-group-rule'),
  quota: { 'network.security_group_rule': 'handler' },
  policy: rule('os_compute_api:os-security-groups:rule:create', memberOrAdmin, 'Create a rule of a security group.'),
  body: Closed({ security_group_rule: Content }),
  answer: Type.Object({ security_group_rule: SecurityGroupRule }),
  async handle(context) {
    const { cloud, db, body } = context
    const given = body.security_group_rule
    const { protocol, from, to } = trafficOf(given)
    const parent = await cloud.network.securityGroups.find(db, context, given.parent_group_id)
    if (!parent) throw notFound(`Security group ${given.parent_group_id} not found.`)
    const cidr = given.group_id == null ? (given.cidr ?? '0.0.0.0/0') : null
    const made = cloud.network.securityGroups.createRule(context, parent.project_id, {
      security_group_id: parent.id,
      direction: 'ingress',
      ethertype: cidr?.includes(':') ? 'IPv6' : 'IPv4',
      protocol,
      port_range_min: from === -1 ? null : from,
      port_range_max: to === -1 ? null : to,
      remote_ip_prefix: cidr,
      remote_group_id: given.group_id ?? null,
    })
    return { security_group_rule: ruleView(await proxied(made)) }
  },
})

const rules = resource({
  name: 'groupRule',
  param: 'security_group_rule_id',
  load: (id, context) => context.cloud.network.securityGroups.findRule(context.db, context, id),
  target: ({ project_id }) => ({ project_id }),
  missing: (id) => `Security group with rule ${id.slice(0, 100)} not found.`,
})

const remove = operation({
  id: 'security-group-rules.delete',
  method: 'DELETE',
  path: `${path}/{security_group_rule_id}`,
  until,
  summary: 'Delete a rule of a security group',
  catalog: catalog('delete-security-group-rule'),
  status: 202,
  policy: rule('os_compute_api:os-security-groups:rule:delete', memberOrAdmin, 'Delete a rule of a security group.'),
  on: rules,
  handle: (context) => context.cloud.network.securityGroups.removeRule(context, context.groupRule),
})

export const securityGroupRuleOperations = [create, remove]
