// What assignments come to for users: groups become their members, inherited ones reach the projects below, roles bring what they imply
// (a domain's own roles are nothing but that).
import type { Assignment } from '../../../auth/tables.ts'
import type { Db } from '../../../db/database.ts'
import { membersOf } from '../groups/store.ts'
import { subtreeOf } from '../projects/store.ts'
import { domainRoleIds, inferences } from '../roles/store.ts'
import { projectsInDomain } from './store.ts'

export interface Effective {
  userId: string
  roleId: string
  target: { type: Assignment['target_type']; id: string }
  /** Where it came from, where that is not the same. */
  groupId?: string
  inheritedFrom?: { type: Assignment['target_type']; id: string }
  priorRoleId?: string
}

async function reached(db: Db, row: Assignment): Promise<string[]> {
  if (row.target_type === 'domain') return projectsInDomain(db, row.target_id)
  return (await subtreeOf(db, row.target_id)).map((project) => project.id)
}

export async function effectiveAssignments(db: Db, rows: Assignment[]): Promise<Effective[]> {
  const groups = [...new Set(rows.filter((row) => row.actor_type === 'group').map((row) => row.actor_id))]
  const members = await membersOf(db, groups)
  const rules = await inferences(db)
  const ofDomains = await domainRoleIds(db)
  const below = new Map<string, string[]>()
  const found: Effective[] = []
  for (const row of rows) {
    const users =
      row.actor_type === 'user'
        ? [{ userId: row.actor_id }]
        : members.filter((m) => m.group_id === row.actor_id).map((m) => ({ userId: m.user_id, groupId: row.actor_id }))
    let targets: Pick<Effective, 'target' | 'inheritedFrom'>[] = [{ target: { type: row.target_type, id: row.target_id } }]
    if (row.inherited) {
      const key = `${row.target_type} ${row.target_id}`
      if (!below.has(key)) below.set(key, await reached(db, row))
      targets = below
        .get(key)!
        .map((id) => ({ target: { type: 'project' as const, id }, inheritedFrom: { type: row.target_type, id: row.target_id } }))
    }
    const roles: Pick<Effective, 'roleId' | 'priorRoleId'>[] = [{ roleId: row.role_id }]
    for (const { roleId } of roles) {
      for (const rule of rules) {
        if (rule.prior_role_id === roleId && !roles.some((role) => role.roleId === rule.implied_role_id))
          roles.push({ roleId: rule.implied_role_id, priorRoleId: roleId })
      }
    }
    for (const user of users)
      for (const target of targets) for (const role of roles) if (!ofDomains.has(role.roleId)) found.push({ ...user, ...target, ...role })
  }
  return found
}
