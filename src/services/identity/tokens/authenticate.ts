// From what was sent to who it is and for what: shared by v3 and v2.0. Every refusal is the same 401, so nobody learns which part was wrong.
import { type Fault, forbidden, unauthorized } from '../../../api/faults.ts'
import { authorityOf, type Delegation, type DelegationKind } from '../../../auth/delegation.ts'
import type { Federation } from '../../../auth/federation.ts'
import { checkPassword } from '../../../auth/passwords.ts'
import type { Secret } from '../../../auth/secret.ts'
import { effectiveRoles, findProject, findScopeByName, findUser, findUserByName } from '../../../auth/store.ts'
import type { User } from '../../../auth/tables.ts'
import type { Scope } from '../../../auth/tokens.ts'
import type { Who } from '../../../auth/who.ts'
import type { Cloud } from '../../../cloud.ts'
import { proveByDirectory } from '../ldap/prove.ts'
import { isInactive, isLocked, noteActivity, noteFailure, noteSuccess } from '../users/attempts.ts'
import { isExpired } from '../users/passwords.ts'
import { ensureFactors } from './factors.ts'
import type { ScopeRequest } from './schema.ts'

interface DomainRef {
  id?: string
  name?: string
}

export interface Proof {
  userId: string
  /** User.token_epoch when it was proven. */
  epoch: number
  methods: string[]
  /** Set when the proof was a token: the new one ends with it and is revoked with its chain. */
  expiresAt?: number
  auditChain?: string
  /** Scope of the token it came from, used when no other is asked for. */
  scope?: Scope
  defaultProjectId: string | null
  /** Set when it was proven with something handed over: then the scope is that of the delegation. */
  delegation?: Delegation
  /** Set when an identity provider vouched for the user. */
  federation?: Federation
}

async function domainId(cloud: Cloud, ref: DomainRef | undefined): Promise<string | undefined> {
  if (ref?.id !== undefined) return ref.id
  if (ref?.name !== undefined) return (await findScopeByName(cloud.database.read, ref.name))?.id
  return undefined
}

export interface NamedUser {
  id?: string
  name?: string
  domain?: DomainRef
}

/** The user by id, or by name and domain. */
export async function namedUser(cloud: Cloud, user: NamedUser): Promise<User | undefined> {
  if (user.id !== undefined) return findUser(cloud.database.read, user.id)
  const domain = await domainId(cloud, user.domain)
  return domain !== undefined && user.name !== undefined ? findUserByName(cloud.database.read, domain, user.name) : undefined
}

/** Checks a password; `user` by id, or by name and domain. Throws 401. */
export async function provePassword(cloud: Cloud, user: NamedUser & { password: Secret }): Promise<Proof> {
  const { database, config, environment } = cloud
  const theirs = await proveByDirectory(cloud, user, () => domainId(cloud, user.domain))
  if (theirs) return { userId: theirs.id, epoch: theirs.token_epoch, methods: ['password'], defaultProjectId: null }
  const row = await namedUser(cloud, user)
  const right = await checkPassword(user.password, row?.password_hash ?? null, config.passwordCost)
  const nowMs = environment.clock.now()
  const home = row && (await findProject(database.read, row.domain_id))
  if (!right || !row?.enabled || !home?.enabled || isLocked(config, row, nowMs) || isInactive(config, row, nowMs)) {
    await noteFailure(cloud, right ? undefined : row)
    throw unauthorized()
  }
  if (!(await noteSuccess(cloud, row.id))) throw unauthorized()
  // Only who knows the password is told; dashboards look for these words and then offer to change it.
  if (isExpired(row, new Date(nowMs).toISOString()))
    throw unauthorized(`The password is expired and needs to be changed for user: ${row.id}.`)
  return { userId: row.id, epoch: row.token_epoch, methods: ['password'], defaultProjectId: row.default_project_id }
}

/** A token proves who its user is as long as it counts. Throws `refusal` when it does not, 403 when it is for what was handed over. */
export async function proveToken(cloud: Cloud, token: string, refusal: () => Fault = unauthorized): Promise<Proof> {
  const who = await cloud.tokens.authenticate(token)
  if (!who) throw refusal()
  if (who.delegation && who.delegation.kind !== 'application_credential')
    throw forbidden('A token that acts with what was delegated cannot be used to get another token.')
  const scope: Scope = who.project
    ? { type: 'project', id: who.project.id }
    : who.domain
      ? { type: 'domain', id: who.domain.id }
      : who.system
        ? { type: 'system' }
        : { type: 'none' }
  return {
    userId: who.user.id,
    epoch: who.epoch,
    methods: [...new Set(['token', ...who.methods])],
    expiresAt: Math.floor(who.expiresAt / 1000),
    auditChain: who.auditIds.at(-1)!,
    scope,
    defaultProjectId: null,
    ...(who.delegation ? { delegation: { kind: who.delegation.kind, id: who.delegation.id, epoch: who.delegation.epoch } } : {}),
    ...(who.federation ? { federation: who.federation } : {}),
  }
}

/** The same for the token of a federated login, by the name of its own method as older clients send it. Throws 401 for any other. */
export async function proveFederatedToken(cloud: Cloud, token: string): Promise<Proof> {
  const proof = await proveToken(cloud, token)
  if (!proof.federation) throw unauthorized()
  return proof
}

/** Who bears the delegation, proven by `methods`; the token ends with it and has its scope. Throws 401 when it counts no more. */
export async function proveDelegation(cloud: Cloud, kind: DelegationKind, id: string, bearerId: string, methods: string[]): Promise<Proof> {
  const { read } = cloud.database
  const bearer = await findUser(read, bearerId)
  const authority = bearer && (await authorityOf(read, kind, id, bearerId, new Date(cloud.environment.clock.now()).toISOString()))
  if (!bearer?.enabled || !authority || isInactive(cloud.config, bearer, cloud.environment.clock.now())) throw unauthorized()
  await noteActivity(cloud, bearer)
  return {
    userId: bearerId,
    epoch: bearer.token_epoch,
    methods,
    defaultProjectId: null,
    ...(authority.expiresAt === null ? {} : { expiresAt: Math.floor(Date.parse(authority.expiresAt) / 1000) }),
    scope: authority.projectId === null ? { type: 'none' } : { type: 'project', id: authority.projectId },
    delegation: { kind, id, epoch: authority.delegatorEpoch },
  }
}

/** The scope that was asked for, by ids. Throws 401 when it does not exist. */
export async function findScope(cloud: Cloud, asked: ScopeRequest | undefined, proof: Proof): Promise<Scope> {
  const { read } = cloud.database
  if (asked === undefined) {
    if (proof.scope) return proof.scope
    const home = proof.defaultProjectId
    if (
      home &&
      (await findProject(read, home))?.enabled &&
      (await effectiveRoles(read, proof.userId, { type: 'project', id: home })).length
    )
      return { type: 'project', id: home }
    return { type: 'none' }
  }
  if (asked === 'unscoped' || asked.unscoped) return { type: 'none' }
  if (asked.system) return { type: 'system' }
  if (asked.project) {
    if (asked.project.id !== undefined) return { type: 'project', id: asked.project.id }
    const domain = await domainId(cloud, asked.project.domain)
    const row =
      domain !== undefined && asked.project.name !== undefined ? await findScopeByName(read, asked.project.name, domain) : undefined
    if (row) return { type: 'project', id: row.id }
  } else if (asked.domain) {
    const id = await domainId(cloud, asked.domain)
    if (id !== undefined) return { type: 'domain', id }
  }
  throw unauthorized()
}

/** Makes the token; throws 401 when the user has no role in the scope, and when the user's rules ask for more than was proven. */
export async function issueToken(cloud: Cloud, proof: Proof, scope: Scope): Promise<{ token: string; who: Who }> {
  await cloud.keys.refresh()
  await ensureFactors(cloud, proof.userId, proof.methods)
  const { token, content } = cloud.tokens.issue({
    userId: proof.userId,
    epoch: proof.epoch,
    methods: proof.methods,
    scope,
    expiresAt: proof.expiresAt,
    auditChain: proof.auditChain,
    delegation: proof.delegation,
    federation: proof.federation,
  })
  const who = await cloud.tokens.resolve(cloud.database.read, content)
  if (!who) throw unauthorized()
  return { token, who }
}
