// What is got with a token is never more than the token: it does not last longer, and goes with the first of its chain.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ask, makeProject, makeUser, shiftedClock, tokenAuth } from '../../testing/identity/users.ts'
import { testCloud } from '../../testing/test-cloud.ts'

test('a token from a token keeps its end, its chain and its methods', async () => {
  const clock = shiftedClock()
  await using cloud = await testCloud({ clock })
  const project = await makeProject(cloud, 'p')
  const user = await makeUser(cloud, [['member', `/projects/${project}`]])
  const first = await user.login()
  const show = async (token: string) =>
    (await ask(cloud, token, 'GET', '/v3/auth/tokens', { headers: { 'x-subject-token': token }, expected: 200 })).body.token
  const { expires_at, audit_ids } = await show(first)
  let token = first
  for (let step = 0; step < 3; step++) {
    clock.shift(3_600_000)
    const answer = await ask(cloud, null, 'POST', '/v3/auth/tokens', {
      body: tokenAuth(token, { project: { id: project } }),
      expected: 201,
    })
    token = answer.headers.get('x-subject-token')!
    assert.equal(answer.body.token.expires_at, expires_at)
    assert.equal(answer.body.token.audit_ids[1], audit_ids[0])
    assert.deepEqual([...answer.body.token.methods].sort(), ['password', 'token'])
  }
  const last = await ask(cloud, null, 'POST', '/v3/auth/tokens', { body: tokenAuth(token), expected: 201 })
  await ask(cloud, first, 'DELETE', '/v3/auth/tokens', { headers: { 'x-subject-token': first }, expected: 204 })
  for (const gone of [token, last.headers.get('x-subject-token')!]) await ask(cloud, gone, 'GET', '/v3/auth/projects', { expected: 401 })
})

test('no scope can be had by a token in which its user has no role', async () => {
  await using cloud = await testCloud()
  const [mine, other] = [await makeProject(cloud, 'mine'), await makeProject(cloud, 'other')]
  const user = await makeUser(cloud, [['member', `/projects/${mine}`]])
  const token = await user.login({ project: { id: mine } })
  for (const scope of [
    { project: { id: other } },
    { domain: { id: 'default' } },
    { system: { all: true as const } },
    { project: { id: 'nowhere' } },
  ]) {
    await ask(cloud, null, 'POST', '/v3/auth/tokens', { body: tokenAuth(token, scope), expected: 401 })
  }
})

test('a token for the whole system gives none for a part of it, and one that counts no more gives none at all', async () => {
  await using cloud = await testCloud()
  const project = await makeProject(cloud, 'p')
  const user = await makeUser(cloud, [
    ['reader', '/system'],
    ['reader', `/projects/${project}`],
    ['reader', '/domains/default'],
  ])
  const again = (token: string, scope: Parameters<typeof tokenAuth>[1], expected: number) =>
    ask(cloud, null, 'POST', '/v3/auth/tokens', { body: tokenAuth(token, scope), expected })
  const system = await user.login({ system: { all: true } })
  await again(system, { project: { id: project } }, 403)
  await again(system, { domain: { id: 'default' } }, 403)
  const unscoped = (await again(system, 'unscoped', 201)).headers.get('x-subject-token')!
  await again(unscoped, { project: { id: project } }, 201)
  await ask(cloud, system, 'DELETE', '/v3/auth/tokens', { headers: { 'x-subject-token': system }, expected: 204 })
  for (const dead of [system, unscoped, 'gAAAA', 'x']) {
    const { body } = await again(dead, 'unscoped', 404)
    assert.equal(body.error.message, 'Failed to validate token')
    await ask(cloud, null, 'POST', '/v2.0/tokens', { body: { auth: { token: { id: dead } } }, expected: 401 })
  }
})

test('v2.0 and v3 tokens of a chain end together, and v2.0 gives no way to a longer life', async () => {
  const clock = shiftedClock()
  await using cloud = await testCloud({ clock })
  const project = await makeProject(cloud, 'p')
  const user = await makeUser(cloud, [['member', `/projects/${project}`]])
  const first = await user.login()
  clock.shift(7_200_000)
  const second = (
    await ask(cloud, null, 'POST', '/v2.0/tokens', { body: { auth: { token: { id: first }, tenantName: 'p' } }, expected: 200 })
  ).body.access.token
  const shown = (await ask(cloud, first, 'GET', '/v3/auth/tokens', { headers: { 'x-subject-token': first }, expected: 200 })).body.token
  assert.equal(new Date(second.expires).getTime(), new Date(shown.expires_at).getTime())
  await ask(cloud, first, 'DELETE', '/v3/auth/tokens', { headers: { 'x-subject-token': first }, expected: 204 })
  await ask(cloud, second.id, 'GET', '/v2.0/tenants', { expected: 401 })
})

test("a domain's own role gives nothing by its name, even when that is admin", async () => {
  await using cloud = await testCloud()
  const project = await makeProject(cloud, 'p')
  const role = (await cloud.admin.post('/identity/v3/roles', { role: { name: 'admin', domain_id: 'default' } }, 201)).body.role.id
  const user = await makeUser(cloud, [['reader', `/projects/${project}`]])
  await cloud.admin.request('PUT', `/identity/v3/projects/${project}/users/${user.id}/roles/${role}`, { expected: 204 })
  const token = await user.login({ project: { id: project } })
  await ask(cloud, token, 'GET', '/v3/users', { expected: 403 })
  const implied = (await cloud.admin.get('/identity/v3/roles?name=admin')).body.roles[0].id
  const refused = await cloud.admin.request('PUT', `/identity/v3/roles/${role}/implies/${implied}`)
  assert.equal(refused.status, 403)
})
