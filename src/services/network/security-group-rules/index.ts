// Rules of security groups (reference 14.8): each allows something, and what no rule allows is dropped.
import { type Static, Type } from 'typebox'
import { operation, resource } from '../../../api/operation.ts'
import { rule } from '../../../auth/policy.ts'
import { syncGroups } from '../documents/security-groups.ts'
import { member, reader } from '../rules.ts'
import { findGroups, findVisibleRule, visibleRules } from '../security-groups/store.ts'
import { listerOf, ownedBy, ownerOf, viewerOf } from '../wire/actor.ts'
import { createEach, OneOrMany, OneOrManyMade } from '../wire/bodies.ts'
import { collection, FieldsQuery, listed, pickFields, Shown } from '../wire/listing.ts'
import { checkRevision } from '../wire/revision.ts'
import { makeRule, removeRule } from './make.ts'
import { NewRule, SecurityGroupRule } from './schema.ts'
import { ruleView } from './view.ts'

const catalog = (name: string) => [`network-v2.0-ext.security-group-rules.${name}`]

const ruleResource = resource({
  name: 'groupRule',
  param: 'security_group_rule_id',
  async load(id, context) {
    const found = await findVisibleRule(context.db, viewerOf(context), id)
    const [group] = found ? await findGroups(context.db, [found.security_group_id]) : []
    return found && { ...found, group_project_id: group?.project_id ?? '' }
  },
  target: (row) => ownedBy(row.project_id, { 'security_group:project_id': row.group_project_id }),
  missing: (id) => `Security group rule ${id.slice(0, 100)} does not exist`,
  missingType: 'SecurityGroupRuleNotFound',
})

const list = collection({
  many: 'security_group_rules',
  path: '/security-group-rules',
  columns: {
    id: 'id',
    description: 'description',
    project_id: 'project_id',
    tenant_id: 'project_id',
    security_group_id: 'security_group_id',
    direction: 'direction',
    ethertype: 'ethertype',
    protocol: 'protocol',
    port_range_min: 'port_range_min',
    port_range_max: 'port_range_max',
    remote_ip_prefix: 'remote_ip_prefix',
    remote_group_id: 'remote_group_id',
    revision_number: 'revision',
    created_at: 'created_at',
    updated_at: 'updated_at',
  },
  numbers: ['port_range_min', 'port_range_max', 'revision_number'],
})

const see = rule('get_security_group_rule', `${reader} or rule:sg_owner`, 'Show a security group rule.')

export const listRules = operation({
  id: 'security-group-rules.list',
  method: 'GET',
  path: '/security-group-rules',
  summary: 'List security group rules',
  catalog: catalog('list-security-group-rules'),
  policy: see,
  query: list.query,
  answer: list.answer(Shown(SecurityGroupRule)),
  handle: (context) => listed(context, list, visibleRules(context.db, listerOf(context, see.name)), (rows) => rows.map(ruleView)),
})

export const showRule = operation({
  id: 'security-group-rules.show',
  method: 'GET',
  path: '/security-group-rules/{security_group_rule_id}',
  summary: 'Show a security group rule',
  catalog: catalog('show-security-group-rule'),
  policy: see,
  on: ruleResource,
  query: FieldsQuery,
  answer: Type.Object({ security_group_rule: Shown(SecurityGroupRule) }),
  handle: async (context) => ({ security_group_rule: pickFields(context, ruleView(context.groupRule)) }),
})

export const createRule = operation({
  id: 'security-group-rules.create',
  method: 'POST',
  path: '/security-group-rules',
  summary: 'Create one security group rule or several',
  catalog: catalog('create-security-group-rule'),
  body: OneOrMany('security_group_rule', 'security_group_rules', NewRule),
  status: 201,
  answer: OneOrManyMade('security_group_rule', 'security_group_rules', SecurityGroupRule),
  quota: { 'network.security_group_rule': 'handler' },
  policy: rule('create_security_group_rule', member, 'Create a security group rule.'),
  async handle(context) {
    const touched: string[] = []
    const answer = await createEach(context.body, 'security_group_rule', 'security_group_rules', async (given: Static<typeof NewRule>) => {
      const row = await makeRule(context, ownerOf(context, given), given)
      touched.push(row.security_group_id)
      return ruleView(row)
    })
    await syncGroups(context.cloud, context.tx, touched)
    return answer
  },
})

export const deleteRuleOperation = operation({
  id: 'security-group-rules.delete',
  method: 'DELETE',
  path: '/security-group-rules/{security_group_rule_id}',
  summary: 'Delete a security group rule',
  catalog: catalog('delete-security-group-rule'),
  status: 204,
  policy: rule('delete_security_group_rule', `${member} or (role:member and rule:sg_owner)`, 'Delete a security group rule.'),
  on: ruleResource,
  async handle(context) {
    checkRevision(context, context.groupRule.revision)
    await removeRule(context, context.groupRule)
  },
})
