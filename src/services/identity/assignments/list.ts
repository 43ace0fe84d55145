// Role assignments (reference 6.10.3, 7.1.1), as they were made or as what they come to (`effective`).
import { badRequest } from '../../../api/faults.ts'
import { type BaseContext, operation } from '../../../api/operation.ts'
import { findProject } from '../../../auth/store.ts'
import type { Assignment } from '../../../auth/tables.ts'
import { flag, wholeCollection } from '../collection.ts'
import { subtreeOf } from '../projects/store.ts'
import { type Effective, effectiveAssignments } from './expand.ts'
import { assignmentRules } from './rules.ts'
import { type AssignmentFilter, listAssignments, namesOf, projectsInDomain } from './store.ts'

type Names = Awaited<ReturnType<typeof namesOf>>
type Entry = Effective | Assignment

const isOn = (query: URLSearchParams, name: string) => query.has(name) && flag(query.get(name)!)

function ask(query: URLSearchParams) {
  const get = (name: string) => query.get(name) ?? undefined
  return {
    user: get('user.id'),
    group: get('group.id'),
    role: get('role.id'),
    project: get('scope.project.id'),
    domain: get('scope.domain.id'),
    system: query.has('scope.system'),
    inherited: query.has('scope.OS-INHERIT:inherited_to'),
    effective: isOn(query, 'effective'),
    names: isOn(query, 'include_names'),
    subtree: isOn(query, 'include_subtree'),
  }
}
type Ask = ReturnType<typeof ask>

function check(asked: Ask): void {
  if (asked.user && asked.group) throw badRequest('Specify a user or group, not both')
  if ([asked.project, asked.domain, asked.system || undefined].filter((part) => part !== undefined).length > 1)
    throw badRequest('Specify a domain, a project or the system, not several of them')
  if (asked.effective && asked.group) throw badRequest('Combining effective and group filter will always result in an empty list.')
  if (asked.effective && asked.inherited && asked.domain)
    throw badRequest('Combining effective, domain and inherited filters will always result in an empty list.')
  if (asked.subtree && !asked.project) throw badRequest('scope.project.id must be specified if include_subtree is also specified')
}

function view(entry: Entry, names: Names | null, { href }: BaseContext) {
  const domainOf = (id: string) => ({ domain: { id, name: names?.project.get(id)?.name ?? id } })
  const named = (kind: keyof Names, id: string) => {
    const known = names?.[kind].get(id)
    return known ? { id, name: known.name, ...(known.domainId ? domainOf(known.domainId) : {}) } : { id }
  }
  const effective = 'userId' in entry
  const from = effective ? (entry.inheritedFrom ?? entry.target) : { type: entry.target_type, id: entry.target_id }
  const shown = effective ? entry.target : from
  const inherited = effective ? entry.inheritedFrom !== undefined : entry.inherited
  const actor = effective
    ? entry.groupId
      ? { type: 'group' as const, id: entry.groupId }
      : { type: 'user' as const, id: entry.userId }
    : { type: entry.actor_type, id: entry.actor_id }
  const role = effective ? entry.roleId : entry.role_id
  const grantedRole = effective ? (entry.priorRoleId ?? role) : role
  const path =
    from.type === 'system'
      ? `/system/${actor.type}s/${actor.id}/roles/${grantedRole}`
      : `${inherited ? '/OS-INHERIT' : ''}/${from.type}s/${from.id}/${actor.type}s/${actor.id}/roles/${grantedRole}${inherited ? '/inherited_to_projects' : ''}`
  const place = shown.type === 'system' ? { system: { all: true } } : { [shown.type]: named('project', shown.id) }
  return {
    links: {
      assignment: href(path),
      ...(effective && entry.groupId ? { membership: href(`/groups/${entry.groupId}/users/${entry.userId}`) } : {}),
      ...(effective && entry.priorRoleId ? { prior_role: href(`/roles/${entry.priorRoleId}`) } : {}),
    },
    scope: { ...place, ...(inherited ? { 'OS-INHERIT:inherited_to': 'projects' } : {}) },
    ...(effective ? { user: named('user', entry.userId) } : { [actor.type]: named(actor.type, actor.id) }),
    role: named('role', role),
  }
}

async function entries(context: BaseContext, asked: Ask, only: Set<string> | null): Promise<Entry[]> {
  const { db } = context
  const projects = asked.project
    ? [asked.project, ...(asked.subtree ? (await subtreeOf(db, asked.project)).map((row) => row.id) : [])]
    : undefined
  const targets = projects
    ? { type: 'project' as const, ids: projects }
    : asked.domain
      ? { type: 'domain' as const, ids: [asked.domain] }
      : asked.system
        ? { type: 'system' as const, ids: ['system'] }
        : undefined
  const inherited = asked.inherited ? true : undefined
  const inDomain = (entry: { type: string; id: string }) => only === null || only.has(entry.id)
  if (!asked.effective) {
    const filter: AssignmentFilter = { role: asked.role, targets, inherited }
    if (asked.user) filter.actors = { type: 'user', ids: [asked.user] }
    if (asked.group) filter.actors = { type: 'group', ids: [asked.group] }
    return (await listAssignments(db, filter)).filter((row) => inDomain({ type: row.target_type, id: row.target_id }))
  }
  const all = await effectiveAssignments(db, await listAssignments(db, { inherited }))
  return all.filter(
    (entry) =>
      (!asked.user || entry.userId === asked.user) &&
      (!asked.role || entry.roleId === asked.role) &&
      inDomain(entry.target) &&
      (!targets || (entry.target.type === targets.type && targets.ids.includes(entry.target.id))),
  )
}

export const roleAssignments = operation({
  id: 'role-assignments.list',
  method: 'GET',
  path: '/role_assignments',
  majors: ['v3'],
  summary: 'List role assignments',
  catalog: ['identity-v3.roles.list-role-assignments', 'identity-v3-ext.os-inherit-extension.list-role-assignments'],
  policy: assignmentRules.list,
  async policyTarget({ rawQuery, who, db }) {
    // The tree of a project belongs to its domain; without a project the token's own domain is meant.
    const id = rawQuery.get('scope.project.id')
    const project = id && isOn(rawQuery, 'include_subtree') ? await findProject(db, id) : undefined
    return { target: { domain_id: project?.domain_id ?? who.domain?.id } }
  },
  async handle(context) {
    const { rawQuery, who, db } = context
    const asked = ask(rawQuery)
    check(asked)
    const own = who.domain?.id
    const only = own === undefined ? null : new Set([own, ...(await projectsInDomain(db, own))])
    const rows = await entries(context, asked, only)
    const names = asked.names ? await namesOf(db) : null
    return wholeCollection(
      context,
      'role_assignments',
      '/role_assignments',
      rows.map((row) => view(row, names, context)),
    )
  },
})
