// Role grants (reference 6.5.6 to 6.5.13, 6.6.6 to 6.6.13, 7.1): four operations each for user or group on project, domain or
// system, and inherited to what is below a project or domain.
import { forbidden, notFound } from '../../../api/faults.ts'
import { type BaseContext, operation } from '../../../api/operation.ts'
import type { Rule } from '../../../auth/policy.ts'
import { findProject, findUser } from '../../../auth/store.ts'
import { absent } from '../attributes.ts'
import { WholeCollection, wholeCollection } from '../collection.ts'
import { findDomain } from '../domains/domains.ts'
import { tellGrant } from '../events.ts'
import { findGroup } from '../groups/store.ts'
import { Role, roleTarget, roleView } from '../roles/roles.ts'
import { findRole } from '../roles/store.ts'
import { grantRules, systemGrantRules } from './rules.ts'
import { type Actor, deleteGrant, findGrant, type Grant, grantedRoles, insertGrant, systemId, type Target } from './store.ts'

type Params = Record<string, string>

interface Place {
  actor: Actor
  target: Target
  inherited: boolean
}

/** Loads all that the path names, for the rule; whoever is missing is 404 (or 403 for those who may not know). */
async function targetOf(context: BaseContext & { params: unknown }, { actor, target }: Place, rule: Rule) {
  const { db } = context
  const params = context.params as Params
  const seen: Record<string, object> = {}
  const actorId = params[`${actor}_id`]!
  const row = actor === 'user' ? await findUser(db, actorId) : await findGroup(db, actorId)
  if (!row) throw absent(context, rule, actor, actorId)
  seen[actor] = { id: row.id, domain_id: row.domain_id }
  if (target !== 'system') {
    const id = params[`${target}_id`]!
    const place = target === 'domain' ? await findDomain(db, id) : await findProject(db, id)
    if (!place) throw absent(context, rule, target, id)
    seen[target] = { id: place.id, domain_id: place.is_domain ? null : place.domain_id }
  }
  if (params.role_id !== undefined) {
    const role = await findRole(db, params.role_id)
    if (!role) throw absent(context, rule, 'role', params.role_id)
    seen.role = roleTarget(role)
  }
  return { target: seen }
}

const grantOf = (params: unknown, { actor, target, inherited }: Place): Grant => {
  const values = params as Params
  return {
    actor_type: actor,
    actor_id: values[`${actor}_id`]!,
    target_type: target,
    target_id: target === 'system' ? systemId : values[`${target}_id`]!,
    role_id: values.role_id ?? '',
    inherited,
  }
}

/** A domain's own role is granted on no project of another one; on a domain it means nothing but what it implies. */
async function ensureRoleFits({ db, params }: { db: BaseContext['db']; params: unknown }, { target }: Place): Promise<void> {
  const values = params as Params
  const role = await findRole(db, values.role_id!)
  if (!role?.domain_id) return
  if (target === 'domain') return
  const place = target === 'system' ? undefined : await findProject(db, values[`${target}_id`]!)
  if (role.domain_id !== (place?.is_domain ? place.id : place?.domain_id)) {
    throw forbidden(`Cannot assign role ${role.id}, which is domain-specific, outside of its domain.`)
  }
}

type CatalogIds = { list: string; create: string; check: string; revoke: string }

function grantOperations(place: Place, catalog?: CatalogIds) {
  const { actor, target, inherited } = place
  const base =
    target === 'system'
      ? `/system/${actor}s/{${actor}_id}/roles`
      : `${inherited ? '/OS-INHERIT' : ''}/${target}s/{${target}_id}/${actor}s/{${actor}_id}/roles`
  const end = inherited ? '/inherited_to_projects' : ''
  const rules = target === 'system' ? systemGrantRules[actor] : grantRules
  const id = `grants.${target}.${actor}${inherited ? '.inherited' : ''}`
  const what = `for ${actor} on ${target}${inherited ? ', inherited to projects' : ''}`
  const ruledBy = (policy: Rule) => ({
    majors: ['v3'],
    policy,
    policyTarget: (context: BaseContext & { params: unknown }) => targetOf(context, place, policy),
  })
  const ids = (name: keyof CatalogIds) => (catalog ? [catalog[name]] : [])
  const none = (params: Params) =>
    notFound(
      `Could not find role assignment with role: ${params.role_id}, user or group: ${params[`${actor}_id`]}, project, domain, or system: ${params[`${target}_id`] ?? 'system'}.`,
    )
  const exists = async ({ db, params }: { db: BaseContext['db']; params: unknown }) => {
    if (!(await findGrant(db, grantOf(params, place)))) throw none(params as Params)
  }
  const one: string = `${base}/{role_id}${end}`
  return [
    operation({
      ...ruledBy(rules.list),
      id: `${id}.list`,
      method: 'GET',
      path: (base + end) as string,
      summary: `List roles ${what}`,
      catalog: ids('list'),
      answer: WholeCollection('roles', Role),
      async handle(context) {
        const rows = await grantedRoles(context.db, grantOf(context.params, place))
        return wholeCollection(
          context,
          'roles',
          context.request.url!.split('?')[0]!.replace(/^.*?\/v3/, ''),
          rows.map((row) => roleView(row, context)),
        )
      },
    }),
    operation({
      ...ruledBy(rules.create),
      id: `${id}.create`,
      method: 'PUT',
      path: one,
      summary: `Grant a role ${what}`,
      catalog: ids('create'),
      status: 204,
      async handle({ cloud, tx, params }) {
        await ensureRoleFits({ db: tx.db, params }, place)
        const grant = grantOf(params, place)
        if (await insertGrant(tx.db, grant)) await tellGrant(cloud, tx, 'created', grant)
      },
    }),
    operation({
      ...ruledBy(rules.check),
      id: `${id}.check`,
      method: 'HEAD',
      path: one,
      summary: `Check a role ${what}`,
      catalog: ids('check'),
      status: 204,
      handle: exists,
    }),
    operation({
      ...ruledBy(rules.check),
      id: `${id}.check-get`,
      method: 'GET',
      path: one,
      summary: `Check a role ${what}`,
      catalog: [],
      status: 204,
      handle: exists,
    }),
    operation({
      ...ruledBy(rules.revoke),
      id: `${id}.revoke`,
      method: 'DELETE',
      path: one,
      summary: `Revoke a role ${what}`,
      catalog: ids('revoke'),
      status: 204,
      async handle({ cloud, tx, params }) {
        const grant = grantOf(params, place)
        if (!(await deleteGrant(tx.db, grant))) throw none(params as Params)
        await tellGrant(cloud, tx, 'deleted', grant)
      },
    }),
  ]
}

const direct = (target: 'project' | 'domain', actor: Actor): CatalogIds => ({
  list: `identity-v3.${target}s.list-roles-for-${target}-${actor}`,
  create: `identity-v3.${target}s.grant-role-to-${target}-${actor}`,
  check: `identity-v3.${target}s.check-role-for-${target}-${actor}`,
  revoke: `identity-v3.${target}s.revoke-role-from-${target}-${actor}`,
})
const ext = 'identity-v3-ext.os-inherit-extension'
const inherited = {
  project: (actor: Actor): CatalogIds => ({
    list: `${ext}.list-roles-for-${actor}`,
    create: `${ext}.assign-role-to-${actor}`,
    check: `${ext}.check-role-for-${actor}`,
    revoke: `${ext}.revoke-role-from-${actor}`,
  }),
  domain: (actor: Actor): CatalogIds => ({
    list: `${ext}.list-project-roles-for-${actor}-on-domain`,
    create: actor === 'user' ? `${ext}.assign-role-to-user-owned-by-domain-projects` : `${ext}.assign-role-to-group-on-domain-projects`,
    check: `${ext}.check-project-role-for-${actor}-on-domain`,
    revoke: `${ext}.revoke-project-role-from-${actor}-on-domain`,
  }),
}

export const grants = (['user', 'group'] as const).flatMap((actor) => [
  ...(['project', 'domain'] as const).flatMap((target) => [
    ...grantOperations({ actor, target, inherited: false }, direct(target, actor)),
    ...grantOperations({ actor, target, inherited: true }, inherited[target](actor)),
  ]),
  ...grantOperations({ actor, target: 'system', inherited: false }),
])
