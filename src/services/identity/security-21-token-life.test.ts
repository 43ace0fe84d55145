// Each event that takes something from a user ends all older tokens at once, and what was taken does not come back with them.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ask, makeDomain, makeProject, makeUser, passwordAuth, roleId, type TestUser } from '../../testing/identity/users.ts'
import { type TestCloud, testCloud } from '../../testing/test-cloud.ts'

interface Stage {
  cloud: TestCloud
  user: TestUser
  domain: string
  project: string
  group: string
  role: string
}
const v3 = '/identity/v3'
const put = (cloud: TestCloud, path: string) => cloud.admin.request('PUT', v3 + path, { expected: 204 })

const events: Record<string, { end(stage: Stage): Promise<unknown>; undo?(stage: Stage): Promise<unknown>; revives?: boolean }> = {
  'a new password by an administrator': {
    end: ({ cloud, user }) => cloud.admin.patch(`${v3}/users/${user.id}`, { user: { password: 'other' } }, 200),
    undo: ({ cloud, user }) => cloud.admin.patch(`${v3}/users/${user.id}`, { user: { password: user.password } }, 200),
  },
  'a new password by the user': {
    end: ({ cloud, user }) =>
      ask(cloud, null, 'POST', `/v3/users/${user.id}/password`, {
        body: { user: { password: 'other', original_password: user.password } },
        expected: 204,
      }),
  },
  'the user is disabled': {
    end: ({ cloud, user }) => cloud.admin.patch(`${v3}/users/${user.id}`, { user: { enabled: false } }, 200),
    undo: ({ cloud, user }) => cloud.admin.patch(`${v3}/users/${user.id}`, { user: { enabled: true } }, 200),
  },
  'the user is deleted': { end: ({ cloud, user }) => cloud.admin.delete(`${v3}/users/${user.id}`) },
  'the role is taken back': {
    end: ({ cloud, user, project, role }) => cloud.admin.delete(`${v3}/projects/${project}/users/${user.id}/roles/${role}`),
  },
  'the role is deleted': { end: ({ cloud, role }) => cloud.admin.delete(`${v3}/roles/${role}`) },
  'the project is disabled': {
    end: ({ cloud, project }) => cloud.admin.patch(`${v3}/projects/${project}`, { project: { enabled: false } }, 200),
    undo: ({ cloud, project }) => cloud.admin.patch(`${v3}/projects/${project}`, { project: { enabled: true } }, 200),
    revives: true,
  },
  'the project is deleted': { end: ({ cloud, project }) => cloud.admin.delete(`${v3}/projects/${project}`) },
  'the domain is disabled': {
    end: ({ cloud, domain }) => cloud.admin.patch(`${v3}/domains/${domain}`, { domain: { enabled: false } }, 200),
    undo: ({ cloud, domain }) => cloud.admin.patch(`${v3}/domains/${domain}`, { domain: { enabled: true } }, 200),
    revives: true,
  },
  'the token is revoked by its bearer': {
    end: async ({ cloud, user, project }) => {
      const token = await user.login({ project: { id: project } })
      await ask(cloud, token, 'DELETE', '/v3/auth/tokens', { headers: { 'x-subject-token': token }, expected: 204 })
      await ask(cloud, token, 'GET', '/v3/auth/projects', { expected: 401 })
      throw 'only that one'
    },
  },
}

async function stage(cloud: TestCloud): Promise<Stage> {
  const domain = await makeDomain(cloud, 'd')
  const project = await makeProject(cloud, 'p', { domain_id: domain })
  const role = (await cloud.admin.post(`${v3}/roles`, { role: { name: 'special' } }, 201)).body.role.id
  const user = await makeUser(cloud, [['special', `/projects/${project}`]], domain)
  return { cloud, user, domain, project, group: '', role }
}

for (const [name, { end, undo, revives }] of Object.entries(events)) {
  test(`older tokens end at once: ${name}`, async () => {
    await using cloud = await testCloud()
    const now = await stage(cloud)
    const tokens = await Promise.all([1, 2, 3].map(() => now.user.login({ project: { id: now.project } })))
    const works = (expected: number) => Promise.all(tokens.map((token) => ask(cloud, token, 'GET', '/v3/auth/catalog', { expected })))
    await works(200)
    try {
      await end(now)
    } catch (reason) {
      assert.equal(reason, 'only that one', String(reason))
      await works(200)
      return
    }
    await works(401)
    if (!undo) return
    await undo(now)
    await works(revives ? 200 : 401)
    await now.user.login({ project: { id: now.project } })
  })
}

test('a role that came by a group ends with membership, with the group, and with its grant', async () => {
  await using cloud = await testCloud()
  const project = await makeProject(cloud, 'p')
  const member = await roleId(cloud, 'member')
  for (const last of ['member', 'group', 'grant'] as const) {
    const user = await makeUser(cloud)
    const group = (await cloud.admin.post(`${v3}/groups`, { group: { name: `g-${last}` } }, 201)).body.group.id
    await put(cloud, `/groups/${group}/users/${user.id}`)
    await put(cloud, `/projects/${project}/groups/${group}/roles/${member}`)
    const token = await user.login({ project: { id: project } })
    await ask(cloud, token, 'GET', '/v3/auth/catalog', { expected: 200 })
    if (last === 'member') await cloud.admin.delete(`${v3}/groups/${group}/users/${user.id}`)
    else if (last === 'group') await cloud.admin.delete(`${v3}/groups/${group}`)
    else await cloud.admin.delete(`${v3}/projects/${project}/groups/${group}/roles/${member}`)
    await ask(cloud, token, 'GET', '/v3/auth/catalog', { expected: 401 })
    await user.login({ project: { id: project } }, 401)
  }
})

test('tokens survive a restart and the rotation of keys, revoked ones stay revoked', async () => {
  await using cloud = await testCloud()
  const user = await makeUser(cloud)
  const [kept, revoked] = [await user.login(), await user.login()]
  await ask(cloud, revoked, 'DELETE', '/v3/auth/tokens', { headers: { 'x-subject-token': revoked }, expected: 204 })
  await cloud.cloud.rotateKeys('token')
  await ask(cloud, kept, 'GET', '/v3/auth/projects', { expected: 200 })
  await cloud.restart()
  await ask(cloud, kept, 'GET', '/v3/auth/projects', { expected: 200 })
  await ask(cloud, revoked, 'GET', '/v3/auth/projects', { expected: 401 })
})

test('of two changes of a password at once, only one counts', async () => {
  await using cloud = await testCloud()
  const user = await makeUser(cloud)
  const change = (password: string) =>
    ask(cloud, null, 'POST', `/v3/users/${user.id}/password`, { body: { user: { password, original_password: user.password } } })
  const answers = await Promise.all(['a', 'b', 'c', 'd'].map(change))
  assert.deepEqual(answers.map((answer) => answer.status).sort(), [204, 401, 401, 401])
  const logins = await Promise.all(
    ['a', 'b', 'c', 'd'].map((password) => ask(cloud, null, 'POST', '/v3/auth/tokens', { body: passwordAuth({ id: user.id }, password) })),
  )
  assert.equal(logins.filter((answer) => answer.status === 201).length, 1)
})
