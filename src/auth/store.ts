import { sql } from 'kysely'
import { ask, type Db, execute } from '../db/database.ts'
import { statement } from '../db/statement.ts'
import { expiringMemberships } from './federation.ts'
import { noteRevocation } from './revocations.ts'
import './tables.ts'

/** Goes up with every change that may change what a token is worth. Read for each request, so past the query builder. */
export const generation = async (db: Db): Promise<number> =>
  (await ask<{ generation: number }>(db, 'select generation from identity_state where id = 1', []))[0]!.generation

/** Every change that may change what a token is worth calls this in its transaction: cached answers of all processes are void. */
export async function changeGeneration(db: Db): Promise<void> {
  await execute(db, 'update identity_state set generation = generation + 1 where id = 1')
}

/** A token epoch for a user whose id was there before, later than any that the id had: each end of tokens is a generation too. */
export async function laterEpoch(db: Db): Promise<number> {
  await changeGeneration(db)
  return generation(db)
}

export const findUser = (db: Db, id: string) => db.selectFrom('identity_users').selectAll().where('id', '=', id).executeTakeFirst()
export const findProject = (db: Db, id: string) => db.selectFrom('identity_projects').selectAll().where('id', '=', id).executeTakeFirst()

export const findUserByName = (db: Db, domainId: string, name: string) =>
  db.selectFrom('identity_users').selectAll().where('domain_id', '=', domainId).where('name', '=', name).executeTakeFirst()
const projectsIn = (db: Db, domainId: string, isDomain: boolean) =>
  db.selectFrom('identity_projects').selectAll().where('domain_id', '=', domainId).where('is_domain', '=', isDomain)
export const findProjectByName = (db: Db, domainId: string, name: string) =>
  projectsIn(db, domainId, false).where('name', '=', name).executeTakeFirst()
export const findDomainByName = (db: Db, name: string) => projectsIn(db, '', true).where('name', '=', name).executeTakeFirst()

/**
 * What a login names: the project (or, without `domainId`, the domain) of exactly that name, else the only one whose name differs in
 * case alone. On most real clouds the database compares so, and clients say `default`.
 */
export async function findScopeByName(db: Db, name: string, domainId?: string) {
  const among = projectsIn(db, domainId ?? '', domainId === undefined)
  const exact = await among.where('name', '=', name).executeTakeFirst()
  if (exact) return exact
  const alike = await among.where(sql`lower(name)`, '=', sql`lower(${name})`).limit(2).execute()
  return alike.length === 1 ? alike[0] : undefined
}

export interface Bearer {
  id: string
  name: string
  enabled: boolean
  token_epoch: number
  password_expires_at: string | null
  home_id: string
  home_name: string
  home_enabled: boolean
  revoked: number | string
}

const bearer = statement<Bearer>(`select u.id, u.name, u.enabled, u.token_epoch, u.password_expires_at,
    d.id as home_id, d.name as home_name, d.enabled as home_enabled,
    (select count(*) from identity_revoked_tokens where audit_id in (?, ?)) as revoked
  from identity_users u join identity_projects d on d.id = u.domain_id where u.id = ?`)

/** The user with its domain, when both are enabled and none of the audit ids (own, and first of the chain) was revoked. */
export async function findBearer(db: Db, userId: string, auditIds: string[] = []): Promise<Bearer | undefined> {
  const [row] = await bearer(db, [auditIds[0] ?? '', auditIds.at(-1) ?? '', userId])
  return row?.enabled && row.home_enabled && !Number(row.revoked) ? row : undefined
}

interface ScopeRow {
  id: string
  name: string
  is_domain: boolean
  enabled: boolean
  owner_id: string | null
  owner_name: string
  owner_enabled: boolean
}

const scoped =
  statement<ScopeRow>(`select p.id, p.name, p.is_domain, p.enabled, o.id as owner_id, o.name as owner_name, o.enabled as owner_enabled
  from identity_projects p left join identity_projects o on o.id = p.domain_id where p.id = ?`)

/** A project or domain that a token may be for, with its domain (itself, where it is one); undefined when one of them is disabled. */
export async function findScope(db: Db, id: string) {
  const [row] = await scoped(db, [id])
  if (!row?.enabled) return undefined
  const { name, is_domain } = row
  if (is_domain) return { id, name, isDomain: true, domain: { id, name } }
  return row.owner_id && row.owner_enabled ? { id, name, isDomain: false, domain: { id: row.owner_id, name: row.owner_name } } : undefined
}

/** The token of these audit ids (its own first) counts no more, nor those made from it. Rows of tokens that have ended long ago are swept away. */
export async function revokeAudit(db: Db, auditIds: string[], expiresAtMs: number, now: number): Promise<void> {
  const audit_id = auditIds[0]!
  await db
    .deleteFrom('identity_revoked_tokens')
    .where('expires_at', '<', now - keepRevokedMs)
    .execute()
  await db
    .insertInto('identity_revoked_tokens')
    .values({ audit_id, expires_at: expiresAtMs })
    .onConflict((c) => c.column('audit_id').doNothing())
    .execute()
  // The first of a chain takes the chain with it.
  await noteRevocation(db, new Date(now).toISOString(), auditIds.length === 1 ? { audit_chain_id: audit_id } : { audit_id })
  await changeGeneration(db)
}

/** As long as anybody may ask for an expired token (`allow_expired`), and a day more. */
const keepRevokedMs = 31 * 86_400_000

export interface RoleRef {
  id: string
  name: string
  domain_id: string
}

/** Roles with all that they imply. */
export async function withImplied(db: Db, ids: Iterable<string>): Promise<RoleRef[]> {
  const wanted = new Set(ids)
  if (!wanted.size) return []
  const implied = await db.selectFrom('identity_implied_roles').selectAll().execute()
  for (const id of wanted) for (const row of implied) if (row.prior_role_id === id) wanted.add(row.implied_role_id)
  return db
    .selectFrom('identity_roles')
    .select(['id', 'name', 'domain_id'])
    .where('id', 'in', [...wanted])
    .orderBy('name')
    .execute()
}

/** Groups besides those that the user is a member of for good. */
export interface AlsoIn {
  /** Of the user's token, when it came from a federated login. */
  groups?: readonly string[]
  /** Milliseconds: memberships that a login gave for a while count when they last longer; without it none does. */
  now?: number
}

/** Ids by which a user has roles: the user's own and those of the user's groups. */
export async function actorsOf(db: Db, userId: string, { groups = [], now }: AlsoIn = {}): Promise<string[]> {
  const rows = await db.selectFrom('identity_group_members').select('group_id').where('user_id', '=', userId).execute()
  const passing = now === undefined ? [] : await expiringMemberships(db, userId, now)
  return [...new Set([userId, ...groups, ...rows.map((row) => row.group_id), ...passing.map((row) => row.group_id)])]
}

/** Roles of a user on a target in one statement: by whom, from where, what was granted, and what that implies. */
function rolesStatement(ofProject: boolean, groups: number) {
  const also = ' union all select cast(? as text)'.repeat(groups)
  return statement<RoleRef>(`with recursive actors(id) as (
    select group_id from identity_group_members where user_id = ?
    union all select m.group_id from identity_expiring_members m join identity_providers p on p.id = m.provider_id
      where m.user_id = ? and m.expires_at > ? and p.enabled = 1
    union all select cast(? as text)${also}),
  ${
    ofProject
      ? `above(id) as (
    select parent_id from identity_projects where id = ? and parent_id is not null
    union select p.parent_id from identity_projects p join above a on a.id = p.id where p.parent_id is not null),
  sources(id) as (select id from above union all select domain_id from identity_projects where id = ? and is_domain = 0),`
      : ''
  }
  granted(id) as (
    select role_id from identity_assignments
      where actor_id in (select id from actors) and target_id = ? and target_type = ? and inherited = 0
    ${
      ofProject
        ? `union all select role_id from identity_assignments
      where actor_id in (select id from actors) and target_id in (select id from sources) and inherited = 1`
        : ''
    }),
  roles(id) as (
    select id from granted union select i.implied_role_id from identity_implied_roles i join roles r on r.id = i.prior_role_id)
  select id, name, domain_id from identity_roles where domain_id = '' and id in (select id from roles) order by name`)
}
const rolesStatements = new Map<string, ReturnType<typeof rolesStatement>>()

/** All roles of a user on a target: direct, by groups, inherited from above, and implied. A domain's own roles count only by what they imply, whatever their names. */
export function effectiveRoles(
  db: Db,
  userId: string,
  { type, id }: { type: 'project' | 'domain' | 'system'; id: string },
  { groups = [], now }: AlsoIn = {},
): Promise<RoleRef[]> {
  const key = `${type === 'project'} ${groups.length}`
  let ask = rolesStatements.get(key)
  if (!ask) {
    ask = rolesStatement(type === 'project', groups.length)
    rolesStatements.set(key, ask)
  }
  const members = [userId, userId, now ?? Number.MAX_SAFE_INTEGER, userId, ...groups]
  return ask(db, [...members, ...(type === 'project' ? [id, id] : []), id, type])
}

/** Enabled services with their enabled endpoints. */
export async function catalogRows(db: Db) {
  const services = await db.selectFrom('identity_services').selectAll().where('enabled', '=', true).orderBy('type').orderBy('id').execute()
  const endpoints = await db
    .selectFrom('identity_endpoints')
    .selectAll()
    .where('enabled', '=', true)
    .orderBy('interface')
    .orderBy('id')
    .execute()
  return services.map((service) => ({ ...service, endpoints: endpoints.filter((endpoint) => endpoint.service_id === service.id) }))
}
