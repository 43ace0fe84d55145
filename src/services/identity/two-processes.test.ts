// Two control processes on one PostgreSQL: what one changes counts in the other with the next request.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { ask, makeDomain, makeProject, makeUser, passwordAuth } from '../../testing/identity/users.ts'
import { testCloud } from '../../testing/test-cloud.ts'

const postgres = process.env.NEPHOS_TEST_DB === 'postgres'

test('tokens, their end, and new keys: the same in both', { skip: !postgres && 'needs PostgreSQL' }, async () => {
  await using one = await testCloud()
  const { databaseUrl, dataDir } = one.cloud.config
  await using two = await testCloud({ settings: { databaseUrl, keyFile: join(dataDir, 'master-key'), hostName: 'fake-2' } })
  const v3 = '/identity/v3'
  const domain = await makeDomain(one, 'd')
  const project = await makeProject(one, 'p', { domain_id: domain })
  const scope = { project: { id: project } }
  const fresh = async () => {
    const user = await makeUser(one, [['member', `/projects/${project}`]], domain)
    const token = await user.login(scope)
    await ask(two, token, 'GET', '/v3/auth/catalog', { expected: 200 }) // and is remembered there
    return { user, token }
  }
  const ends: Record<string, (made: { user: { id: string }; token: string }) => Promise<unknown>> = {
    'user disabled': ({ user }) => one.admin.patch(`${v3}/users/${user.id}`, { user: { enabled: false } }, 200),
    'password changed': ({ user }) => one.admin.patch(`${v3}/users/${user.id}`, { user: { password: 'x' } }, 200),
    'user deleted': ({ user }) => one.admin.delete(`${v3}/users/${user.id}`),
    revoked: ({ token }) => ask(one, token, 'DELETE', '/v3/auth/tokens', { headers: { 'x-subject-token': token }, expected: 204 }),
    'project disabled': () => enable('projects', project, 'project', false),
    'domain disabled': () => enable('domains', domain, 'domain', false),
  }
  const enable = (path: string, id: string, key: string, enabled: boolean) =>
    one.admin.patch(`${v3}/${path}/${id}`, { [key]: { enabled } }, 200)
  for (const [name, end] of Object.entries(ends)) {
    const made = await fresh()
    await end(made)
    assert.equal((await ask(two, made.token, 'GET', '/v3/auth/catalog')).status, 401, name)
    if (name === 'project disabled') await enable('projects', project, 'project', true)
    if (name === 'domain disabled') await enable('domains', domain, 'domain', true)
  }

  // New keys in one: its tokens count in the other at once, and those of before in both.
  const before = await fresh()
  await one.admin.post(`${v3}/credentials`, { credential: { type: 'note', blob: 'hush' } }, 201)
  for (let i = 0; i < 3; i++) {
    await one.cloud.rotateKeys('token')
    await one.cloud.rotateKeys('credential')
  }
  await ask(two, await before.user.login(scope), 'GET', '/v3/auth/catalog', { expected: 200 })
  await ask(two, before.token, 'GET', '/v3/auth/catalog', { expected: 200 })
  await ask(one, before.token, 'GET', '/v3/auth/catalog', { expected: 200 })
  // What only gives out tokens gives them out under the new keys.
  await two.cloud.rotateKeys('token')
  const given = await ask(one, null, 'POST', '/v3/auth/tokens', {
    body: passwordAuth({ id: before.user.id }, before.user.password),
    expected: 201,
  })
  const primary = two.cloud.keys.token.keys()[0]
  assert.deepEqual(one.cloud.keys.token.keys()[0], primary)
  await ask(two, given.headers.get('x-subject-token'), 'GET', '/v3/auth/projects', { expected: 200 })
  assert.equal((await two.admin.get(`${v3}/credentials?type=note`)).body.credentials[0].blob, 'hush')
})
