import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ask, makeProject, makeUser, passwordAuth, shiftedClock, tokenAuth } from '../../../testing/identity/users.ts'
import { type TestCloud, testCloud } from '../../../testing/test-cloud.ts'
import { base32, passcode } from './totp.ts'

const v3 = '/identity/v3'
// The secret of RFC 6238's test vectors, and one more.
const secret = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'
const other = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP'

test('passcodes are those of RFC 6238', () => {
  const key = base32(secret)
  assert.equal(key.toString(), '12345678901234567890')
  for (const [seconds, code] of [
    [59, '287082'],
    [1111111109, '081804'],
    [1111111111, '050471'],
    [1234567890, '005924'],
    [2000000000, '279037'],
    [20000000000, '353130'],
  ] as const)
    assert.equal(passcode(key, Math.floor(seconds / 30)), code)
})

const totp = (user: { id: string }, code: string, scope?: object) => ({
  auth: { identity: { methods: ['totp'], totp: { user: { id: user.id, passcode: code } } }, ...(scope ? { scope } : {}) },
})
const post = (cloud: TestCloud, body: unknown, expected: number, receipt?: string | null) =>
  ask(cloud, null, 'POST', '/v3/auth/tokens', { body, expected, ...(receipt ? { headers: { 'openstack-auth-receipt': receipt } } : {}) })

test('a passcode gives a token once, and is not guessed', async () => {
  const clock = shiftedClock()
  await using cloud = await testCloud({ clock })
  const project = await makeProject(cloud, 'p')
  const scope = { project: { id: project } }
  const [user, bare] = [await makeUser(cloud, [['member', `/projects/${project}`]]), await makeUser(cloud)]
  for (const [blob, expected] of [
    ['not base32!', 400],
    ['GEZDGNBV', 400],
    [secret, 201],
  ] as const)
    await cloud.admin.post(`${v3}/credentials`, { credential: { type: 'totp', blob, user_id: user.id } }, expected)
  await cloud.admin.post(`${v3}/credentials`, { credential: { type: 'totp', blob: other, user_id: user.id } }, 201)
  const code = (from = secret, periods = 0) => passcode(base32(from), Math.floor(clock.now() / 30_000) + periods)
  const { body } = await post(cloud, totp(user, code(), scope), 201)
  assert.deepEqual(body.token.methods, ['totp'])
  assert.equal(body.token.project.id, project)
  const refused = await post(cloud, totp(user, code(), scope), 401) // a second time
  await post(cloud, totp(user, code(other), scope), 401) // of the same period
  clock.shift(60_000)
  await post(cloud, totp(user, code(other, -1), scope), 201) // of the period before
  clock.shift(60_000)
  await post(cloud, totp(user, code(secret, -2), scope), 401)
  await post(cloud, totp(user, code(secret, 1), scope), 401)
  for (const text of ['', '12345', '1234567', 'abcdef', 'é23456'])
    assert.equal((await post(cloud, totp(bare, text), 401)).text, refused.text)
  assert.equal((await post(cloud, totp({ id: 'nobody' }, '123456'), 401)).text, refused.text)
  await post(cloud, { auth: { identity: { methods: ['totp'] } } }, 400)
  await post(cloud, { auth: { identity: { methods: ['totp'], totp: { user: { name: 'x', passcode: '1' } } } } }, 400)
  // After five wrong ones in a row no passcode is looked at for five minutes, however many ask at once.
  clock.shift(30_000)
  await post(cloud, totp(user, code()), 201)
  clock.shift(60_000)
  const wrong = code() === '000000' ? '000001' : '000000'
  await Promise.all(Array.from({ length: 8 }, () => post(cloud, totp(user, wrong), 401)))
  await post(cloud, totp(user, code()), 401)
  await user.login(scope) // the password is another matter
  clock.shift(301_000)
  await post(cloud, totp(user, code()), 201)
  await cloud.admin.patch(`${v3}/users/${user.id}`, { user: { enabled: false } }, 200)
  clock.shift(60_000)
  await post(cloud, totp(user, code()), 401)
  // The secret is not told to who acts by delegation, nor to others, and is not in the database.
  const rows = await cloud.cloud.database.read.selectFrom('identity_credentials').selectAll().execute()
  assert.ok(!JSON.stringify(rows).includes(secret))
  assert.equal((await ask(cloud, await bare.login(), 'GET', '/v3/credentials', { expected: 200 })).body.credentials.length, 0)
})

test('several factors: together, one after the other with a receipt, and by no other way', async () => {
  const clock = shiftedClock()
  await using cloud = await testCloud({ clock })
  const project = await makeProject(cloud, 'p')
  const scope = { project: { id: project } }
  const user = await makeUser(cloud, [['member', `/projects/${project}`]])
  const stranger = await makeUser(cloud)
  await cloud.admin.post(`${v3}/credentials`, { credential: { type: 'totp', blob: secret, user_id: user.id } }, 201)
  const code = () => {
    clock.shift(30_000) // each counts once
    return passcode(base32(secret), Math.floor(clock.now() / 30_000))
  }
  const before = await user.login(scope)
  const { body: made } = await ask(cloud, before, 'POST', `/v3/users/${user.id}/application_credentials`, {
    body: { application_credential: { name: 'a' } },
    expected: 201,
  })
  const set = (options: object, expected = 200) => cloud.admin.patch(`${v3}/users/${user.id}`, { user: { options } }, expected)
  for (const bad of [['password'], [[]], [['password', 'password']], [[1]], 'password']) await set({ multi_factor_auth_rules: bad }, 400)
  await set({ multi_factor_auth_enabled: true, multi_factor_auth_rules: [['password', 'totp'], ['carrier-pigeon']] })

  const first = await post(cloud, passwordAuth({ id: user.id }, user.password, scope), 401)
  const receipt = first.headers.get('openstack-auth-receipt')!
  assert.ok(receipt)
  assert.deepEqual(first.body.required_auth_methods, [['password', 'totp']])
  assert.deepEqual(first.body.receipt.methods, ['password'])
  assert.equal(first.body.receipt.user.id, user.id)
  assert.equal(first.body.receipt.user.domain.id, 'default')
  assert.match(first.body.receipt.expires_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000000Z$/)
  assert.equal(first.headers.get('x-subject-token'), null)
  // A wrong password gives none.
  assert.equal((await post(cloud, passwordAuth({ id: user.id }, 'wrong', scope), 401)).headers.get('openstack-auth-receipt'), null)

  const done = await post(cloud, totp(user, code(), scope), 201, receipt)
  assert.deepEqual(done.body.token.methods.toSorted(), ['password', 'totp'])
  const token = done.headers.get('x-subject-token')!
  await ask(cloud, token, 'GET', '/v3/auth/projects', { expected: 200 })
  // The other way round, and both in one.
  const second = await post(cloud, totp(user, code()), 401)
  await post(cloud, passwordAuth({ id: user.id }, user.password, scope), 201, second.headers.get('openstack-auth-receipt'))
  const both = passwordAuth({ id: user.id }, user.password, scope)
  await post(
    cloud,
    {
      auth: {
        ...both.auth,
        identity: { ...both.auth.identity, methods: ['password', 'totp'], totp: { user: { id: user.id, passcode: code() } } },
      },
    },
    201,
  )
  // A token goes on with what it was got with; one of before the rule has to be got anew.
  await post(cloud, tokenAuth(token, 'unscoped'), 201)
  await post(cloud, tokenAuth(before, 'unscoped'), 401)
  const secretAuth = { application_credential: { id: made.application_credential.id, secret: made.application_credential.secret } }
  await post(cloud, { auth: { identity: { methods: ['application_credential'], ...secretAuth } } }, 401)
  await ask(cloud, null, 'POST', '/v2.0/tokens', {
    body: { auth: { passwordCredentials: { userId: user.id, password: user.password } } },
    expected: 401,
  })

  // A receipt is no token, a token no receipt, and neither is somebody else's; a receipt ends, and with the password too.
  await ask(cloud, receipt, 'GET', '/v3/auth/projects', { expected: 401 })
  await post(cloud, tokenAuth(receipt, 'unscoped'), 404)
  await post(cloud, totp(user, code()), 401, token)
  await post(cloud, passwordAuth({ id: stranger.id }, stranger.password), 401, receipt)
  await post(cloud, totp(user, code()), 401, `${receipt.slice(0, -4)}AAAA`)
  const late = (await post(cloud, passwordAuth({ id: user.id }, user.password), 401)).headers.get('openstack-auth-receipt')
  clock.shift(301_000)
  await post(cloud, totp(user, code()), 401, late)
  const old = (await post(cloud, passwordAuth({ id: user.id }, user.password), 401)).headers.get('openstack-auth-receipt')
  await cloud.admin.patch(`${v3}/users/${user.id}`, { user: { password: user.password } }, 200)
  await post(cloud, totp(user, code()), 401, old)

  // Another list, none that can be met here, and switched off.
  await set({ multi_factor_auth_rules: [['password', 'totp'], ['password']] })
  await user.login(scope)
  await set({ multi_factor_auth_rules: [['carrier-pigeon']] })
  await user.login(scope)
  await set({ multi_factor_auth_rules: [['password', 'totp']] })
  await user.login(scope, 401)
  await set({ multi_factor_auth_enabled: false })
  await user.login(scope)
})
