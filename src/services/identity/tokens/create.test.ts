import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ask, makeUser, passwordAuth } from '../../../testing/identity/users.ts'
import { testCloud } from '../../../testing/test-cloud.ts'

test('a password gives a scoped token with roles and catalog', async () => {
  await using cloud = await testCloud()
  const { status, body, headers } = await cloud.admin.request('POST', '/identity/v3/auth/tokens', {
    body: {
      auth: {
        identity: { methods: ['password'], password: { user: { name: 'admin', domain: { name: 'Default' }, password: 'test-admin' } } },
        scope: { project: { name: 'admin', domain: { id: 'default' } } },
      },
    },
  })
  assert.equal(status, 201)
  assert.ok(headers.get('x-subject-token')!.startsWith('gAAAA'))
  assert.deepEqual(
    body.token.roles.map((role: { name: string }) => role.name),
    ['admin', 'manager', 'member', 'reader'],
  )
  assert.equal(body.token.catalog.find((s: { type: string }) => s.type === 'identity').endpoints[0].url, `${cloud.url}/identity/v3`)
  assert.match(body.token.expires_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/)
})

test('a wrong password, an unknown user and an unknown project all answer the same 401', async () => {
  await using cloud = await testCloud()
  const login = (name: string, password: string, project: string) =>
    cloud.admin.request('POST', '/identity/v3/auth/tokens', {
      body: {
        auth: {
          identity: { methods: ['password'], password: { user: { name, domain: { id: 'default' }, password } } },
          scope: { project: { name: project, domain: { id: 'default' } } },
        },
      },
      expected: 401,
    })
  const answers = await Promise.all([
    login('admin', 'wrong', 'admin'),
    login('nobody', 'test-admin', 'admin'),
    login('admin', 'test-admin', 'nowhere'),
  ])
  assert.equal(new Set(answers.map((answer) => answer.text)).size, 1)
  assert.equal(answers[0]!.body.error.code, 401)
})

test('malformed bodies and tampered tokens are refused in the envelope of identity', async () => {
  await using cloud = await testCloud()
  const broken = await cloud.admin.request('POST', '/identity/v3/auth/tokens', {
    raw: '{"auth":',
    headers: { 'content-type': 'application/json' },
    expected: 400,
  })
  assert.equal(broken.body.error.title, 'Bad Request')
  const token = await cloud.admin.token()
  await cloud.admin.request('GET', '/identity/v3/nothing', { expected: 404 })
  const tampered = `${token.slice(0, 60)}${token[60] === 'A' ? 'B' : 'A'}${token.slice(61)}`
  await cloud.admin.request('GET', '/identity/v3/nothing', { headers: { 'x-auth-token': tampered }, expected: 401 })
})

test('a scope is one, and names come with their domain', async () => {
  await using cloud = await testCloud()
  const user = { name: 'admin', domain: { id: 'default' }, password: 'test-admin' }
  const login = async (who: object, scope: unknown) =>
    (
      await cloud.admin.request('POST', '/identity/v3/auth/tokens', {
        body: { auth: { identity: { methods: ['password'], password: { user: who } }, scope } },
      })
    ).status
  const project = await cloud.admin.projectId()
  assert.equal(await login(user, { project: { id: project }, domain: { id: 'default' } }), 400)
  assert.equal(await login(user, { project: { name: 'admin' } }), 400)
  assert.equal(await login(user, { domain: {} }), 400)
  assert.equal(await login({ name: 'admin', password: 'test-admin' }, 'unscoped'), 400)
  assert.equal(await login(user, { domain: { name: 'Default' } }), 201)
  assert.equal(await login(user, { system: { all: true } }), 201)
  assert.equal(await login(user, 'unscoped'), 201)
})

test('a domain or project of a login is also found in another case, where only one fits', async () => {
  await using cloud = await testCloud()
  const { admin } = cloud
  const user = await makeUser(cloud, [['member', `/projects/${await admin.projectId()}`]])
  const login = (domain: string, project: string, expected: number) =>
    ask(cloud, null, 'POST', '/v3/auth/tokens', {
      body: passwordAuth({ name: user.name, domain: { name: domain } }, user.password, {
        project: { name: project, domain: { name: domain } },
      } as never),
      expected,
    })
  for (const [domain, project] of [
    ['Default', 'admin'],
    ['default', 'Admin'],
    ['DEFAULT', 'ADMIN'],
  ] as const)
    await login(domain, project, 201)
  await login('Defaul_', 'admin', 401)
  // What is there exactly comes first, and of two that fit neither is meant.
  await admin.post('/identity/v3/projects', { project: { name: 'ADMIN' } }, 201)
  assert.equal((await login('default', 'admin', 201)).body.token.project.name, 'admin')
  await login('default', 'ADMIN', 401)
  await login('default', 'Admin', 401)
})
