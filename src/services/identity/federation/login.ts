// From what an identity provider says of somebody to a proof that a token can be made from.
import { Fault, unauthorized } from '../../../api/faults.ts'
import type { ProtocolRow, Provider } from '../../../auth/federation-tables.ts'
import { findDomainByName, findProject, findProjectByName, findUser, findUserByName } from '../../../auth/store.ts'
import type { User } from '../../../auth/tables.ts'
import type { Cloud } from '../../../cloud.ts'
import type { Db } from '../../../db/database.ts'
import { type Grant, insertGrant } from '../assignments/store.ts'
import { tellGrant } from '../events.ts'
import { addProject } from '../projects/create.ts'
import { findRoleByName } from '../roles/store.ts'
import type { Proof } from '../tokens/authenticate.ts'
import type { Claims } from './mapping/claims.ts'
import { type DomainRef, evaluate, type Mapped } from './mapping/evaluate.ts'
import type { Rule } from './mapping/schema.ts'
import { findMapping, findProtocol, findProvider } from './store.ts'
import { knownFederatedUser, type Login, renewMemberships, writeFederatedUser } from './users.ts'

/** More would not fit into a token. */
const mostGroups = 100

export interface Place {
  provider: Provider
  protocol: ProtocolRow
}

/** The enabled provider and its protocol. Throws 401, the same for all that could be amiss. */
export async function findPlace(cloud: Cloud, providerId: string, protocolId: string): Promise<Place> {
  const { read } = cloud.database
  const provider = await findProvider(read, providerId)
  const protocol = provider && (await findProtocol(read, providerId, protocolId))
  if (!provider?.enabled || !protocol) throw unauthorized()
  return { provider, protocol }
}

/** Who that is by the protocol's mapping; the user's row, groups and projects are made where they must. Throws 401. */
export async function proveFederated(cloud: Cloud, { provider, protocol }: Place, claims: Claims): Promise<Proof> {
  const refuse = (reason: string) => {
    cloud.log.info({ provider: provider.id, protocol: protocol.id, reason }, 'a federated login was refused')
    return unauthorized('Could not map any federated user properties to identity values.')
  }
  const mapping = await findMapping(cloud.database.read, protocol.mapping_id)
  if (!mapping) throw refuse('its mapping is gone')
  const rules = mapping.mapping_rules as Rule[]
  let mapped = evaluate(rules, claims)
  // An address that nobody verified must not make somebody a user who is here already.
  if (mapped?.user.type === 'local' && claims.email_verified === false) mapped = evaluate(rules, { ...claims, email: undefined })
  if (!mapped) throw refuse('no rule of the mapping holds')
  const methods = [['saml2', 'openid'].includes(protocol.id) ? protocol.id : 'mapped']
  if (mapped.user.type === 'local') {
    const user = await findLocal(cloud.database.read, mapped)
    if (!user?.enabled) throw refuse('there is no such local user')
    return { userId: user.id, epoch: user.token_epoch, methods, defaultProjectId: user.default_project_id }
  }
  const { id, name, email, domain } = mapped.user
  const uniqueId = id ?? name
  if (!uniqueId) throw refuse('the mapping names no user')
  if (uniqueId.length > 255 || /\p{Cc}/u.test(uniqueId + (name ?? ''))) throw refuse('the name is no name')
  const domainId = domain ? await domainIdOf(cloud.database.read, domain) : provider.domain_id
  if (domainId === undefined) throw refuse('the domain of the user is not here')
  const login: Login = {
    providerId: provider.id,
    protocolId: protocol.id,
    uniqueId,
    displayName: name ?? uniqueId,
    email: email?.slice(0, 255) ?? null,
    domainId,
  }
  const groupIds = await groupsOf(cloud.database.read, mapped)
  if (groupIds === null) throw refuse('a group of the mapping is not here')
  if (groupIds.length > mostGroups) throw refuse(`it is in more than ${mostGroups} groups`)
  const user = await settle(cloud, { provider, login, groupIds, projects: mapped.projects }).catch((error) => {
    throw error instanceof Lacking ? refuse(error.message) : error
  })
  if (!user.enabled) throw refuse('the user is disabled')
  return {
    userId: user.id,
    epoch: user.token_epoch,
    methods,
    defaultProjectId: null,
    federation: { providerId: provider.id, protocolId: protocol.id, groupIds },
  }
}

/** What the mapping asks for is not here. */
class Lacking extends Error {}

interface Settlement {
  provider: Provider
  login: Login
  groupIds: string[]
  projects: Mapped['projects']
}

/** Writes what the login brings, in one transaction; nothing when all is there already. Throws Lacking for a domain or role that is not here. */
async function settle(cloud: Cloud, settlement: Settlement): Promise<User> {
  for (let tries = 1; ; tries++) {
    try {
      return await settleOnce(cloud, settlement)
    } catch (error) {
      // Somebody else made the same row at the same moment: now it is there.
      if (tries === 3 || !(error instanceof Fault && error.status === 409)) throw error
    }
  }
}

async function settleOnce(cloud: Cloud, { provider, login, groupIds, projects }: Settlement): Promise<User> {
  const { clock } = cloud.environment
  const lasting = (provider.authorization_ttl ?? 0) > 0
  const known = await knownFederatedUser(cloud.database.read, login)
  if (known && !lasting && !projects.length) return known
  const now = clock.now()
  const iso = new Date(now).toISOString()
  return cloud.database.write(async (tx) => {
    const user = await writeFederatedUser(tx.db, login, iso)
    if (lasting) {
      const until = now + provider.authorization_ttl! * 60_000
      await renewMemberships(tx.db, { userId: user.id, providerId: provider.id, groupIds, until, now })
    }
    for (const { name, domain, roles } of projects) {
      const domainId = domain ? await domainIdOf(tx.db, domain) : provider.domain_id
      if (domainId === undefined) throw new Lacking('the domain of a project is not here')
      const project =
        (await findProjectByName(tx.db, domainId, name)) ?? (await addProject(cloud, tx, { name, domain_id: domainId }, domainId, iso))
      for (const roleName of roles) {
        const role = await findRoleByName(tx.db, roleName)
        if (!role) throw new Lacking(`the role ${roleName} is not here`)
        const grant: Grant = {
          actor_type: 'user',
          actor_id: user.id,
          target_type: 'project',
          target_id: project.id,
          role_id: role.id,
          inherited: false,
        }
        if (await insertGrant(tx.db, grant)) await tellGrant(cloud, tx, 'created', grant)
      }
    }
    return user
  })
}

async function domainIdOf(db: Db, { id, name }: DomainRef): Promise<string | undefined> {
  const row = id !== undefined ? await findProject(db, id) : name !== undefined ? await findDomainByName(db, name) : undefined
  return row?.is_domain ? row.id : undefined
}

/** The user who is here already: by id, or by name and domain. */
async function findLocal(db: Db, { user: { id, name, domain } }: Mapped): Promise<User | undefined> {
  if (id !== undefined) return findUser(db, id)
  const domainId = domain && (await domainIdOf(db, domain))
  return name === undefined || domainId === undefined ? undefined : findUserByName(db, domainId, name)
}

/** Ids of the groups. Names that are no group here are left out, as upstream does; an id that is none gives null. */
async function groupsOf(db: Db, { groupIds, groupNames }: Mapped): Promise<string[] | null> {
  const found = new Set<string>()
  if (groupIds.length) {
    const rows = await db.selectFrom('identity_groups').select('id').where('id', 'in', groupIds.slice(0, 1000)).execute()
    if (rows.length < groupIds.length) return null
    for (const row of rows) found.add(row.id)
  }
  const byDomain = new Map<string, string[]>()
  for (const { name, domain } of groupNames) {
    const id = await domainIdOf(db, domain)
    if (id !== undefined) byDomain.set(id, [...(byDomain.get(id) ?? []), name])
  }
  for (const [domainId, names] of byDomain) {
    const rows = await db
      .selectFrom('identity_groups')
      .select('id')
      .where('domain_id', '=', domainId)
      .where('name', 'in', names.slice(0, 1000))
      .execute()
    for (const row of rows) found.add(row.id)
  }
  return [...found].sort()
}
