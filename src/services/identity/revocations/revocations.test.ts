import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ask, makeDomain, makeProject, makeUser, shiftedClock, tokenAuth } from '../../../testing/identity/users.ts'
import { testCloud } from '../../../testing/test-cloud.ts'

const v3 = '/identity/v3'

test('what ended tokens is told to administrators and services, since a time', async () => {
  const clock = shiftedClock()
  await using cloud = await testCloud({ clock })
  const { admin } = cloud
  const path = `${v3}/OS-REVOKE/events`
  const begin = new Date(clock.now()).toISOString()
  const [domain, project] = [await makeDomain(cloud, 'd'), await makeProject(cloud, 'p')]
  const user = await makeUser(cloud, [['member', `/projects/${project}`]])
  const first = await user.login()
  const answer = await ask(cloud, null, 'POST', '/v3/auth/tokens', { body: tokenAuth(first), expected: 201 })
  const [own, chain] = answer.body.token.audit_ids
  // A token made from another names it, and ends with it, not the other way round.
  const second = answer.headers.get('x-subject-token')!
  const revoke = (token: string) => ask(cloud, token, 'DELETE', '/v3/auth/tokens', { headers: { 'x-subject-token': token }, expected: 204 })
  await revoke(second)
  await ask(cloud, first, 'GET', '/v3/auth/projects', { expected: 200 })
  const third = (await ask(cloud, null, 'POST', '/v3/auth/tokens', { body: tokenAuth(first), expected: 201 })).headers.get(
    'x-subject-token',
  )
  await revoke(first)
  await ask(cloud, third, 'GET', '/v3/auth/projects', { expected: 401 })
  await admin.patch(`${v3}/users/${user.id}`, { user: { description: 'nothing ends by this' } }, 200)
  await ask(cloud, null, 'POST', `/v3/users/${user.id}/password`, {
    body: { user: { password: 'new', original_password: user.password } },
    expected: 204,
  })
  await admin.delete(`${v3}/projects/${project}`)
  await admin.patch(`${v3}/domains/${domain}`, { domain: { enabled: false } }, 200)
  await admin.delete(`${v3}/domains/${domain}`)
  const consumer = (await admin.post(`${v3}/OS-OAUTH1/consumers`, { consumer: {} }, 201)).body.consumer.id
  await admin.delete(`${v3}/OS-OAUTH1/consumers/${consumer}`)
  const { body } = await admin.get(path)
  const causes = body.events.map(({ issued_before, revoked_at, ...cause }: Record<string, string>) => {
    assert.equal(issued_before, revoked_at)
    assert.match(revoked_at!, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/)
    return cause
  })
  assert.deepEqual(causes, [
    { audit_id: own },
    { audit_chain_id: chain },
    { user_id: user.id },
    { project_id: project },
    { domain_id: domain },
    { 'OS-OAUTH1:consumer_id': consumer },
  ])
  assert.ok(body.links.self.endsWith('/v3/OS-REVOKE/events'))
  assert.equal((await admin.get(`${path}?since=${begin}`)).body.events.length, 6)
  clock.shift(60_000)
  const later = new Date(clock.now()).toISOString()
  await admin.delete(`${v3}/users/${user.id}`)
  assert.deepEqual(
    (await admin.get(`${path}?since=${later}`)).body.events.map((event: { user_id: string }) => event.user_id),
    [user.id],
  )
  await admin.get(`${path}?since=yesterday`, 400)
  await admin.get(`${path}?since=2026-99-99T00:00:00Z`, 400)
  const member = await makeUser(cloud, [['member', `/projects/${await admin.projectId()}`]])
  const service = await makeUser(cloud, [['service', `/projects/${await admin.projectId()}`]])
  const scope = { project: { id: await admin.projectId() } }
  await ask(cloud, await member.login(scope), 'GET', '/v3/OS-REVOKE/events', { expected: 403 })
  await ask(cloud, await service.login(scope), 'GET', '/v3/OS-REVOKE/events', { expected: 200 })
  await ask(cloud, null, 'GET', '/v3/OS-REVOKE/events', { expected: 401 })
  for (const gone of ['/v3/OS-SIMPLE-CERT/ca', '/v3/OS-SIMPLE-CERT/certificates', '/v3/auth/tokens/OS-PKI/revoked'])
    assert.equal((await ask(cloud, null, 'GET', gone, { expected: 410 })).body.error.title, 'Gone')
})
