// 10,000 users, 1,000 projects and 100,000 role assignments, straight into the database of a cloud that has been started once.
import { join } from 'node:path'
import { hashPassword } from '../src/auth/passwords.ts'
import { changeGeneration } from '../src/auth/store.ts'
import { openDatabase } from '../src/db/open.ts'
import { createEnvironment } from '../src/environment.ts'
import '../src/auth/tables.ts'

export const size = { users: 10_000, projects: 1_000, assignments: 100_000, groups: 200 }
export const password = 'bench-user'
export const userName = (index: number) => `bench-user-${index}`
export const userId = (index: number) => `b0u${index}`
export const projectId = (index: number) => `b1p${index}`
const groupId = (index: number) => `b2g${index}`

/** Puts the rows there; `cost` is that of the passwords, which all are the same. Gives seconds. */
export async function fillIdentity(at: { databaseUrl: string | null; dataDir: string }, cost: number): Promise<number> {
  const started = performance.now()
  const database = await openDatabase({ databaseUrl: at.databaseUrl, file: join(at.dataDir, 'nephos.db') })
  const environment = createEnvironment({})
  const created_at = new Date(environment.clock.now()).toISOString()
  const password_hash = await hashPassword(password, cost, environment.random)
  const common = { extra: {}, options: {}, created_at }
  const range = (count: number) => Array.from({ length: count }, (_, index) => index)
  const names = ['manager', 'member', 'reader', 'service']
  const roles = await database.read.selectFrom('identity_roles').select('id').where('name', 'in', names).execute()
  await database.write(async ({ db }) => {
    const inParts = async <T>(rows: T[], insert: (part: T[]) => Promise<unknown>) => {
      for (let first = 0; first < rows.length; first += 1000) await insert(rows.slice(first, first + 1000))
    }
    // A tenth of the projects stand below the domain, the others below those.
    const projects = range(size.projects).map((index) => ({
      ...common,
      id: projectId(index),
      name: `bench-project-${index}`,
      domain_id: 'default',
      parent_id: index < size.projects / 10 ? 'default' : projectId(index % (size.projects / 10)),
      is_domain: false,
      description: '',
      tags: [],
    }))
    await inParts(projects, (part) => db.insertInto('identity_projects').values(part).execute())
    const users = range(size.users).map((index) => ({
      ...common,
      id: userId(index),
      name: userName(index),
      domain_id: 'default',
      password_hash,
      password_changed_at: created_at,
      password_expires_at: null,
      default_project_id: null,
      email: `${userName(index)}@example.org`,
      description: null,
    }))
    await inParts(users, (part) => db.insertInto('identity_users').values(part).execute())
    const groups = range(size.groups).map((index) => ({
      id: groupId(index),
      name: `bench-group-${index}`,
      domain_id: 'default',
      description: '',
      extra: {},
      created_at,
    }))
    await inParts(groups, (part) => db.insertInto('identity_groups').values(part).execute())
    // Every user is in two groups, every group has a role on ten projects (one of them for all below), users have the rest.
    const members = range(size.users).flatMap((index) => [
      { group_id: groupId(index % size.groups), user_id: userId(index) },
      { group_id: groupId((index + 7) % size.groups), user_id: userId(index) },
    ])
    await inParts(members, (part) => db.insertInto('identity_group_members').values(part).execute())
    const ofGroups = range(size.groups * 10).map((index) => ({
      actor_type: 'group' as const,
      actor_id: groupId(index % size.groups),
      target_type: 'project' as const,
      target_id: projectId(index % size.projects),
      role_id: roles[Math.floor(index / size.groups) % roles.length]!.id,
      inherited: index < size.groups,
    }))
    const each = Math.ceil((size.assignments - ofGroups.length) / size.users)
    const ofUsers = range(size.assignments - ofGroups.length).map((index) => ({
      actor_type: 'user' as const,
      actor_id: userId(Math.floor(index / each)),
      target_type: 'project' as const,
      target_id: projectId((Math.floor(index / each) * 31 + index) % size.projects),
      role_id: roles[index % roles.length]!.id,
      inherited: false,
    }))
    await inParts([...ofGroups, ...ofUsers], (part) => db.insertInto('identity_assignments').values(part).execute())
    await changeGeneration(db)
  })
  await database.close()
  return (performance.now() - started) / 1000
}
