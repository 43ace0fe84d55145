// Role assignments (reference 6.10.3, 7.1.1), as they were made or as what they come to (`effective`).
import { type Static, Type } from 'typebox'
import { badRequest } from '../../../api/faults.ts'
import { shortOrLong } from '../../../api/long-list.ts'
import { type BaseContext, operation } from '../../../api/operation.ts'
import { findProject } from '../../../auth/store.ts'
import type { Assignment } from '../../../auth/tables.ts'
import type { Db } from '../../../db/database.ts'
import { absent } from '../attributes.ts'
import { inChunks } from '../chunks.ts'
import { flag, WholeCollection, wholeCollection } from '../collection.ts'
import { subtreeOf } from '../projects/store.ts'
import { type Effective, effectiveAssignments } from './expand.ts'
import { assignmentRules } from './rules.ts'
import { addNamesOf, listAssignments, type Names, noNames, projectsInDomain, systemId } from './store.ts'

type Entry = Effective | Assignment

const isOn = (query: URLSearchParams, name: string) => query.has(name) && flag(query.get(name)!)

function ask(query: URLSearchParams) {
  const get = (name: string) => query.get(name) || undefined
  const inherited = query.get('scope.OS-INHERIT:inherited_to')
  return {
    user: get('user.id'),
    group: get('group.id'),
    role: get('role.id'),
    project: get('scope.project.id'),
    domain: get('scope.domain.id'),
    system: query.has('scope.system'),
    /** Anything but `projects` asks for what is not inherited. */
    inherited: inherited === null ? undefined : inherited === 'projects',
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

const Word = Type.Optional(Type.String())
const Query = Type.Object({
  'user.id': Word,
  'group.id': Word,
  'role.id': Word,
  'scope.project.id': Word,
  'scope.domain.id': Word,
  'scope.system': Word,
  'scope.OS-INHERIT:inherited_to': Word,
  effective: Word,
  include_names: Word,
  include_subtree: Word,
})

/** Names are there where they were asked for; the domain, of what is in one. */
const Domain = Type.Object({ id: Type.String(), name: Type.String() })
const Named = Type.Object({ id: Type.String(), name: Word, domain: Type.Optional(Domain) })
const RoleAssignment = Type.Object({
  role: Named,
  /** One of the two. */
  user: Type.Optional(Named),
  group: Type.Optional(Named),
  /** One of the three. */
  scope: Type.Object({
    project: Type.Optional(Named),
    domain: Type.Optional(Named),
    system: Type.Optional(Type.Object({ all: Type.Literal(true) })),
    /** Of what holds below a project or a domain. */
    'OS-INHERIT:inherited_to': Type.Optional(Type.Literal('projects')),
  }),
  links: Type.Object({
    assignment: Type.String(),
    /** Of an effective one that came by a group, or by another role. */
    membership: Word,
    prior_role: Word,
  }),
})

function view(entry: Entry, names: Names | null, { href }: BaseContext): Static<typeof RoleAssignment> {
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
  const place = shown.type === 'system' ? { system: { all: true as const } } : { [shown.type]: named('project', shown.id) }
  return {
    links: {
      assignment: href(path),
      ...(effective && entry.groupId ? { membership: href(`/groups/${entry.groupId}/users/${entry.userId}`) } : {}),
      ...(effective && entry.priorRoleId ? { prior_role: href(`/roles/${entry.priorRoleId}`) } : {}),
    },
    scope: { ...place, ...(inherited ? { 'OS-INHERIT:inherited_to': 'projects' as const } : {}) },
    ...(effective ? { user: named('user', entry.userId) } : { [actor.type]: named(actor.type, actor.id) }),
    role: named('role', role),
  }
}

/** What was asked for, batch by batch; `only`: on these projects and domains. */
async function* entries(db: Db, asked: Ask, only: ReadonlySet<string> | null): AsyncGenerator<Entry[]> {
  const targets = asked.project
    ? {
        type: 'project' as const,
        ids: [asked.project, ...(asked.subtree ? (await subtreeOf(db, asked.project)).map((row) => row.id) : [])],
      }
    : asked.domain
      ? { type: 'domain' as const, ids: [asked.domain] }
      : asked.system
        ? { type: 'system' as const, ids: [systemId] }
        : undefined
  const { user, group, role, inherited } = asked
  const isWanted = (entry: Entry) => only === null || only.has(placeOf(entry).id)
  if (asked.effective) {
    for await (const batch of effectiveAssignments(db, { user, role, targets, inherited })) yield batch.filter(isWanted)
    return
  }
  const actor = user ?? group
  const rows = await listAssignments(db, { role, targets, inherited, actorIds: actor === undefined ? undefined : [actor] })
  const kind = user === undefined ? 'group' : 'user'
  for (const batch of inChunks(rows, 500)) yield batch.filter((row) => isWanted(row) && (actor === undefined || row.actor_type === kind))
}

const placeOf = (entry: Entry) => ('userId' in entry ? entry.target : { type: entry.target_type, id: entry.target_id })

/** Views of entries; what was looked up for one batch serves those that come. */
async function* viewsOf(context: BaseContext, batches: AsyncIterable<Entry[]>, named: boolean): AsyncGenerator<object[]> {
  const names: Names | null = named ? noNames() : null
  for await (const batch of batches) {
    if (names) await addNames(context.db, names, batch)
    yield batch.map((entry) => view(entry, names, context))
  }
}

function addNames(db: Db, names: Names, entries: Entry[]): Promise<void> {
  const ids = { user: new Set<string>(), group: new Set<string>(), project: new Set<string>(), role: new Set<string>() }
  for (const entry of entries) {
    const place = placeOf(entry)
    if (place.type !== 'system') ids.project.add(place.id)
    if ('userId' in entry) ids.user.add(entry.userId)
    else ids[entry.actor_type].add(entry.actor_id)
    ids.role.add('userId' in entry ? entry.roleId : entry.role_id)
  }
  return addNamesOf(db, names, ids)
}

export const roleAssignments = operation({
  id: 'role-assignments.list',
  method: 'GET',
  path: '/role_assignments',
  majors: ['v3'],
  summary: 'List role assignments',
  catalog: ['identity-v3.roles.list-role-assignments', 'identity-v3-ext.os-inherit-extension.list-role-assignments'],
  policy: assignmentRules.list,
  ruleFor: ({ rawQuery }) => (isOn(rawQuery, 'include_subtree') ? assignmentRules.tree : undefined),
  async policyTarget(context) {
    const { rawQuery, who, db } = context
    // The tree of a project belongs to its domain; without a project the token's own domain is meant.
    const id = rawQuery.get('scope.project.id')
    if (!id || !isOn(rawQuery, 'include_subtree')) return { target: { domain_id: who.domain?.id } }
    const project = await findProject(db, id)
    if (!project) throw absent(context, assignmentRules.tree, 'project', id)
    return { target: { domain_id: project.domain_id } }
  },
  query: Query,
  answer: WholeCollection('role_assignments', RoleAssignment),
  async handle(context) {
    const { rawQuery, who, db } = context
    const asked = ask(rawQuery)
    check(asked)
    const own = who.domain?.id
    const only = own === undefined ? null : new Set([own, ...(await projectsInDomain(db, own))])
    const views = viewsOf(context, entries(db, asked, only), asked.names)
    return wholeCollection(context, 'role_assignments', '/role_assignments', await shortOrLong(views))
  },
})
