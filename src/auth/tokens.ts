// Tokens carry who, scope, methods, expiry and audit ids; everything else is looked up, so a change counts at once.
import { decode, encode } from '@msgpack/msgpack'
import type { Database, Db } from '../db/database.ts'
import type { Environment } from '../environment.ts'
import { authorityOf, type Delegation, delegationKinds } from './delegation.ts'
import { expiringMemberships, type Federation, isVouchedFor } from './federation.ts'
import { fernetDecrypt, fernetEncrypt } from './fernet.ts'
import type { Keys } from './keys.ts'
import { effectiveRoles, findBearer, findScope, generation } from './store.ts'
import { credentialsOf, type Who } from './who.ts'

export type Scope = { type: 'none' } | { type: 'project'; id: string } | { type: 'domain'; id: string } | { type: 'system' }

/** Bit for each method, as upstream numbers them in its payloads. */
const methodBits = [
  'external',
  'password',
  'token',
  'oauth1',
  'mapped',
  'application_credential',
  'totp',
  'saml2',
  'openid',
  'ec2credential',
]
const versions = { none: 0, domain: 1, project: 2, system: 8 } as const

export interface TokenContent {
  userId: string
  methods: string[]
  scope: Scope
  /** Seconds since the epoch. */
  expiresAt: number
  issuedAt: number
  auditIds: string[]
  /** UserRow.token_epoch when it was made. */
  epoch: number
  delegation?: Delegation
  federation?: Federation
}

const packId = (id: string): Uint8Array | string => (/^[0-9a-f]{32}$/.test(id) ? Buffer.from(id, 'hex') : id)
const unpackId = (id: Uint8Array | string): string => (typeof id === 'string' ? id : Buffer.from(id).toString('hex'))

export interface Tokens {
  /** Makes a token; nothing is checked here. `ttlSeconds` may only shorten, `auditChain` goes on from the token it was got with. */
  issue(content: {
    userId: string
    epoch: number
    methods: string[]
    scope: Scope
    expiresAt?: number
    auditChain?: string
    delegation?: Delegation
    federation?: Federation
  }): {
    token: string
    content: TokenContent
  }
  /** What the token says, when it is ours and not expired (`allowExpiredSeconds` longer on request). Not yet whether it still counts. */
  read(token: string, allowExpiredSeconds?: number): TokenContent | null
  /** Who stands behind the token now, or null when it counts no more. */
  resolve(db: Db, content: TokenContent): Promise<Who | null>
  /**
   * read + resolve, remembered until identity changes anywhere. `current` is the generation of identity data where the caller has
   * read it for this request, together with rows of its own.
   */
  authenticate(token: string, current?: number): Promise<Who | null>
}

const cacheSize = 20_000

export function createTokens(parts: { database: Database; environment: Environment; keys: Keys; lifetimeSeconds: number }): Tokens {
  const { database, environment, keys, lifetimeSeconds } = parts
  const { clock, random } = environment
  // Valid for one generation of identity data; every process reads the generation from the database for each request.
  const cache = new Map<string, Who>()
  let cacheGeneration = -1

  const read: Tokens['read'] = (token, allowExpiredSeconds = 0) => {
    const opened = fernetDecrypt(keys.token.keys(), token)
    if (!opened) return null
    try {
      const [version, user, methods, scopeId, expiresAt, audits, epoch, delegated, federated] = decode(opened.payload) as [
        number,
        Uint8Array | string,
        number,
        Uint8Array | string | null,
        number,
        Uint8Array[],
        number,
        ([kind: number, id: Uint8Array | string, epoch: number] | null)?,
        [providerId: string, protocolId: string, groupIds: (Uint8Array | string)[]]?,
      ]
      if (expiresAt * 1000 + allowExpiredSeconds * 1000 <= clock.now()) return null
      const scope: Scope =
        version === versions.project
          ? { type: 'project', id: unpackId(scopeId!) }
          : version === versions.domain
            ? { type: 'domain', id: unpackId(scopeId!) }
            : version === versions.system
              ? { type: 'system' }
              : { type: 'none' }
      return {
        userId: unpackId(user),
        methods: methodBits.filter((_, bit) => methods & (1 << bit)),
        scope,
        expiresAt,
        issuedAt: opened.seconds,
        auditIds: audits.map((audit) => Buffer.from(audit).toString('base64url')),
        epoch,
        ...(delegated ? { delegation: { kind: delegationKinds[delegated[0]]!, id: unpackId(delegated[1]), epoch: delegated[2] } } : {}),
        ...(federated ? { federation: { providerId: federated[0], protocolId: federated[1], groupIds: federated[2].map(unpackId) } } : {}),
      }
    } catch {
      return null
    }
  }

  const resolve: Tokens['resolve'] = async (db, content) => {
    const bearer = await findBearer(db, content.userId, content.auditIds)
    if (bearer?.token_epoch !== content.epoch) return null
    const { scope, federation } = content
    if (federation && !(await isVouchedFor(db, federation))) return null
    const now = clock.now()
    const also = { groups: federation?.groupIds, now }
    let delegation: Who['delegation'] = null
    let user = bearer
    if (content.delegation) {
      const { kind, id, epoch } = content.delegation
      const authority = await authorityOf(db, kind, id, bearer.id, new Date(now).toISOString())
      if (!authority || authority.delegatorEpoch !== epoch) return null
      if (authority.projectId !== (scope.type === 'project' ? scope.id : null) || !['project', 'none'].includes(scope.type)) return null
      delegation = { ...content.delegation, authority }
      if (authority.userId !== bearer.id) {
        const other = await findBearer(db, authority.userId)
        if (!other) return null
        user = other
      }
    }
    let project: Who['project'] = null
    let domain: Who['domain'] = null
    let roles: Who['roles'] = []
    if (scope.type === 'project') {
      const row = await findScope(db, scope.id)
      if (!row) return null
      project = row
      roles = delegation ? delegation.authority.roles : await effectiveRoles(db, user.id, { type: 'project', id: row.id }, also)
    } else if (scope.type === 'domain') {
      const row = await findScope(db, scope.id)
      if (!row?.isDomain) return null
      domain = row.domain
      roles = await effectiveRoles(db, user.id, { type: 'domain', id: row.id }, also)
    } else if (scope.type === 'system') roles = await effectiveRoles(db, user.id, { type: 'system', id: 'system' }, also)
    if (scope.type !== 'none' && !roles.length) return null
    const passing = await expiringMemberships(db, delegation?.authority.delegatorId ?? user.id, now)
    const who = {
      user: {
        id: user.id,
        name: user.name,
        domain: { id: user.home_id, name: user.home_name },
        passwordExpiresAt: user.password_expires_at,
      },
      project,
      domain,
      system: scope.type === 'system',
      roles,
      methods: content.methods,
      epoch: content.epoch,
      delegation,
      federation: federation ?? null,
      holdsUntil: Math.min(content.expiresAt * 1000, ...passing.map((row) => row.expires_at)),
      auditIds: content.auditIds,
      issuedAt: content.issuedAt * 1000,
      expiresAt: content.expiresAt * 1000,
    }
    return { ...who, credentials: credentialsOf(who) }
  }

  return {
    issue({ userId, epoch, methods, scope, expiresAt, auditChain, delegation, federation }) {
      const now = Math.floor(clock.now() / 1000)
      const end = Math.min(expiresAt ?? Number.POSITIVE_INFINITY, now + lifetimeSeconds)
      const audits = [random.bytes(16)]
      if (auditChain) audits.push(Buffer.from(auditChain, 'base64url'))
      const bits = methods.reduce((sum, method) => sum | (1 << Math.max(0, methodBits.indexOf(method))), 0)
      const scopeId = scope.type === 'project' || scope.type === 'domain' ? packId(scope.id) : null
      const parts: unknown[] = [versions[scope.type], packId(userId), bits, scopeId, end, audits, epoch]
      if (delegation || federation)
        parts.push(delegation ? [delegationKinds.indexOf(delegation.kind), packId(delegation.id), delegation.epoch] : null)
      if (federation) parts.push([federation.providerId, federation.protocolId, federation.groupIds.map(packId)])
      const payload = encode(parts)
      const token = fernetEncrypt(keys.token.keys()[0]!, payload, now, random.bytes(16))
      return {
        token,
        content: {
          userId,
          methods,
          scope,
          expiresAt: end,
          issuedAt: now,
          auditIds: audits.map((audit) => audit.toString('base64url')),
          epoch,
          ...(delegation ? { delegation } : {}),
          ...(federation ? { federation } : {}),
        },
      }
    },
    read,
    resolve,
    async authenticate(token, given) {
      const current = given ?? (await generation(database.read))
      if (current !== cacheGeneration) {
        await keys.refresh()
        cache.clear()
        cacheGeneration = current
      }
      const known = cache.get(token)
      if (known && known.holdsUntil > clock.now()) return known
      const content = read(token)
      const who = content && (await resolve(database.read, content))
      if (!who) return null
      if (cache.size >= cacheSize) cache.delete(cache.keys().next().value!)
      if (cacheGeneration === current) cache.set(token, who)
      return who
    },
  }
}
