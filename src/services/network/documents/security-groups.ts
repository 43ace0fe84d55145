// A security group is on every host that has a port in it, or a port in a group with a rule that names it.
import type { Cloud } from '../../../cloud.ts'
import type { Db, Tx } from '../../../db/database.ts'
import { holdRows } from '../../../db/hold.ts'
import type { FirewallRule, SecurityGroupSpec } from '../../../host/security-groups/document.ts'
import { rulesOf } from '../store/security-groups.ts'
import { protocolNumber } from './protocols.ts'
import { normalizedPrefix, type RuleContent } from './rule-key.ts'
import { isRemote, membersOf, needsGroup, remoteGroupsOf } from './store.ts'

/** The rule as hosts get it. */
export const firewallRule = (rule: RuleContent): FirewallRule => ({
  direction: rule.direction,
  ipVersion: rule.ethertype === 'IPv4' ? 4 : 6,
  protocol: protocolNumber(rule.protocol, rule.ethertype),
  portMin: rule.port_range_min,
  portMax: rule.port_range_max,
  remoteCidr: normalizedPrefix(rule),
  remoteGroupId: rule.remote_group_id,
})

async function groupSpec(db: Db, groupId: string): Promise<SecurityGroupSpec> {
  const rules = (await rulesOf(db, [groupId])).get(groupId)!
  // Members change with every port, so they are told only where a rule asks for them.
  const members = (await isRemote(db, groupId)) ? await membersOf(db, groupId) : []
  return { rules: rules.map(firewallRule), members }
}

/**
 * Brings the documents of the groups, and of those that their rules name, up to date: after a change of rules, of
 * members' addresses, or of the places of members. `host` is where the changed port is; `formerRemotes` are groups that a
 * rule named until now.
 */
export async function syncGroups(
  cloud: Cloud,
  tx: Tx,
  groupIds: Iterable<string>,
  { host = null, formerRemotes = [] }: { host?: string | null; formerRemotes?: string[] } = {},
): Promise<void> {
  const { hosts } = cloud
  const groups = [...new Set(groupIds)]
  const all = [...new Set([...groups, ...(await remoteGroupsOf(tx.db, groups)), ...formerRemotes])].sort()
  // A document that is made while another member leaves would let in whoever gets that member's address next.
  await holdRows(cloud.database, tx.db, 'network_security_groups', all)
  const holders = new Map<string, string[]>()
  for (const id of all) holders.set(id, await hosts.holders(tx.db, 'security-group', id))
  // A group that a rule names is wanted where the group with the rule is.
  const places = new Set([...groups.flatMap((id) => holders.get(id)!), ...(host === null ? [] : [host])])
  for (const id of all) {
    let spec: SecurityGroupSpec | undefined
    for (const place of new Set([...holders.get(id)!, ...places])) {
      if (await needsGroup(tx.db, id, place)) {
        spec ??= await groupSpec(tx.db, id)
        await hosts.put(tx, place, 'security-group', id, spec)
      } else await hosts.remove(tx, place, 'security-group', id)
    }
  }
}
