import { ask, type Db, execute } from '../db/database.ts'
import { expiringMemberships } from './federation.ts'
import './tables.ts'

/** Goes up with every change that may change what a token is worth. Read for each request, so past the query builder. */
export const generation = async (db: Db): Promise<number> =>
  (await ask<{ generation: number }>(db, 'select generation from identity_state where id = 1', []))[0]!.generation

/** Every change that may change what a token is worth calls this in its transaction: cached answers of all processes are void. */
export async function changeGeneration(db: Db): Promise<void> {
  await execute(db, 'update identity_state set generation = generation + 1 where id = 1')
}

export const findUser = (db: Db, id: string) => db.selectFrom('identity_users').selectAll().where('id', '=', id).executeTakeFirst()
export const findProject = (db: Db, id: string) => db.selectFrom('identity_projects').selectAll().where('id', '=', id).executeTakeFirst()

export const findUserByName = (db: Db, domainId: string, name: string) =>
  db.selectFrom('identity_users').selectAll().where('domain_id', '=', domainId).where('name', '=', name).executeTakeFirst()
export const findProjectByName = (db: Db, domainId: string, name: string) =>
  db
    .selectFrom('identity_projects')
    .selectAll()
    .where('domain_id', '=', domainId)
    .where('name', '=', name)
    .where('is_domain', '=', false)
    .executeTakeFirst()
export const findDomainByName = (db: Db, name: string) =>
  db
    .selectFrom('identity_projects')
    .selectAll()
    .where('domain_id', '=', '')
    .where('name', '=', name)
    .where('is_domain', '=', true)
    .executeTakeFirst()

export async function isRevoked(db: Db, auditIds: string[]): Promise<boolean> {
  return (
    (await db.selectFrom('identity_revoked_tokens').select('audit_id').where('audit_id', 'in', auditIds).executeTakeFirst()) !== undefined
  )
}

/** The token of that audit id counts no more, nor those made from it. Rows of tokens that have ended long ago are swept away. */
export async function revokeAudit(db: Db, auditId: string, expiresAtMs: number, now: number): Promise<void> {
  await db
    .deleteFrom('identity_revoked_tokens')
    .where('expires_at', '<', now - keepRevokedMs)
    .execute()
  await db
    .insertInto('identity_revoked_tokens')
    .values({ audit_id: auditId, expires_at: expiresAtMs })
    .onConflict((c) => c.column('audit_id').doNothing())
    .execute()
  await changeGeneration(db)
}

/** As long as anybody may ask for an expired token (`allow_expired`), and a day more. */
const keepRevokedMs = 259_200_000

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

/** Ids of the projects above this one and of its domain, nearest first. */
async function ancestors(db: Db, projectId: string): Promise<string[]> {
  const above: string[] = []
  let project = await findProject(db, projectId)
  while (project?.parent_id && !above.includes(project.parent_id)) {
    above.push(project.parent_id)
    project = await findProject(db, project.parent_id)
  }
  if (project && !project.is_domain && !above.includes(project.domain_id)) above.push(project.domain_id)
  return above
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

/** All roles of a user on a target: direct, by groups, inherited from above, and implied. A domain's own roles count only by what they imply, whatever their names. */
export async function effectiveRoles(
  db: Db,
  userId: string,
  target: { type: 'project' | 'domain' | 'system'; id: string },
  also: AlsoIn = {},
): Promise<RoleRef[]> {
  const actors = await actorsOf(db, userId, also)
  const direct = await db
    .selectFrom('identity_assignments')
    .select('role_id')
    .where('actor_id', 'in', actors)
    .where('target_type', '=', target.type)
    .where('target_id', '=', target.id)
    .where('inherited', '=', false)
    .execute()
  const ids = new Set(direct.map((row) => row.role_id))
  if (target.type === 'project') {
    const above = await ancestors(db, target.id)
    if (above.length) {
      const inherited = await db
        .selectFrom('identity_assignments')
        .select('role_id')
        .where('actor_id', 'in', actors)
        .where('target_id', 'in', above)
        .where('inherited', '=', true)
        .execute()
      for (const row of inherited) ids.add(row.role_id)
    }
  }
  return (await withImplied(db, ids)).filter((role) => role.domain_id === '')
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
