import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hashPassword } from '../../../auth/passwords.ts'
import { ask, makeProject, makeUser, passwordAuth, shiftedClock, tokenAuth } from '../../../testing/identity/users.ts'
import { testCloud } from '../../../testing/test-cloud.ts'

async function world() {
  const clock = shiftedClock()
  const cloud = await testCloud({ clock })
  const project = await makeProject(cloud, 'p')
  const user = await makeUser(cloud, [['manager', `/projects/${project}`]])
  const own = await user.login({ project: { id: project } })
  const path = `/v3/users/${user.id}/application_credentials`
  const make = async (more: object = {}, expected = 201, token = own) =>
    (await ask(cloud, token, 'POST', path, { body: { application_credential: { name: 'a', ...more } }, expected })).body
      .application_credential
  const login = (application_credential: object, expected: number) =>
    ask(cloud, null, 'POST', '/v3/auth/tokens', {
      body: { auth: { identity: { methods: ['application_credential'], application_credential } } },
      expected,
    })
  return { clock, cloud, project, user, own, path, make, login }
}

test('an application credential logs in by id or by name, for its project with its roles', async () => {
  const { cloud, project, user, path, make, login, own } = await world()
  await using _ = cloud
  const made = await make({ roles: [{ name: 'member' }], secret: 'chosen', description: 'd' })
  assert.equal(made.secret, 'chosen')
  assert.equal(made.project_id, project)
  const right = [
    { id: made.id, secret: 'chosen' },
    { name: 'a', user: { id: user.id }, secret: 'chosen' },
    { name: 'a', user: { name: user.name, domain: { id: 'default' } }, secret: 'chosen' },
  ]
  for (const asked of right) {
    const { token } = (await login(asked, 201)).body
    assert.equal(token.user.id, user.id)
    assert.equal(token.project.id, project)
    assert.deepEqual(
      token.roles.map((role: { name: string }) => role.name),
      ['member', 'reader'],
    )
    assert.deepEqual(token.application_credential, { id: made.id, name: 'a', restricted: true })
    await login({ ...asked, secret: 'wrong' }, 401)
  }
  await login({ name: 'a', user: { id: 'nobody' }, secret: 'chosen' }, 401)
  const shown = (await ask(cloud, own, 'GET', `${path}/${made.id}`, { expected: 200 })).body.application_credential
  assert.equal(shown.secret, undefined)
  assert.equal((await ask(cloud, own, 'GET', `${path}?name=a`, { expected: 200 })).body.application_credentials.length, 1)
  assert.equal((await ask(cloud, own, 'GET', `${path}?name=b`, { expected: 200 })).body.application_credentials.length, 0)
  const rows = JSON.stringify(await cloud.cloud.database.read.selectFrom('identity_application_credentials').selectAll().execute())
  assert.ok(!rows.includes('chosen'))
  const random = await make({ name: 'b' })
  assert.ok(random.secret.length > 60)
  assert.equal(random.roles.length, 3)
  const scoped = await ask(cloud, null, 'POST', '/v3/auth/tokens', {
    body: {
      auth: {
        identity: { methods: ['application_credential'], application_credential: { id: made.id, secret: 'chosen' } },
        scope: { project: { id: project } },
      },
    },
  })
  assert.equal(scoped.status, 401)
})

test('only its user makes one, once by name, and not with what it has not', async () => {
  const { cloud, user, path, make, own } = await world()
  await using _ = cloud
  await make()
  await make({}, 409)
  await make({ name: 'r', roles: [{ name: 'admin' }] }, 403)
  await make({ name: 'r', roles: [{ id: 'nowhere' }] }, 404)
  await make({ name: 'r' }, 400, await user.login())
  await make({ name: 'r' }, 403, await cloud.admin.token())
  for (const bad of [
    { name: '' },
    { name: 'a'.repeat(256) },
    { name: 'a\nb' },
    { name: 5 },
    { roles: 'member' },
    { unrestricted: 'yes' },
    { expires_at: 'soon' },
    { expires_at: '2001-01-01T00:00:00' },
    { unknown: 1 },
    { access_rules: [{ service: 'compute', method: 'FETCH', path: '/' }] },
    { access_rules: [{ service: 'compute' }] },
  ])
    await make({ name: 'r', ...bad }, 400)
  const stranger = await (await makeUser(cloud)).login()
  await ask(cloud, stranger, 'GET', path, { expected: 403 })
  await ask(cloud, own, 'GET', `${path}/nowhere`, { expected: 404 })
  await Promise.all(
    Array.from({ length: 20 }, () => ask(cloud, own, 'POST', path, { body: { application_credential: { name: 'x' } } })),
  ).then((answers) => assert.equal(answers.filter(({ status }) => status === 201).length, 1))
})

test('tokens end with the credential, its time, and a new password', async () => {
  const { clock, cloud, project, user, own, path, make, login } = await world()
  await using _ = cloud
  const alive = async (token: string) => (await ask(cloud, token, 'GET', '/v3/auth/catalog')).status
  const deleted = await make({ name: 'd' })
  const first = (await login(deleted, 201)).headers.get('x-subject-token')!
  const again = await ask(cloud, null, 'POST', '/v3/auth/tokens', { body: tokenAuth(first), expected: 201 })
  await ask(cloud, first, 'DELETE', `${path}/${deleted.id}`, { expected: 403 })
  await ask(cloud, own, 'DELETE', `${path}/${deleted.id}`, { expected: 204 })
  for (const token of [first, again.headers.get('x-subject-token')!]) assert.equal(await alive(token), 401)
  await login(deleted, 401)
  const end = new Date(clock.now() + 600_000).toISOString().replace('Z', '123')
  const timed = await make({ name: 't', expires_at: end })
  assert.equal(timed.expires_at, end)
  const second = (await login(timed, 201)).headers.get('x-subject-token')!
  assert.equal(await alive(second), 200)
  clock.shift(601_000)
  assert.equal(await alive(second), 401)
  await login(timed, 401)
  const kept = await make({ name: 'k' }, 201, await user.login({ project: { id: project } }))
  const third = (await login(kept, 201)).headers.get('x-subject-token')!
  await cloud.admin.patch(`/identity/v3/users/${user.id}`, { user: { password: 'another-one' } }, 200)
  assert.equal(await alive(third), 401)
  await ask(cloud, null, 'POST', '/v3/auth/tokens', { body: passwordAuth({ id: user.id }, 'another-one'), expected: 201 })
})

test('access rules bound what a token is good for, and cannot be widened', async () => {
  const { cloud, user, own, make, login } = await world()
  await using _ = cloud
  const rules = [
    { service: 'identity', method: 'GET', path: '/v3/auth/*' },
    { service: 'identity', method: 'POST', path: '/v3/users/*/application_credentials' },
  ]
  const made = await make({ access_rules: rules, unrestricted: true })
  assert.equal(made.access_rules.length, 2)
  const bearer = (await login(made, 201)).headers.get('x-subject-token')!
  await ask(cloud, bearer, 'GET', '/v3/auth/projects', { expected: 200 })
  await ask(cloud, bearer, 'GET', `/v3/users/${user.id}`, { expected: 401 })
  const server = await fetch(`${cloud.url}/compute/v2.1/servers`, { headers: { 'x-auth-token': bearer } })
  assert.equal(server.status, 401)
  await make({ name: 'wider' }, 403, bearer)
  await make({ name: 'wider', access_rules: [{ service: 'identity', method: 'GET', path: '/**' }] }, 403, bearer)
  await make({ name: 'same', access_rules: [{ id: made.access_rules[0].id }] }, 201, bearer)
  const path = `/v3/users/${user.id}/access_rules`
  const list = async (query = '') => (await ask(cloud, own, 'GET', path + query, { expected: 200 })).body
  const all = (await list()).access_rules as { method: string; links: { self: string }; id: string }[]
  assert.equal(all.length, 2)
  for (const { id, links } of all) assert.equal(links.self, `${cloud.url}/identity${path}/${id}`)
  const methods = async (query: string) => (await list(query)).access_rules.map(({ method }: { method: string }) => method)
  assert.deepEqual(await methods('?method=POST'), ['POST'])
  assert.deepEqual(await methods('?service=compute'), [])
  assert.deepEqual(await methods(`?path=${encodeURIComponent('/v3/auth/*')}`), ['GET'])
  assert.match((await list('?limit=1')).links.next, /access_rules\?limit=1&marker=/)
  const one = `${path}/${made.access_rules[1].id}`
  await ask(cloud, own, 'GET', one, { expected: 200 })
  await ask(cloud, own, 'DELETE', one, { expected: 403 })
  await ask(cloud, own, 'DELETE', `/v3/users/${user.id}/application_credentials/${made.id}`, { expected: 204 })
  await ask(cloud, own, 'DELETE', one, { expected: 204 })
  await ask(cloud, own, 'GET', one, { expected: 404 })
})

test('a secret that was made here costs no password hash, a chosen one does, and what was kept formerly counts', async () => {
  const { cloud, make, login } = await world()
  await using _ = cloud
  const { database, config } = cloud.cloud
  const random = await make({ name: 'random' })
  const chosen = await make({ name: 'chosen', secret: random.secret })
  const kept = async (id: string) =>
    (
      await database.read
        .selectFrom('identity_application_credentials')
        .select('secret_hash')
        .where('id', '=', id)
        .executeTakeFirstOrThrow()
    ).secret_hash
  const [fast, slow] = [await kept(random.id), await kept(chosen.id)]
  assert.match(fast, /^\$sha256\$[\w-]{43}$/)
  assert.match(slow, /^\$scrypt\$/)
  assert.ok(!fast.includes(random.secret))
  for (const { id } of [random, chosen]) {
    await login({ id, secret: random.secret }, 201)
    for (const secret of [`${random.secret}x`, random.secret.slice(1), '', 'x', fast, fast.slice(8)]) await login({ id, secret }, 401)
  }
  await login({ id: 'nowhere', secret: random.secret }, 401)
  // Formerly all were kept as passwords.
  const before = await hashPassword(random.secret, config.passwordCost, cloud.cloud.environment.random)
  await database.write(({ db }) =>
    db.updateTable('identity_application_credentials').set({ secret_hash: before }).where('id', '=', random.id).execute(),
  )
  await login(random, 201)
  await login({ id: random.id, secret: 'x' }, 401)
})
