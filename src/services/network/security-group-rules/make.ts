// Making and removing rules of security groups: for this API and for compute's.
import type { Static } from 'typebox'
import { conflict, notFound } from '../../../api/faults.ts'
import { ruleKey } from '../documents/rule-key.ts'
import { syncGroups } from '../documents/security-groups.ts'
import {
  deleteRule,
  findRuleByKey,
  findVisibleGroup,
  insertRule,
  lockGroup,
  type SecurityGroupRule,
  updateGroup,
} from '../store/security-groups.ts'
import { type Asker, actorOf } from '../wire/actor.ts'
import { groupNotFound } from '../wire/faults.ts'
import { checkRule } from './check.ts'
import type { NewRule } from './schema.ts'

/** Makes the rule; the caller brings the group's document up to date (`syncGroups`). Throws 400, 404, 409 for the same once more, and QuotaExceeded. */
export async function makeRule(asker: Asker, projectId: string, given: Static<typeof NewRule>): Promise<SecurityGroupRule> {
  const { cloud, tx, now } = asker
  const actor = actorOf(asker)
  const group = await findVisibleGroup(tx.db, actor, given.security_group_id)
  if (!group) throw groupNotFound(given.security_group_id)
  const content = checkRule(given)
  if (content.remote_group_id !== null && !(await findVisibleGroup(tx.db, actor, content.remote_group_id))) {
    throw groupNotFound(content.remote_group_id)
  }
  // Takes the group's row, so that of two equal rules at once the second sees the first.
  await updateGroup(tx.db, group.id, {}, now)
  const rule_key = ruleKey(content)
  const known = await findRuleByKey(tx.db, group.id, rule_key)
  if (known) throw conflict(`Security group rule already exists. Rule id is ${known.id}.`, 'SecurityGroupRuleExists')
  await cloud.quota.take(tx, projectId, { 'network.security_group_rule': 1 })
  return insertRule(tx.db, {
    id: cloud.environment.uuid(),
    project_id: projectId,
    security_group_id: group.id,
    ...content,
    description: given.description ?? '',
    created_at: now,
    updated_at: now,
    rule_key,
  })
}

/** Removes the rule, from the hosts too. */
export async function removeRule({ cloud, tx, now }: Asker, rule: SecurityGroupRule): Promise<void> {
  await lockGroup(tx.db, rule.security_group_id)
  if (!(await deleteRule(tx.db, rule.id))) throw notFound(`Security group rule ${rule.id} does not exist`, 'SecurityGroupRuleNotFound')
  await cloud.quota.count(tx, rule.project_id, { 'network.security_group_rule': -1 })
  await updateGroup(tx.db, rule.security_group_id, {}, now)
  await syncGroups(cloud, tx, [rule.security_group_id], { formerRemotes: rule.remote_group_id ? [rule.remote_group_id] : [] })
}
