import { badRequest, forbidden } from '../../../api/faults.ts'
import type { Cloud } from '../../../cloud.ts'
import type { Tx } from '../../../db/database.ts'
import { addMember, membersOf, takeGroup } from './store.ts'

/** Makes a new server a member. Throws 403 for a group that has as many as its project's quota says, 400 for one that is gone. */
export async function joinGroup(cloud: Cloud, tx: Tx, groupId: string, serverId: string): Promise<void> {
  const group = await takeGroup(tx.db, groupId)
  if (!group) throw badRequest(`Instance group ${groupId} could not be found.`)
  const limit = await cloud.quota.limit(tx.db, group.project_id, 'compute.server_group_members')
  const { length } = (await membersOf(tx.db, [groupId])).get(groupId)!
  if (limit >= 0 && length >= limit) throw forbidden('Quota exceeded, too many servers in group')
  await addMember(tx.db, groupId, serverId)
}
