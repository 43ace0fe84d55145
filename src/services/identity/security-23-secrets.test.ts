// Passwords and tokens are in no log line, no fault and no column.
import assert from 'node:assert/strict'
import { Writable } from 'node:stream'
import { test } from 'node:test'
import { createLog } from '../../log.ts'
import { ask, makeUser, passwordAuth, tokenAuth } from '../../testing/identity/users.ts'
import { testCloud } from '../../testing/test-cloud.ts'

const canary = 'canary-Zq81'

test('secrets show up neither in the log, nor in faults, nor in the database', async () => {
  let text = ''
  const stream = new Writable({
    write(chunk, _encoding, done) {
      text += chunk
      done()
    },
  })
  const log = createLog({ level: 'debug', format: 'json', stream })
  const faults: string[] = []
  await using cloud = await testCloud({ log })
  const user = await makeUser(cloud)
  const token = await user.login()
  const admin = await cloud.admin.token()
  const tries = [
    ask(cloud, admin, 'PATCH', `/v3/users/${user.id}`, { body: { user: { password: canary, original_password: canary } } }),
    ask(cloud, admin, 'POST', '/v3/users', { body: { user: { name: user.name, password: canary } } }),
    ask(cloud, admin, 'POST', '/v3/users', { body: { user: { name: 5, password: canary } } }),
    ask(cloud, admin, 'POST', '/v3/users', { body: { user: { name: 'x', password: [canary] } } }),
    ask(cloud, admin, 'POST', '/v2.0/users', { body: { user: { name: 'two', password: canary } } }),
    ask(cloud, null, 'POST', '/v3/auth/tokens', { body: passwordAuth({ id: 'nobody' }, canary) }),
    ask(cloud, null, 'POST', '/v3/auth/tokens', {
      body: { auth: { identity: { methods: ['password'], password: { user: { id: user.id, password: { [canary]: canary } } } } } },
    }),
    ask(cloud, null, 'POST', '/v2.0/tokens', { body: { auth: { passwordCredentials: { username: user.name, password: canary } } } }),
    ask(cloud, null, 'POST', `/v3/users/${user.id}/password`, { body: { user: { password: canary, original_password: canary } } }),
    ask(cloud, null, 'POST', '/v3/auth/tokens', { body: tokenAuth(`${token}${canary}`) }),
    ask(cloud, admin, 'GET', `/v2.0/tokens/${token}`),
    ask(cloud, admin, 'GET', `/v2.0/tokens/${token}/endpoints?belongsTo=${canary}`),
    ask(cloud, admin, 'DELETE', `/v2.0/tokens/${token}x`),
    ask(cloud, admin, 'GET', '/v3/auth/tokens', { headers: { 'x-subject-token': token } }),
  ]
  for (const answer of await Promise.all(tries)) if (answer.status >= 400) faults.push(answer.text)
  const seen = await ask(cloud, admin, 'GET', `/v3/users/${user.id}`, { expected: 200 })
  assert.deepEqual(
    Object.keys(seen.body.user).filter((key) => /password/.test(key)),
    ['password_expires_at'],
  )
  const { database } = cloud.cloud
  const columns = await Promise.all(
    ['identity_users', 'identity_revoked_tokens'].map(async (table) =>
      JSON.stringify(
        await database.read
          .selectFrom(table as 'identity_users')
          .selectAll()
          .execute(),
      ),
    ),
  )
  const secrets = [canary, user.password, token, token.slice(0, 60), admin, 'test-admin']
  for (const secret of secrets) {
    assert.ok(!text.includes(secret), `log: ${secret}`)
    assert.ok(!faults.join().includes(secret), `fault: ${secret}`)
    assert.ok(!columns.join().includes(secret), `database: ${secret}`)
  }
  assert.ok(text.includes('/v2.0/tokens/***'))
})
