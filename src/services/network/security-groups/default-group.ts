// Every project has a group called default, made when it is first needed: its members may talk to each other and to the world.
import type { Cloud } from '../../../cloud.ts'
import type { Tx } from '../../../db/database.ts'
import { ruleKey } from '../documents/rule-key.ts'
import { claimDefault, defaultGroupId, insertGroup, insertRule } from '../store/security-groups.ts'

/** Every new group lets its members talk to the world. */
export async function insertEgressRules(cloud: Cloud, tx: Tx, groupId: string, projectId: string, now: string): Promise<void> {
  for (const ethertype of ['IPv4', 'IPv6'] as const) await insertOpenRule(cloud, tx, groupId, projectId, 'egress', ethertype, null, now)
}

async function insertOpenRule(
  cloud: Cloud,
  tx: Tx,
  groupId: string,
  projectId: string,
  direction: 'ingress' | 'egress',
  ethertype: 'IPv4' | 'IPv6',
  remote_group_id: string | null,
  now: string,
): Promise<void> {
  const rule = { direction, ethertype, protocol: null, port_range_min: null, port_range_max: null, remote_ip_prefix: null, remote_group_id }
  await insertRule(tx.db, {
    id: cloud.environment.uuid(),
    project_id: projectId,
    security_group_id: groupId,
    ...rule,
    description: '',
    created_at: now,
    updated_at: now,
    rule_key: ruleKey(rule),
  })
}

/** The id of the project's default group. */
export async function ensureDefaultGroup(cloud: Cloud, tx: Tx, projectId: string, now: string): Promise<string> {
  const known = await defaultGroupId(tx.db, projectId)
  if (known) return known
  const id = cloud.environment.uuid()
  if (!(await claimDefault(tx.db, projectId, id))) return (await defaultGroupId(tx.db, projectId))!
  await cloud.quota.count(tx, projectId, { 'network.security_group': 1, 'network.security_group_rule': 4 })
  await insertGroup(tx.db, {
    id,
    project_id: projectId,
    name: 'default',
    description: 'Default security group',
    is_default: true,
    created_at: now,
    updated_at: now,
  })
  await insertEgressRules(cloud, tx, id, projectId, now)
  for (const ethertype of ['IPv4', 'IPv6'] as const) await insertOpenRule(cloud, tx, id, projectId, 'ingress', ethertype, id, now)
  return id
}
