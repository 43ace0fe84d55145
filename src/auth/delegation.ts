// The one rule for everything that acts with another's authority - trusts, application credentials, OAuth, EC2 credentials:
// the project is fixed, and the roles are those that were handed over, as long as the delegator still has every one of them.
import type { Db } from '../db/database.ts'
import type { AccessRuleRow, Trust } from './delegation-tables.ts'
import './delegation-tables.ts'
import { effectiveRoles, findProject, findUser, type RoleRef, withImplied } from './store.ts'

export const delegationKinds = ['trust', 'application_credential', 'access_token', 'ec2'] as const
export type DelegationKind = (typeof delegationKinds)[number]

/** What a token says of it: all else is looked up at each use. */
export interface Delegation {
  kind: DelegationKind
  id: string
  /** UserRow.token_epoch of the delegator when it was made: a new password of the delegator ends it too. */
  epoch: number
}

/** What a delegation is worth now. */
export interface Authority {
  /** As whom the bearer appears. */
  userId: string
  delegatorId: string
  delegatorEpoch: number
  /** null: a trust without a project gives no roles. */
  projectId: string | null
  roles: RoleRef[]
  /** ISO time. */
  expiresAt: string | null
  trust?: Trust
  application?: { id: string; name: string; unrestricted: boolean; accessRules: AccessRuleRow[] | null }
  consumerId?: string
}

interface Grant extends Omit<Authority, 'roles' | 'delegatorEpoch'> {
  /** Whose the token must be. */
  bearerId: string
  /** null: all that the delegator has in the project. */
  roleIds: string[] | null
}

export const findTrust = (db: Db, id: string) => db.selectFrom('identity_trusts').selectAll().where('id', '=', id).executeTakeFirst()

/** The trust and those that it was handed on from, the first one last; null when one of them is gone or expired. */
export async function trustChain(db: Db, id: string, now: string): Promise<Trust[] | null> {
  const chain: Trust[] = []
  for (let next: string | null = id; next !== null; next = chain.at(-1)!.redelegated_trust_id) {
    const trust = await findTrust(db, next)
    if (!trust || chain.length > 16 || (trust.expires_at !== null && trust.expires_at <= now)) return null
    chain.push(trust)
  }
  return chain
}

const loaders: Record<DelegationKind, (db: Db, id: string, now: string) => Promise<Grant | null>> = {
  async trust(db, id, now) {
    const chain = await trustChain(db, id, now)
    const trust = chain?.[0]
    if (!chain || !trust) return null
    const root = chain.at(-1)!
    const within = chain.every(
      (link) => link.project_id === trust.project_id && trust.role_ids.every((role) => link.role_ids.includes(role)),
    )
    if (!within) return null
    return {
      bearerId: trust.trustee_user_id,
      userId: trust.impersonation ? trust.trustor_user_id : trust.trustee_user_id,
      delegatorId: root.trustor_user_id,
      projectId: trust.project_id,
      roleIds: trust.role_ids,
      expiresAt: trust.expires_at,
      trust,
    }
  },
  async application_credential(db, id) {
    const row = await db.selectFrom('identity_application_credentials').selectAll().where('id', '=', id).executeTakeFirst()
    if (!row) return null
    const ids = row.access_rule_ids
    const rules = ids.length ? await db.selectFrom('identity_access_rules').selectAll().where('id', 'in', ids).execute() : null
    return {
      bearerId: row.user_id,
      userId: row.user_id,
      delegatorId: row.user_id,
      projectId: row.project_id,
      roleIds: row.role_ids,
      expiresAt: row.expires_at,
      application: { id: row.id, name: row.name, unrestricted: row.unrestricted, accessRules: rules },
    }
  },
  async access_token(db, id) {
    const row = await db.selectFrom('identity_access_tokens').selectAll().where('id', '=', id).executeTakeFirst()
    if (!row) return null
    return {
      bearerId: row.authorizing_user_id,
      userId: row.authorizing_user_id,
      delegatorId: row.authorizing_user_id,
      projectId: row.project_id,
      roleIds: row.role_ids,
      expiresAt: row.expires_at,
      consumerId: row.consumer_id,
    }
  },
  async ec2(db, id) {
    const row = await db
      .selectFrom('identity_credentials')
      .selectAll()
      .where('delegation_id', '=', id)
      .where('type', '=', 'ec2')
      .executeTakeFirst()
    if (!row?.project_id) return null
    return {
      bearerId: row.user_id,
      userId: row.user_id,
      delegatorId: row.user_id,
      projectId: row.project_id,
      roleIds: null,
      expiresAt: null,
    }
  },
}

/** The bearer's authority by that delegation at `now` (ISO), or null when it counts no more: gone, expired, or a role was lost. */
export async function authorityOf(db: Db, kind: DelegationKind, id: string, bearerId: string, now: string): Promise<Authority | null> {
  const grant = await loaders[kind](db, id, now)
  if (!grant || grant.bearerId !== bearerId || (grant.expiresAt !== null && grant.expiresAt <= now)) return null
  const delegator = await findUser(db, grant.delegatorId)
  const home = delegator && (await findProject(db, delegator.domain_id))
  if (!delegator?.enabled || !home?.enabled) return null
  const { roleIds, bearerId: _, ...rest } = grant
  const roles = await rolesOf(db, grant.delegatorId, grant.projectId, roleIds, Date.parse(now))
  return roles && { ...rest, delegatorEpoch: delegator.token_epoch, roles }
}

async function rolesOf(
  db: Db,
  delegatorId: string,
  projectId: string | null,
  roleIds: string[] | null,
  now: number,
): Promise<RoleRef[] | null> {
  if (projectId === null) return []
  const own = await effectiveRoles(db, delegatorId, { type: 'project', id: projectId }, { now })
  if (roleIds === null) return own.length ? own : null
  if (!roleIds.length || !roleIds.every((id) => own.some((role) => role.id === id))) return null
  const handed = await withImplied(db, roleIds)
  return own.filter((role) => handed.some(({ id }) => id === role.id))
}
