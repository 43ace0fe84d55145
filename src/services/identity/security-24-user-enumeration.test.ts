// Nobody learns whether a user exists: the same answer, after the same work.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ask, makeUser, passwordAuth } from '../../testing/identity/users.ts'
import { testCloud } from '../../testing/test-cloud.ts'

test('unknown, disabled, without a password, wrong password: one answer', async () => {
  await using cloud = await testCloud()
  const user = await makeUser(cloud)
  const off = await makeUser(cloud)
  await cloud.admin.patch(`/identity/v3/users/${off.id}`, { user: { enabled: false } }, 200)
  const bare = (await cloud.admin.post('/identity/v3/users', { user: { name: 'bare' } }, 201)).body.user
  const v3 = (who: object, password: string) =>
    ask(cloud, null, 'POST', '/v3/auth/tokens', { body: passwordAuth(who, password), expected: 401 })
  const domain = { id: 'default' }
  const answers = await Promise.all([
    v3({ id: user.id }, 'wrong'),
    v3({ id: 'nobody' }, 'wrong'),
    v3({ name: user.name, domain }, 'wrong'),
    v3({ name: 'nobody', domain }, 'wrong'),
    v3({ name: user.name, domain: { name: 'nowhere' } }, user.password),
    v3({ id: off.id }, off.password),
    v3({ id: bare.id }, ''),
    ...[{ username: user.name }, { username: 'nobody' }, { userId: off.id }].map((who) =>
      ask(cloud, null, 'POST', '/v2.0/tokens', { body: { auth: { passwordCredentials: { ...who, password: 'wrong' } } }, expected: 401 }),
    ),
    ...[user.id, off.id, bare.id, 'nobody'].map((id) =>
      ask(cloud, null, 'POST', `/v3/users/${id}/password`, {
        body: { user: { password: 'x', original_password: 'wrong' } },
        expected: 401,
      }),
    ),
  ])
  assert.equal(new Set(answers.map((answer) => answer.text)).size, 1)
})

test('the password is hashed for an unknown user as for a known and a locked one', async () => {
  // Same work, told by processor time, which others on the machine do not change: a hash takes some 50 ms of it, all else far less.
  await using cloud = await testCloud({ settings: { passwordCost: 14, lockoutFailureAttempts: 7 } })
  const user = await makeUser(cloud)
  const median = async (id: string) => {
    const times: number[] = []
    for (let i = 0; i < 7; i++) {
      const begin = process.cpuUsage()
      await ask(cloud, null, 'POST', '/v3/auth/tokens', { body: passwordAuth({ id }, 'wrong'), expected: 401 })
      const { user, system } = process.cpuUsage(begin)
      times.push((user + system) / 1000)
    }
    return times.sort((a, b) => a - b)[3]!
  }
  const [known, unknown, locked] = [await median(user.id), await median('nobody'), await median(user.id)]
  await ask(cloud, null, 'POST', '/v3/auth/tokens', { body: passwordAuth({ id: user.id }, user.password), expected: 401 })
  assert.ok(unknown > known / 3, `known ${known} ms, unknown ${unknown} ms`)
  assert.ok(locked > known / 3, `known ${known} ms, locked ${locked} ms`)
})

test('who has no right to see users gets the same for one that exists and one that does not', async () => {
  await using cloud = await testCloud()
  const [one, other] = [await makeUser(cloud), await makeUser(cloud)]
  const token = await one.login()
  for (const [method, path] of [
    ['GET', ''],
    ['DELETE', ''],
    ['PATCH', ''],
    ['GET', '/projects'],
    ['GET', '/groups'],
  ] as const) {
    const options = { body: method === 'PATCH' ? { user: { name: 'n' } } : undefined, expected: 403 }
    const [seen, unseen] = [
      await ask(cloud, token, method, `/v3/users/${other.id}${path}`, options),
      await ask(cloud, token, method, `/v3/users/nobody${path}`, options),
    ]
    assert.equal(seen.text, unseen.text)
  }
})
