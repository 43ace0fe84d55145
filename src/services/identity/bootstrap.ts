// What a fresh cloud needs before anybody can ask for a token: the default domain, roles, the admin project and user.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { checkPassword, hashPassword } from '../../auth/passwords.ts'
import { newProject, newUser } from '../../auth/rows.ts'
import { changeGeneration } from '../../auth/store.ts'
import type { Cloud } from '../../cloud.ts'
import { type Config, UserError } from '../../config.ts'
import { demoPassword } from '../../secrets.ts'
import { writeCatalog } from './catalog.ts'
import { ensureDepth } from './limits/model.ts'
import { passwordPattern } from './users/passwords.ts'
import { updateActivity } from './users/store.ts'

const roles = ['admin', 'manager', 'member', 'reader', 'service']
/** Each role has what the next one has. */
const implied: [string, string][] = [
  ['admin', 'manager'],
  ['manager', 'member'],
  ['member', 'reader'],
]

export const defaultDomainId = 'default'

/** Idempotent. The admin's password is that of the settings when it is given there, else it stays. */
export async function bootstrapIdentity(cloud: Cloud, initialPassword: string | null): Promise<void> {
  const { environment, config, database } = cloud
  await ensureDepth(cloud)
  if (config.passwordRegex !== null) passwordPattern(config.passwordRegex)
  const created_at = new Date(environment.clock.now()).toISOString()
  const known = await database.read
    .selectFrom('identity_users')
    .select(['id', 'password_hash'])
    .where('name', '=', 'admin')
    .where('domain_id', '=', defaultDomainId)
    .executeTakeFirst()
  const password = config.adminPassword ?? (known ? null : initialPassword)
  const same = known && password !== null && (await checkPassword(password, known.password_hash, config.passwordCost))
  // In a cloud that has been started before, nothing that was deleted comes back.
  const isFresh = !known && !(await database.read.selectFrom('identity_projects').select('id').limit(1).executeTakeFirst())
  if (isFresh) ensureNewFolder(config)
  const demo = isFresh && config.demo ? demoPassword(config, environment.random) : null
  const hash = (text: string | null) => (text === null ? null : hashPassword(text, config.passwordCost, environment.random))
  const [password_hash, demo_hash] = await Promise.all([hash(same ? null : password), hash(demo)])
  await database.write(async ({ db }) => {
    await db
      .insertInto('identity_projects')
      .values(
        newProject({
          id: defaultDomainId,
          name: 'Default',
          domain_id: '',
          parent_id: null,
          is_domain: true,
          description: 'The default domain',
          created_at,
        }),
      )
      .onConflict((c) => c.doNothing())
      .execute()
    const ids = new Map<string, string>()
    for (const name of roles) {
      const role = await db
        .selectFrom('identity_roles')
        .select('id')
        .where('name', '=', name)
        .where('domain_id', '=', '')
        .executeTakeFirst()
      const id = role?.id ?? environment.hexId()
      ids.set(name, id)
      if (!role)
        await db
          .insertInto('identity_roles')
          .values({ id, name, domain_id: '', description: null, extra: {}, options: { immutable: true }, created_at })
          .execute()
    }
    if (known) {
      // Who gives the password at the start has the machine: nothing keeps that administrator out.
      if (config.adminPassword !== null)
        await updateActivity(db, known.id, { failed_auth_count: 0, failed_auth_at: null, last_active_at: created_at })
      if (password_hash) {
        await db
          .updateTable('identity_users')
          .set(({ eb }) => ({
            password_hash,
            password_changed_at: created_at,
            password_expires_at: null,
            token_epoch: eb('token_epoch', '+', 1),
          }))
          .where('id', '=', known.id)
          .execute()
        await changeGeneration(db)
      }
      return
    }
    for (const [prior, then] of implied) {
      await db
        .insertInto('identity_implied_roles')
        .values({ prior_role_id: ids.get(prior)!, implied_role_id: ids.get(then)! })
        .onConflict((c) => c.doNothing())
        .execute()
    }
    const projectId = environment.hexId()
    await db
      .insertInto('identity_projects')
      .values(newProject({ id: projectId, name: 'admin', description: "The administrators' project", created_at }))
      .execute()
    const userId = environment.hexId()
    await db
      .insertInto('identity_users')
      .values(newUser({ id: userId, name: 'admin', password_hash, created_at }))
      .execute()
    if (demo_hash !== null) {
      const [demoProject, demoUser] = [environment.hexId(), environment.hexId()]
      await db
        .insertInto('identity_projects')
        .values(newProject({ id: demoProject, name: 'demo', description: 'A project to begin with', created_at }))
        .execute()
      await db
        .insertInto('identity_users')
        .values(newUser({ id: demoUser, name: 'demo', password_hash: demo_hash, created_at }))
        .execute()
      for (const [actor_id, role] of [
        [demoUser, 'member'],
        [userId, 'admin'],
      ] as const)
        await db
          .insertInto('identity_assignments')
          .values({ actor_type: 'user', actor_id, role_id: ids.get(role)!, target_type: 'project', target_id: demoProject })
          .execute()
    }
    for (const target of [
      { target_type: 'project', target_id: projectId },
      { target_type: 'domain', target_id: defaultDomainId },
      { target_type: 'system', target_id: 'system' },
    ] as const) {
      await db
        .insertInto('identity_assignments')
        .values({ actor_type: 'user', actor_id: userId, role_id: ids.get('admin')!, ...target })
        .execute()
    }
    await changeGeneration(db)
  })
  await writeCatalog(cloud)
}

/** Throws where the folder holds a cloud although the database does not: a new one would take away the guests and images of the old one. */
function ensureNewFolder({ dataDir, databaseUrl }: Config): void {
  if (!existsSync(join(dataDir, 'openrc'))) return
  const where = databaseUrl ? 'the PostgreSQL database' : join(dataDir, 'nephos.db')
  throw new UserError(
    `The folder ${dataDir} holds a cloud, and ${where} is empty; nothing moves from one database to another. Give the --database-url that the cloud began with (none for SQLite), begin another cloud with another --data-dir, or delete this one with nephos reset.`,
  )
}
