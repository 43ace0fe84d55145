import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ask, makeProject, makeUser, roleId, shiftedClock } from '../../../testing/identity/users.ts'
import { testCloud } from '../../../testing/test-cloud.ts'

test('a token is validated, checked and revoked', async () => {
  await using cloud = await testCloud()
  const admin = await cloud.admin.token()
  const project = await makeProject(cloud, 'p')
  const user = await makeUser(cloud, [['member', `/projects/${project}`]])
  const token = await user.login({ project: { id: project } })
  const subject = { 'x-subject-token': token }
  const shown = await ask(cloud, admin, 'GET', '/v3/auth/tokens', { headers: subject, expected: 200 })
  assert.equal(shown.body.token.user.id, user.id)
  assert.equal(shown.body.token.project.id, project)
  assert.deepEqual(
    shown.body.token.roles.map((role: { name: string }) => role.name),
    ['member', 'reader'],
  )
  assert.ok(shown.body.token.catalog.length > 0)
  assert.equal(shown.body.token.audit_ids.length, 1)
  assert.equal(shown.headers.get('x-subject-token'), token)
  const bare = await ask(cloud, admin, 'GET', '/v3/auth/tokens?nocatalog', { headers: subject, expected: 200 })
  assert.equal(bare.body.token.catalog, undefined)
  assert.equal((await ask(cloud, admin, 'HEAD', '/v3/auth/tokens', { headers: subject, expected: 200 })).text, '')
  await ask(cloud, token, 'GET', '/v3/auth/tokens', { headers: subject, expected: 200 })
  await ask(cloud, admin, 'DELETE', '/v3/auth/tokens', { headers: subject, expected: 204 })
  await ask(cloud, admin, 'GET', '/v3/auth/tokens', { headers: subject, expected: 404 })
  await ask(cloud, token, 'GET', '/v3/auth/projects', { expected: 401 })
})

test('who is neither administrator nor subject may not look at a token, and without a subject there is nothing', async () => {
  await using cloud = await testCloud()
  const [one, other] = [await makeUser(cloud), await makeUser(cloud)]
  const token = await one.login()
  for (const method of ['GET', 'HEAD', 'DELETE']) {
    await ask(cloud, await other.login(), method, '/v3/auth/tokens', { headers: { 'x-subject-token': token }, expected: 403 })
    await ask(cloud, token, method, '/v3/auth/tokens', { expected: 404 })
    await ask(cloud, null, method, '/v3/auth/tokens', { headers: { 'x-subject-token': token }, expected: 401 })
  }
  await ask(cloud, token, 'GET', '/v3/auth/tokens', { headers: { 'x-subject-token': token }, expected: 200 })
})

test('the remembered answer goes with the generation: a new role and a new endpoint are seen at once', async () => {
  await using cloud = await testCloud()
  const admin = await cloud.admin.token()
  const project = await makeProject(cloud, 'p')
  const user = await makeUser(cloud, [['reader', `/projects/${project}`]])
  const headers = { 'x-subject-token': await user.login({ project: { id: project } }) }
  const show = async () => (await ask(cloud, admin, 'GET', '/v3/auth/tokens', { headers, expected: 200 })).body.token
  assert.deepEqual(
    (await show()).roles.map((role: { name: string }) => role.name),
    ['reader'],
  )
  await cloud.admin.request('PUT', `/identity/v3/projects/${project}/users/${user.id}/roles/${await roleId(cloud, 'member')}`, {
    expected: 204,
  })
  assert.deepEqual(
    (await show()).roles.map((role: { name: string }) => role.name),
    ['member', 'reader'],
  )
  const service = (await cloud.admin.post('/identity/v3/services', { service: { type: 'extra', name: 'x' } }, 201)).body.service
  await cloud.admin.post(
    '/identity/v3/endpoints',
    { endpoint: { service_id: service.id, interface: 'public', url: 'http://127.0.0.1:1/%(project_id)s' } },
    201,
  )
  const shown = (await show()).catalog.find((entry: { type: string }) => entry.type === 'extra')
  assert.equal(shown.endpoints[0].url, `http://127.0.0.1:1/${project}`)
})

test('an expired token is 404, and for a while can be asked for with allow_expired', async () => {
  const clock = shiftedClock()
  await using cloud = await testCloud({ clock })
  const user = await makeUser(cloud)
  const headers = { 'x-subject-token': await user.login() }
  clock.shift(86_400_000 + 1000)
  const admin = (
    await ask(cloud, null, 'POST', '/v3/auth/tokens', {
      body: {
        auth: {
          identity: { methods: ['password'], password: { user: { name: 'admin', domain: { id: 'default' }, password: 'test-admin' } } },
          scope: { system: { all: true } },
        },
      },
      expected: 201,
    })
  ).headers.get('x-subject-token')
  await ask(cloud, admin, 'GET', '/v3/auth/tokens', { headers, expected: 404 })
  assert.equal((await ask(cloud, admin, 'GET', '/v3/auth/tokens?allow_expired=1', { headers, expected: 200 })).body.token.user.id, user.id)
  await ask(cloud, headers['x-subject-token'], 'GET', '/v3/auth/projects', { expected: 401 })
  clock.shift(172_800_000)
  const later = (
    await ask(cloud, null, 'POST', '/v3/auth/tokens', {
      body: {
        auth: {
          identity: { methods: ['password'], password: { user: { name: 'admin', domain: { id: 'default' }, password: 'test-admin' } } },
          scope: { system: { all: true } },
        },
      },
      expected: 201,
    })
  ).headers.get('x-subject-token')
  await ask(cloud, later, 'GET', '/v3/auth/tokens?allow_expired=1', { headers, expected: 404 })
})

test('a service sees tokens of users, and the scopes of a token are listed', async () => {
  await using cloud = await testCloud()
  const [project, off] = [await makeProject(cloud, 'p'), await makeProject(cloud, 'off', { enabled: false })]
  const service = await makeUser(cloud, [['service', `/projects/${project}`]])
  const user = await makeUser(cloud, [
    ['member', `/projects/${project}`],
    ['member', `/projects/${off}`],
    ['reader', '/domains/default'],
  ])
  const unscoped = await user.login()
  const token = await service.login({ project: { id: project } })
  await ask(cloud, token, 'GET', '/v3/auth/tokens', { headers: { 'x-subject-token': unscoped }, expected: 200 })
  await ask(cloud, token, 'DELETE', '/v3/auth/tokens', { headers: { 'x-subject-token': unscoped }, expected: 403 })
  const ids = async (what: string) =>
    (await ask(cloud, unscoped, 'GET', `/v3/auth/${what}`, { expected: 200 })).body[what].map((row: { id: string }) => row.id)
  assert.deepEqual(await ids('projects'), [project])
  assert.deepEqual(await ids('domains'), ['default'])
  assert.deepEqual((await ask(cloud, unscoped, 'GET', '/v3/auth/system', { expected: 200 })).body.system, [])
  assert.deepEqual((await cloud.admin.get('/identity/v3/auth/system')).body.system, [{ all: true }])
  await ask(cloud, unscoped, 'GET', '/v3/auth/catalog', { expected: 403 })
  assert.ok((await cloud.admin.get('/identity/v3/auth/catalog')).body.catalog.some((entry: { type: string }) => entry.type === 'identity'))
})
