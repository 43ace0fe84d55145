// Effective assignments against a slow model that looks at everything: random trees, groups, inferences and grants, and all filters.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { changeGeneration } from '../../../auth/store.ts'
import type { Assignment } from '../../../auth/tables.ts'
import { type TestCloud, testCloud } from '../../../testing/test-cloud.ts'

interface World {
  domains: string[]
  projects: { id: string; parent: string; domain: string }[]
  users: string[]
  groups: { id: string; members: string[] }[]
  roles: { id: string; domain: string }[]
  implied: { prior: string; brings: string }[]
  grants: Assignment[]
}
type Draw = (below: number) => number

/** mulberry32: the same numbers for the same seed. */
function draws(seed: number): Draw {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

function randomWorld(draw: Draw, prefix: string): World {
  const one = <T>(list: readonly T[]): T => list[draw(list.length)]!
  const names = (kind: string, count: number) => Array.from({ length: count }, (_, index) => `${prefix}${kind}${index}`)
  const domains = names('d', 2)
  const projects: World['projects'] = []
  for (const id of names('p', 9)) {
    const parent = draw(3) && projects.length ? one(projects) : null
    const domain = parent?.domain ?? one(domains)
    projects.push({ id, parent: parent?.id ?? domain, domain })
  }
  const users = names('u', 4)
  const groups = names('g', 3).map((id) => ({ id, members: users.filter(() => draw(2)) }))
  const roles = names('r', 6).map((id, index) => ({ id, domain: index < 4 ? '' : one(domains) }))
  // Cycles among them are allowed.
  const implied = roles.flatMap(({ id }) => roles.flatMap((then) => (then.id !== id && !draw(5) ? [{ prior: id, brings: then.id }] : [])))
  const grants = new Map<string, Assignment>()
  for (let n = 0; n < 16; n++) {
    const type = one(['project', 'project', 'domain', 'system'] as const)
    const actor = one(['user', 'group'] as const)
    const grant: Assignment = {
      actor_type: actor,
      actor_id: actor === 'user' ? one(users) : one(groups).id,
      target_type: type,
      target_id: type === 'project' ? one(projects).id : type === 'domain' ? one(domains) : 'system',
      role_id: one(roles).id,
      inherited: type !== 'system' && draw(2) === 1,
    }
    grants.set(JSON.stringify(grant), grant)
  }
  return { domains, projects, users, groups, roles, implied, grants: [...grants.values()] }
}

async function store(cloud: TestCloud, world: World): Promise<void> {
  const common = { extra: {}, created_at: new Date(0).toISOString() }
  const project = { ...common, description: '', tags: [], options: {} }
  await cloud.cloud.database.write(async ({ db }) => {
    const rows = [
      ...world.domains.map((id) => ({ ...project, id, name: `name ${id}`, domain_id: '', parent_id: null, is_domain: true })),
      ...world.projects.map(({ id, parent, domain }) => ({
        ...project,
        id,
        name: `name ${id}`,
        domain_id: domain,
        parent_id: parent,
        is_domain: false,
      })),
    ]
    await db.insertInto('identity_projects').values(rows).execute()
    const user = { password_hash: null, password_changed_at: null, password_expires_at: null, default_project_id: null, email: null }
    await db
      .insertInto('identity_users')
      .values(
        world.users.map((id) => ({ ...common, ...user, id, name: `name ${id}`, domain_id: 'default', description: null, options: {} })),
      )
      .execute()
    await db
      .insertInto('identity_groups')
      .values(world.groups.map(({ id }) => ({ ...common, id, name: `name ${id}`, domain_id: 'default', description: '' })))
      .execute()
    const members = world.groups.flatMap(({ id, members }) => members.map((user_id) => ({ group_id: id, user_id })))
    if (members.length) await db.insertInto('identity_group_members').values(members).execute()
    await db
      .insertInto('identity_roles')
      .values(
        world.roles.map(({ id, domain }) => ({ ...common, id, name: `name ${id}`, domain_id: domain, description: null, options: {} })),
      )
      .execute()
    const implied = world.implied.map(({ prior, brings }) => ({ prior_role_id: prior, implied_role_id: brings }))
    if (implied.length) await db.insertInto('identity_implied_roles').values(implied).execute()
    await db.insertInto('identity_assignments').values(world.grants).execute()
    await changeGeneration(db)
  })
}

interface Fact {
  user: string
  role: string
  type: string
  target: string
  from: Assignment
}

const isBelow = (world: World, id: string, above: string): boolean => {
  const project = world.projects.find((row) => row.id === id)
  return project !== undefined && (project.parent === above || project.domain === above || isBelow(world, project.parent, above))
}

function brings(world: World, granted: string, wanted: string): boolean {
  const seen = [granted]
  for (const id of seen) for (const { prior, brings } of world.implied) if (prior === id && !seen.includes(brings)) seen.push(brings)
  return seen.includes(wanted)
}

/** All that is true: each user, each place, each role, each grant by which it is so. */
function factsOf(world: World): Fact[] {
  const places = [
    ...world.projects.map(({ id }) => ({ type: 'project', id })),
    ...world.domains.map((id) => ({ type: 'domain', id })),
    { type: 'system', id: 'system' },
  ]
  const facts: Fact[] = []
  for (const user of world.users) {
    for (const place of places) {
      for (const role of world.roles.filter(({ domain }) => domain === '')) {
        for (const from of world.grants) {
          const mine =
            from.actor_type === 'user'
              ? from.actor_id === user
              : world.groups.find((group) => group.id === from.actor_id)!.members.includes(user)
          const here = from.inherited
            ? place.type === 'project' && isBelow(world, place.id, from.target_id)
            : place.type === from.target_type && place.id === from.target_id
          if (mine && here && brings(world, from.role_id, role.id))
            facts.push({ user, role: role.id, type: place.type, target: place.id, from })
        }
      }
    }
  }
  return facts
}

/** Queries and what they must keep of the facts. */
function questions(world: World, draw: Draw): { query: URLSearchParams; keeps(fact: Fact): boolean }[] {
  const one = <T>(list: readonly T[]): T => list[draw(list.length)]!
  return Array.from({ length: 30 }, () => {
    const query = new URLSearchParams({ effective: '' })
    const tests: ((fact: Fact) => boolean)[] = []
    const ask = (name: string, value: string, check: (fact: Fact) => boolean) => {
      query.set(name, value)
      tests.push(check)
    }
    const { user, role, project, domain } = {
      user: one(world.users),
      role: one(world.roles).id,
      project: one(world.projects).id,
      domain: one(world.domains),
    }
    if (draw(2)) ask('user.id', user, (fact) => fact.user === user)
    if (!draw(3)) ask('role.id', role, (fact) => fact.role === role)
    const where = draw(6)
    if (where === 0) ask('scope.project.id', project, (fact) => fact.target === project)
    if (where === 1) {
      query.set('include_subtree', 'true')
      ask('scope.project.id', project, (fact) => fact.target === project || isBelow(world, fact.target, project))
    }
    if (where === 2) ask('scope.domain.id', domain, (fact) => fact.target === domain)
    if (where === 3) ask('scope.system', 'all', (fact) => fact.type === 'system')
    if (!draw(3) && where !== 2) ask('scope.OS-INHERIT:inherited_to', 'projects', (fact) => fact.from.inherited)
    return { query, keeps: (fact) => tests.every((check) => check(fact)) }
  })
}

const pathOf = ({ actor_type, actor_id, target_type, target_id, inherited }: Assignment) =>
  target_type === 'system'
    ? `/system/${actor_type}s/${actor_id}/roles/`
    : `${inherited ? '/OS-INHERIT' : ''}/${target_type}s/${target_id}/${actor_type}s/${actor_id}/roles/`

test('effective lists with any filter say what a slow model says, and tokens carry the same roles', async (t) => {
  await using cloud = await testCloud()
  const first = Number(process.env.NEPHOS_TEST_SEED ?? Math.floor(Math.random() * 1e6))
  for (let seed = first; seed < first + 2; seed++) {
    const draw = draws(seed)
    const world = randomWorld(draw, `${seed}x`)
    await store(cloud, world)
    const facts = factsOf(world)
    for (const { query, keeps } of questions(world, draw)) {
      const { body } = await cloud.admin.get(`/identity/v3/role_assignments?${query}`)
      const got = (body.role_assignments as Record<string, Record<string, never>>[])
        .filter((entry) => entry.user!.id !== undefined && String(entry.user!.id).startsWith(`${seed}x`))
        .map((entry) => {
          const { project, domain } = entry.scope as unknown as Record<string, { id: string } | undefined>
          const link = String(entry.links!.assignment)
            .split('/v3')[1]!
            .replace(/\/roles\/.*/, '/roles/')
          return [entry.user!.id, entry.role!.id, project?.id ?? domain?.id ?? 'system', link].join(' ')
        })
      const expected = facts.filter(keeps).map((fact) => [fact.user, fact.role, fact.target, pathOf(fact.from)].join(' '))
      // Two grants of one actor on one place can bring the same role: the links without the role say how many.
      assert.deepEqual(got.sort(), expected.sort(), `NEPHOS_TEST_SEED=${seed}: ${query}`)
    }
    const now = Math.floor(Date.now() / 1000)
    for (const user of world.users) {
      for (const scope of [
        ...world.projects.map(({ id }) => ({ type: 'project' as const, id })),
        ...world.domains.map((id) => ({ type: 'domain' as const, id })),
        { type: 'system' as const },
      ]) {
        const content = { userId: user, epoch: 0, methods: ['password'], scope, issuedAt: now, expiresAt: now + 60, auditIds: ['a'] }
        const who = await cloud.cloud.tokens.resolve(cloud.cloud.database.read, content)
        const target = 'id' in scope ? scope.id : 'system'
        const expected = new Set(facts.filter((fact) => fact.user === user && fact.target === target).map((fact) => fact.role))
        assert.deepEqual(
          (who?.roles ?? []).map(({ id }) => id).sort(),
          [...expected].sort(),
          `NEPHOS_TEST_SEED=${seed}: ${user} on ${target}`,
        )
      }
    }
  }
  t.diagnostic(`seeds from ${first}`)
})

test('plain lists keep grants as they were made, by every filter, with the names of all that they mention', async () => {
  await using cloud = await testCloud()
  const first = Number(process.env.NEPHOS_TEST_SEED ?? Math.floor(Math.random() * 1e6))
  for (let seed = first; seed < first + 2; seed++) {
    const draw = draws(seed)
    const world = randomWorld(draw, `${seed}x`)
    await store(cloud, world)
    for (const { actor_type, actor_id, target_type, target_id, role_id, inherited } of world.grants) {
      const asked: [string, string, (grant: Assignment) => boolean][] = [
        [`${actor_type}.id`, actor_id, (grant) => grant.actor_id === actor_id],
        ['role.id', role_id, (grant) => grant.role_id === role_id],
        target_type === 'system'
          ? ['scope.system', 'all', (grant) => grant.target_type === 'system']
          : [`scope.${target_type}.id`, target_id, (grant) => grant.target_id === target_id],
        ['scope.OS-INHERIT:inherited_to', inherited ? 'projects' : 'none', (grant) => grant.inherited === inherited],
      ]
      const some = asked.filter(() => draw(2))
      const query = new URLSearchParams([
        ['include_names', ''] as [string, string],
        ...some.map(([name, value]): [string, string] => [name, value]),
      ])
      const { body } = await cloud.admin.get(`/identity/v3/role_assignments?${query}`)
      // biome-ignore lint/suspicious/noExplicitAny: entries of any kind
      const own = (body.role_assignments as any[]).filter((entry) => String(entry.role.id).startsWith(`${seed}x`))
      const got = own.map((entry) => {
        const target = entry.scope.project ?? entry.scope.domain
        for (const named of [entry.user ?? entry.group, entry.role, ...(target ? [target] : [])]) {
          assert.equal(named.name, `name ${named.id}`)
          if (named.domain) assert.ok(named.domain.id === 'default' ? named.domain.name === 'Default' : named.domain.name)
        }
        if (entry.scope.project) assert.equal(target.domain.name, `name ${target.domain.id}`)
        return `${pathOf({
          actor_type: entry.user ? 'user' : 'group',
          actor_id: (entry.user ?? entry.group).id,
          target_type: entry.scope.project ? 'project' : entry.scope.domain ? 'domain' : 'system',
          target_id: target?.id ?? 'system',
          role_id: entry.role.id,
          inherited: entry.scope['OS-INHERIT:inherited_to'] === 'projects',
        })}${entry.role.id}`
      })
      const expected = world.grants.filter((grant) => some.every(([, , check]) => check(grant)))
      assert.deepEqual(got.sort(), expected.map((grant) => pathOf(grant) + grant.role_id).sort(), `NEPHOS_TEST_SEED=${seed}: ${query}`)
    }
  }
})
