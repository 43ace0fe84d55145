// For all pairs of ways to hand authority over: the second never has more than the first, and most cannot be made with it at all.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { delegate, type Kind, kinds, type World } from '../../testing/identity/delegations.ts'
import { ask, makeProject, makeUser, roleId, tokenAuth } from '../../testing/identity/users.ts'
import { testCloud } from '../../testing/test-cloud.ts'

async function world(cloud: World['cloud'], roles = ['manager']): Promise<World> {
  const project = await makeProject(cloud, `p${Math.random()}`)
  const user = await makeUser(
    cloud,
    roles.map((role) => [role, `/projects/${project}`]),
  )
  return { cloud, project, user, trustee: await makeUser(cloud), own: await user.login({ project: { id: project } }) }
}

const names = (answer: { body: { token: { roles: { name: string }[] } } }) => answer.body.token.roles.map((role) => role.name)

/** What may be made with what, and then only downwards. */
const handsOn: Partial<Record<Kind, Kind[]>> = {
  'redelegatable trust': ['trust', 'trust without impersonation', 'redelegatable trust'],
  'unrestricted application credential': ['application credential', 'unrestricted application credential'],
}
const all = ['manager', 'member', 'reader']
const implied: Record<string, string[]> = { manager: all, member: ['member', 'reader'], reader: ['reader'] }

test('of all pairs and all roles the second has a subset of the first, in the same project', { timeout: 300_000 }, async () => {
  await using cloud = await testCloud()
  const { user, ...rest } = await world(cloud)
  const here = { user, ...rest }
  const elsewhere = await makeProject(cloud, 'elsewhere')
  await cloud.admin.request('PUT', `/identity/v3/projects/${elsewhere}/users/${user.id}/roles/${await roleId(cloud, 'manager')}`, {
    expected: 204,
  })
  // Who bears a trust has as much of their own there: it must not flow into what is made with the trust's token.
  const { trustee } = here
  await cloud.admin.request('PUT', `/identity/v3/projects/${here.project}/users/${trustee.id}/roles/${await roleId(cloud, 'manager')}`, {
    expected: 204,
  })
  const ids = Object.fromEntries(await Promise.all(all.map(async (name) => [name, { id: await roleId(cloud, name) }])))
  let handed = 0
  for (const first of kinds) {
    for (const role of first === 'EC2' ? ['manager'] : all) {
      const a = await delegate(here, first, here.own, [ids[role]])
      const answer = await a.login()
      const token = answer.headers.get('x-subject-token')!
      const had = names(answer)
      assert.deepEqual(had, implied[role], `${first} of ${role}`)
      assert.equal(answer.body.token.project.id, here.project)
      const bearer = first === 'trust without impersonation' ? trustee : user
      assert.equal(answer.body.token.user.id, bearer.id)
      const there = { ...here, user: bearer }
      for (const second of kinds) {
        for (const wanted of all) {
          const b = await delegate(there, second, token, [ids[wanted]])
          // A trust hands on the roles that it names, not what they imply.
          const mayHave = first === 'redelegatable trust' ? wanted === role : had.includes(wanted)
          const allowed = handsOn[first]?.includes(second) && mayHave
          assert.equal(b.status, allowed ? 201 : 403, `${first} of ${role}, then ${second} of ${wanted}`)
          if (!allowed) continue
          handed++
          const next = await b.login()
          assert.ok(
            names(next).every((name) => had.includes(name)),
            `${first} of ${role}, then ${second} of ${wanted} has ${names(next)}`,
          )
          assert.equal(next.body.token.project.id, here.project)
        }
      }
      // Another scope, and a token that is more its own, are not to be had either.
      const scopes = [
        undefined,
        { project: { id: elsewhere } },
        { system: { all: true as const } },
        { domain: { id: 'default' } },
        'unscoped' as const,
      ]
      for (const scope of scopes) {
        const again = await ask(cloud, null, 'POST', '/v3/auth/tokens', { body: tokenAuth(token, scope) })
        if (again.status !== 201) assert.ok([401, 403].includes(again.status))
        else {
          assert.equal(again.body.token.project?.id, here.project)
          assert.ok(names(again).every((name) => had.includes(name)))
        }
      }
      // Nor are secrets seen or made, nor what else the user handed over.
      const isApplication = first.endsWith('application credential')
      for (const [method, path, body, expected] of [
        ['GET', '/v3/credentials', undefined, 403],
        ['POST', '/v3/credentials', { credential: { type: 'totp', blob: 'x' } }, 403],
        ['GET', `/v3/users/${bearer.id}/credentials/OS-EC2`, undefined, 403],
        ['GET', `/v3/users/${bearer.id}/OS-OAUTH1/access_tokens`, undefined, 403],
        ['GET', `/v3/users/${bearer.id}/application_credentials`, undefined, isApplication ? 200 : 403],
        ['GET', `/v3/users/${bearer.id}/access_rules`, undefined, isApplication ? 200 : 403],
        ['GET', `/v3/OS-TRUST/trusts?trustor_user_id=${bearer.id}`, undefined, isApplication ? 403 : 200],
      ] as const)
        await ask(cloud, token, method, path, { body, expected })
    }
  }
  assert.ok(handed > 10)
})

test('a role that the delegator loses is lost by all at once, whatever they were handed', async () => {
  await using cloud = await testCloud()
  const here = await world(cloud, ['manager', 'reader'])
  const manager = { id: await roleId(cloud, 'manager') }
  const grant = `/identity/v3/projects/${here.project}/users/${here.user.id}/roles/${manager.id}`
  const made = await Promise.all(kinds.map((kind) => delegate(here, kind, here.own, [manager])))
  const tokens = await Promise.all(made.map(async ({ login }) => (await login()).headers.get('x-subject-token')!))
  const states = () => Promise.all(tokens.map(async (token) => (await ask(cloud, token, 'GET', '/v3/auth/catalog')).status))
  assert.deepEqual(
    await states(),
    kinds.map(() => 200),
  )
  await cloud.admin.delete(grant)
  assert.deepEqual(
    await states(),
    kinds.map((kind) => (kind === 'EC2' ? 200 : 401)),
  )
  for (const [index, { login }] of made.entries()) {
    const answer = await login()
    if (kinds[index] === 'EC2') assert.deepEqual(names(answer), ['reader'])
    else assert.equal(answer.status, 401)
  }
  await cloud.admin.patch(`/identity/v3/users/${here.user.id}`, { user: { enabled: false } }, 200)
  assert.deepEqual(
    await states(),
    kinds.map(() => 401),
  )
  for (const { login } of made) assert.equal((await login()).status, 401)
})
