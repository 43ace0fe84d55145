// What assignments come to for users: groups become their members, inherited ones reach the projects below, roles bring what they imply
// (a domain's own roles are nothing but that). Only the rows that can matter for what was asked are read.
import type { Assignment } from '../../../auth/tables.ts'
import type { Db } from '../../../db/database.ts'
import { groupsOf, membersOf } from '../groups/store.ts'
import { projectsById, subtreeOf } from '../projects/store.ts'
import { domainRoleIds, inferences } from '../roles/store.ts'
import { listAssignments, projectsInDomain } from './store.ts'

/** Entries that are given at once, or somewhat more, and rows after which those that have come are given. */
const batchSize = 500
const batchRows = 2000

export interface Place {
  type: Assignment['target_type']
  id: string
}

export interface Effective {
  userId: string
  roleId: string
  target: Place
  /** Where it came from, where that is not the same. */
  groupId?: string
  inheritedFrom?: Place
  priorRoleId?: string
}

export interface EffectiveFilter {
  user?: string
  /** The role at the end, be it granted or implied. */
  role?: string
  targets?: { type: Place['type']; ids: string[] }
  /** Only what came by inheritance, or only what did not. */
  inherited?: boolean
}

/** For each project those above it and its domain: what is inherited to it comes from there. */
async function sourcesOf(db: Db, ids: string[]): Promise<Map<string, Set<string>>> {
  const known = new Map<string, { parent_id: string | null; domain_id: string }>()
  for (let level = ids; level.length; ) {
    const rows = await projectsById(db, level)
    for (const row of rows) known.set(row.id, row)
    level = [...new Set(rows.flatMap((row) => (row.parent_id && !known.has(row.parent_id) ? [row.parent_id] : [])))]
  }
  const sources = new Map<string, Set<string>>()
  for (const id of ids) {
    const above = new Set<string>()
    const own = known.get(id)
    if (own?.domain_id) above.add(own.domain_id)
    for (let next = own?.parent_id; next; next = known.get(next)?.parent_id) above.add(next)
    sources.set(id, above)
  }
  return sources
}

/** The rows that the filter can have anything of, and the projects that each inherited one reaches. */
async function candidates(db: Db, { user, targets, inherited }: EffectiveFilter) {
  const groups = user === undefined ? [] : await groupsOf(db, user)
  const actors = user === undefined ? undefined : [user, ...groups]
  const rows: Assignment[] = inherited === true ? [] : await listAssignments(db, { actorIds: actors, targets, inherited: false })
  const add = (more: Assignment[]) => {
    for (const row of more) rows.push(row)
  }
  let reaches: (row: Assignment) => Promise<string[]> = async () => []
  if (inherited !== false && targets?.type === 'project') {
    const sources = await sourcesOf(db, targets.ids)
    const ids = [...new Set([...sources.values()].flatMap((above) => [...above]))]
    if (ids.length) add(await listAssignments(db, { actorIds: actors, targetIds: ids, inherited: true }))
    reaches = async (row) => targets.ids.filter((id) => sources.get(id)!.has(row.target_id))
  } else if (inherited !== false && targets === undefined) {
    add(await listAssignments(db, { actorIds: actors, inherited: true }))
    reaches = async (row) =>
      row.target_type === 'domain' ? projectsInDomain(db, row.target_id) : (await subtreeOf(db, row.target_id)).map(({ id }) => id)
  }
  return { rows, groups: new Set(groups), reaches }
}

/** All that a role brings, itself first, each with the one that implies it. */
function closures(rules: { prior_role_id: string; implied_role_id: string }[]) {
  const known = new Map<string, { roleId: string; priorRoleId?: string }[]>()
  return (granted: string) => {
    let roles = known.get(granted)
    if (!roles) {
      roles = [{ roleId: granted }]
      for (const { roleId } of roles) {
        for (const rule of rules) {
          if (rule.prior_role_id === roleId && !roles.some((role) => role.roleId === rule.implied_role_id))
            roles.push({ roleId: rule.implied_role_id, priorRoleId: roleId })
        }
      }
      known.set(granted, roles)
    }
    return roles
  }
}

/** The users in the groups of these rows. */
async function membersIn(db: Db, rows: Assignment[]): Promise<Map<string, string[]>> {
  const members = new Map<string, string[]>()
  const ids = new Set(rows.filter((row) => row.actor_type === 'group').map((row) => row.actor_id))
  for (const { group_id, user_id } of await membersOf(db, [...ids])) {
    const list = members.get(group_id)
    if (list) list.push(user_id)
    else members.set(group_id, [user_id])
  }
  return members
}

/**
 * One entry for each way in which a user has a role on a target, in the order of targets, actors and roles as they were granted. They are
 * made as they are asked for: of what many have a part in there are millions.
 */
export async function* effectiveAssignments(db: Db, filter: EffectiveFilter): AsyncGenerator<Effective[]> {
  const { rows, groups, reaches } = await candidates(db, filter)
  const brings = closures(await inferences(db))
  const ofDomains = await domainRoleIds(db)
  const members = filter.user === undefined ? await membersIn(db, rows) : null
  const below = new Map<string, string[]>()
  let found: Effective[] = []
  for (const [index, row] of rows.entries()) {
    if (index % batchRows === batchRows - 1) {
      yield found
      found = []
    }
    if (row.actor_type === 'group' && filter.user !== undefined && !groups.has(row.actor_id)) continue
    if (row.actor_type === 'user' && filter.user !== undefined && row.actor_id !== filter.user) continue
    const roles = brings(row.role_id).filter(
      ({ roleId }) => !ofDomains.has(roleId) && (filter.role === undefined || roleId === filter.role),
    )
    if (!roles.length) continue
    const users =
      row.actor_type === 'user'
        ? [{ userId: row.actor_id }]
        : (members ? (members.get(row.actor_id) ?? []) : [filter.user!]).map((userId) => ({ userId, groupId: row.actor_id }))
    const place: Place = { type: row.target_type, id: row.target_id }
    let targets: Pick<Effective, 'target' | 'inheritedFrom'>[] = [{ target: place }]
    if (row.inherited) {
      if (!below.has(row.target_id)) below.set(row.target_id, await reaches(row))
      targets = below.get(row.target_id)!.map((id) => ({ target: { type: 'project', id }, inheritedFrom: place }))
    }
    for (const user of users) {
      for (const target of targets) for (const role of roles) found.push({ ...user, ...target, ...role })
      if (found.length < batchSize) continue
      yield found
      found = []
    }
  }
  yield found
}
