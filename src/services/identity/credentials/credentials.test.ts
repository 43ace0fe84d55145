import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ask, makeProject, makeUser } from '../../../testing/identity/users.ts'
import { testCloud } from '../../../testing/test-cloud.ts'

test('users keep credentials of their own, which nobody else sees, and which are encrypted at rest', async () => {
  await using cloud = await testCloud()
  const project = await makeProject(cloud, 'p')
  const [one, other] = await Promise.all([1, 2].map(() => makeUser(cloud, [['member', `/projects/${project}`]])))
  const [mine, theirs] = await Promise.all([one!.login({ project: { id: project } }), other!.login({ project: { id: project } })])
  const blob = JSON.stringify({ access: 'canary-access', secret: 'canary-secret' })
  const body = { credential: { type: 'ec2', blob, project_id: project } }
  const { credential } = (await ask(cloud, mine, 'POST', '/v3/credentials', { body, expected: 201 })).body
  assert.equal(credential.user_id, one!.id)
  await ask(cloud, theirs, 'POST', '/v3/credentials', { body, expected: 409 })
  await ask(cloud, theirs, 'POST', '/v3/credentials', { body: { credential: { ...body.credential, user_id: one!.id } }, expected: 403 })
  assert.equal((await ask(cloud, mine, 'GET', `/v3/credentials/${credential.id}`, { expected: 200 })).body.credential.blob, blob)
  for (const [method, expected] of [
    ['GET', 403],
    ['PATCH', 403],
    ['DELETE', 403],
  ] as const) {
    await ask(cloud, theirs, method, `/v3/credentials/${credential.id}`, {
      body: method === 'PATCH' ? { credential: { blob: '{}' } } : undefined,
      expected,
    })
  }
  assert.deepEqual((await ask(cloud, theirs, 'GET', '/v3/credentials', { expected: 200 })).body.credentials, [])
  assert.equal((await cloud.admin.get('/identity/v3/credentials?type=ec2')).body.credentials.length, 1)
  await ask(cloud, mine, 'PATCH', `/v3/credentials/${credential.id}`, { body: { credential: { user_id: other!.id } }, expected: 403 })
  await ask(cloud, mine, 'PATCH', `/v3/credentials/${credential.id}`, {
    body: { credential: { blob: JSON.stringify({ secret: 'alone' }) } },
    expected: 400,
  })
  const changed = JSON.stringify({ access: 'canary-access', secret: 'second' })
  await ask(cloud, mine, 'PATCH', `/v3/credentials/${credential.id}`, { body: { credential: { blob: changed } }, expected: 200 })
  await cloud.restart()
  assert.equal((await ask(cloud, mine, 'GET', `/v3/credentials/${credential.id}`, { expected: 200 })).body.credential.blob, changed)
  assert.ok(!JSON.stringify(await cloud.cloud.database.read.selectFrom('identity_credentials').selectAll().execute()).includes('canary'))
  for (const bad of [
    { type: 'ec2', blob: 'no json', project_id: project },
    { type: 'ec2', blob, project_id: null },
    { type: 'x' },
    { blob: 'x' },
    { type: 'x', blob: 5 },
  ]) {
    await ask(cloud, mine, 'POST', '/v3/credentials', { body: { credential: bad }, expected: 400 })
  }
  await cloud.admin.delete(`/identity/v3/users/${one!.id}`)
  assert.deepEqual((await cloud.admin.get('/identity/v3/credentials')).body.credentials, [])
})
