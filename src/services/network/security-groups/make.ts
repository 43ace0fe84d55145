// Making, changing and removing security groups: for this API and for compute's.
import { conflict } from '../../../api/faults.ts'
import { syncGroups } from '../documents/security-groups.ts'
import { remoteGroupsOf } from '../documents/store.ts'
import {
  countPorts,
  deleteGroupRow,
  deleteRulesNaming,
  insertGroup,
  lockGroup,
  rulesOf,
  type SecurityGroup,
  updateGroup,
} from '../store/security-groups.ts'
import { type Asker, actorOf } from '../wire/actor.ts'
import { ensureDefaultGroup, insertEgressRules } from './default-group.ts'

const defaultExists = () => conflict('Default security group already exists.', 'SecurityGroupDefaultAlreadyExists')

/** Makes a group whose members may talk to the world. Throws 409 for the name default, and QuotaExceeded. */
export async function makeGroup(
  { cloud, tx, now }: Asker,
  projectId: string,
  { name, description }: { name: string; description: string },
): Promise<SecurityGroup> {
  await ensureDefaultGroup(cloud, tx, projectId, now)
  if (name === 'default') throw defaultExists()
  await cloud.quota.take(tx, projectId, { 'network.security_group': 1, 'network.security_group_rule': 2 })
  const id = cloud.environment.uuid()
  const group = await insertGroup(tx.db, { id, project_id: projectId, name, description, created_at: now, updated_at: now })
  await insertEgressRules(cloud, tx, id, projectId, now)
  return group
}

/** Throws 409 where the default group would lose its name, or another get it. */
export async function changeGroup(
  { tx, now }: Asker,
  group: SecurityGroup,
  changes: { name?: string; description?: string },
): Promise<SecurityGroup> {
  const { name } = changes
  if (name !== undefined && name !== group.name) {
    if (group.is_default) throw conflict('Updating default security group not allowed.', 'SecurityGroupCannotUpdateDefault')
    if (name === 'default') throw defaultExists()
  }
  return updateGroup(tx.db, group.id, changes, now)
}

/** Removes the group with its rules, and the rules of others that name it. Throws 409 for one in use, and for the default group. */
export async function removeGroup(asker: Asker, group: SecurityGroup): Promise<void> {
  const { cloud, tx } = asker
  // No rule comes or goes while they are counted.
  if (!(await lockGroup(tx.db, group.id))) return
  if (await countPorts(tx.db, group.id)) throw conflict(`Security Group ${group.id} in use.`, 'SecurityGroupInUse')
  if (group.is_default && !actorOf(asker).isAdmin) {
    throw conflict('Insufficient rights for removing default security group.', 'SecurityGroupCannotRemoveDefault')
  }
  const rules = (await rulesOf(tx.db, [group.id])).get(group.id)!
  const remotes = await remoteGroupsOf(tx.db, [group.id])
  const naming = await deleteRulesNaming(tx.db, group.id)
  for (const one of naming) await cloud.quota.count(tx, one.project_id, { 'network.security_group_rule': -1 })
  await deleteGroupRow(tx.db, group.id)
  await cloud.quota.count(tx, group.project_id, { 'network.security_group': -1, 'network.security_group_rule': -rules.length })
  await syncGroups(cloud, tx, [...naming.map((one) => one.security_group_id), group.id], { formerRemotes: remotes })
}
