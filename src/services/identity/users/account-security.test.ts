// Settings of account security: locking, expiry, history, age, expression, first use, inactivity; one cloud with all of them.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ask, makeUser, passwordAuth, shiftedClock } from '../../../testing/identity/users.ts'
import { type TestCloud, testCloud } from '../../../testing/test-cloud.ts'

const v3 = '/identity/v3'
const minute = 60_000
const day = 1440 * minute

const login = (cloud: TestCloud, id: string, password: string, expected?: number) =>
  ask(cloud, null, 'POST', '/v3/auth/tokens', { body: passwordAuth({ id }, password), expected })
const change = (cloud: TestCloud, id: string, original_password: string, password: string, expected?: number) =>
  ask(cloud, null, 'POST', `/v3/users/${id}/password`, { body: { user: { password, original_password } }, expected })
const setOptions = (cloud: TestCloud, id: string, options: object) => cloud.admin.patch(`${v3}/users/${id}`, { user: { options } }, 200)

test('wrong passwords lock a user for a while, by every way in', async () => {
  const clock = shiftedClock()
  await using cloud = await testCloud({ clock, settings: { lockoutFailureAttempts: 3, lockoutDuration: 600 } })
  await cloud.admin.token()
  const user = await makeUser(cloud)
  const unknown = await login(cloud, 'nobody', 'wrong', 401)
  for (let i = 0; i < 2; i++) await login(cloud, user.id, 'wrong', 401)
  await login(cloud, user.id, user.password, 201) // counting begins anew
  await login(cloud, user.id, 'wrong', 401)
  await change(cloud, user.id, 'wrong', 'x', 401)
  await ask(cloud, null, 'POST', '/v2.0/tokens', {
    body: { auth: { passwordCredentials: { userId: user.id, password: 'wrong' } } },
    expected: 401,
  })
  const locked = await login(cloud, user.id, user.password, 401)
  assert.equal(locked.text, unknown.text)
  assert.equal((await change(cloud, user.id, user.password, 'x', 401)).text, unknown.text)
  clock.shift(9 * minute)
  await login(cloud, user.id, 'wrong', 401) // does not lengthen it
  clock.shift(2 * minute)
  await login(cloud, user.id, user.password, 201)
  // One wrong one after a lock that has run out does not lock again.
  for (let i = 0; i < 3; i++) await login(cloud, user.id, 'wrong', 401)
  clock.shift(11 * minute)
  await login(cloud, user.id, 'wrong', 401)
  await login(cloud, user.id, user.password, 201)
  // An administrator lets go.
  for (let i = 0; i < 3; i++) await login(cloud, user.id, 'wrong', 401)
  await login(cloud, user.id, user.password, 401)
  await cloud.admin.patch(`${v3}/users/${user.id}`, { user: { enabled: true } }, 200)
  await login(cloud, user.id, user.password, 201)
  // Tokens of before stay: others cannot end them by guessing.
  const token = await user.login()
  for (let i = 0; i < 3; i++) await login(cloud, user.id, 'wrong', 401)
  await ask(cloud, token, 'GET', '/v3/auth/projects', { expected: 200 })
  await setOptions(cloud, user.id, { ignore_lockout_failure_attempts: true })
  await login(cloud, user.id, user.password, 201)
  // Of many guesses at once no more count than one after the other would.
  await setOptions(cloud, user.id, { ignore_lockout_failure_attempts: null })
  const guesses = await Promise.all([...Array(30).fill('wrong'), user.password].map((password) => login(cloud, user.id, password)))
  assert.ok(guesses.every((answer) => answer.status === 401))
})

test('a password ends, is not chosen again, is kept for a while and looks as asked for', async () => {
  const clock = shiftedClock()
  await using cloud = await testCloud({
    clock,
    settings: {
      passwordExpiresDays: 30,
      uniqueLastPasswordCount: 3,
      minimumPasswordAge: 2,
      passwordRegex: '(?=.*\\d).{8,}',
      passwordRegexDescription: 'a digit and eight characters',
      tokenLifetime: 365 * 86400,
    },
  })
  const admin = await cloud.admin.token()
  await cloud.admin.post(`${v3}/users`, { user: { name: 'weak', password: 'weak' } }, 400)
  const user = await makeUser(cloud) // password-of-user-N
  const weak = await cloud.admin.patch(`${v3}/users/${user.id}`, { user: { password: 'no-digit-in-this' } }, 400)
  assert.match(weak.body.error.message, /a digit and eight characters/)
  const shown = (await cloud.admin.get(`${v3}/users/${user.id}`)).body.user
  assert.match(shown.password_expires_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000000$/)
  const answer = await login(cloud, user.id, user.password, 201)
  assert.equal(answer.body.token.user.password_expires_at, shown.password_expires_at)

  // The first change is free (an administrator set the password), then the age counts.
  await change(cloud, user.id, user.password, user.password, 400)
  await change(cloud, user.id, user.password, 'weak', 400)
  await change(cloud, user.id, user.password, 'password-1', 204)
  const young = await change(cloud, user.id, 'password-1', 'password-2', 400)
  assert.match(young.body.error.message, /minimum password age/)
  clock.shift(2 * day + minute)
  await change(cloud, user.id, 'password-1', user.password, 400)
  await change(cloud, user.id, 'password-1', 'password-2', 204)
  clock.shift(2 * day + minute)
  const used = await change(cloud, user.id, 'password-2', user.password, 400)
  assert.match(used.body.error.message, /identical to a previous password/)
  await change(cloud, user.id, 'password-2', 'password-3', 204)
  clock.shift(2 * day + minute)
  await change(cloud, user.id, 'password-3', 'password-1', 400)
  await change(cloud, user.id, 'password-3', user.password, 204) // three others since
  const kept = await cloud.cloud.database.read.selectFrom('identity_password_history').selectAll().where('user_id', '=', user.id).execute()
  assert.equal(kept.length, 2)
  // Administrators are not bound by age and history.
  await cloud.admin.patch(`${v3}/users/${user.id}`, { user: { password: user.password } }, 200)

  clock.shift(30 * day + minute)
  const expired = await login(cloud, user.id, user.password, 401)
  assert.equal(expired.body.error.message, `The password is expired and needs to be changed for user: ${user.id}.`)
  assert.notEqual((await login(cloud, user.id, 'wrong', 401)).text, expired.text)
  const group = (await cloud.admin.post(`${v3}/groups`, { group: { name: 'g' } }, 201)).body.group.id
  await cloud.admin.put(`${v3}/groups/${group}/users/${user.id}`, undefined, 204)
  const whose = (query: string, path = 'users') =>
    cloud.admin.get(`${v3}/${path}?password_expires_at=${query}`).then(({ body }) => body.users.map((row: { id: string }) => row.id))
  const now = new Date(clock.now()).toISOString()
  assert.ok((await whose(`lt:${now}`)).includes(user.id))
  assert.ok(!(await whose(`gt:${now}`)).includes(user.id))
  assert.deepEqual(await whose(`lt:${now}`, `groups/${group}/users`), [user.id])
  assert.deepEqual(await whose(`gt:${now}`, `groups/${group}/users`), [])
  await cloud.admin.get(`${v3}/users?password_expires_at=before:${now}`, 400)
  await cloud.admin.get(`${v3}/users?password_expires_at=lt:soon`, 400)
  await change(cloud, user.id, user.password, 'password-9', 204)
  await login(cloud, user.id, 'password-9', 201)
  // With the option a password does not end.
  clock.shift(31 * day)
  await login(cloud, user.id, 'password-9', 401)
  await setOptions(cloud, user.id, { ignore_password_expiry: true })
  await login(cloud, user.id, 'password-9', 201)
  await setOptions(cloud, user.id, { ignore_password_expiry: null })
  await login(cloud, user.id, 'password-9', 401)
  await cloud.admin.delete(`${v3}/users/${user.id}`)
  assert.deepEqual(await cloud.cloud.database.read.selectFrom('identity_password_history').selectAll().execute(), [])
  await ask(cloud, admin, 'GET', '/v3/users', { expected: 200 })
})

test('a password of an administrator is changed at its first use; who was away too long is disabled', async () => {
  const clock = shiftedClock()
  await using cloud = await testCloud({ clock, settings: { changePasswordUponFirstUse: true, disableUserAccountDaysInactive: 10 } })
  const make = async (options: object) => {
    const { body } = await cloud.admin.post(`${v3}/users`, { user: { name: `u${Math.random()}`, password: 'first', options } }, 201)
    return body.user.id as string
  }
  const [user, free] = [await make({}), await make({ ignore_change_password_upon_first_use: true })]
  await login(cloud, free, 'first', 201)
  await login(cloud, user, 'first', 401)
  await change(cloud, user, 'first', 'second', 204)
  await login(cloud, user, 'second', 201)
  await cloud.admin.patch(`${v3}/users/${user}`, { user: { password: 'third' } }, 200)
  await login(cloud, user, 'third', 401)
  await change(cloud, user, 'third', 'fourth', 204)

  clock.shift(6 * day)
  await login(cloud, user, 'fourth', 201)
  clock.shift(6 * day)
  await login(cloud, user, 'fourth', 201)
  assert.equal((await login(cloud, free, 'first', 401)).text, (await login(cloud, 'nobody', 'first', 401)).text)
  const admin = await login(cloud, (await adminId(cloud))!, 'test-admin', 401) // the administrator as well
  assert.equal(admin.status, 401)
  await cloud.restart() // whoever starts the cloud with the password has the machine
  const token = (
    await ask(cloud, null, 'POST', '/v3/auth/tokens', {
      body: passwordAuth({ name: 'admin', domain: { id: 'default' } }, 'test-admin', { system: { all: true } }),
      expected: 201,
    })
  ).headers.get('x-subject-token')
  const one = `/v3/users/${free}`
  assert.equal((await ask(cloud, token, 'GET', one, { expected: 200 })).body.user.enabled, false)
  await ask(cloud, token, 'PATCH', one, { body: { user: { enabled: true } }, expected: 200 })
  await login(cloud, free, 'first', 201)
  await ask(cloud, token, 'PATCH', one, { body: { user: { options: { ignore_user_inactivity: true } } }, expected: 200 })
  clock.shift(11 * day)
  await login(cloud, free, 'first', 201)
  await login(cloud, user, 'fourth', 401)
})

const adminId = async (cloud: TestCloud) =>
  (await cloud.cloud.database.read.selectFrom('identity_users').select('id').where('name', '=', 'admin').executeTakeFirst())?.id
