import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ask, makeProject, makeUser, passwordAuth, roleId, shiftedClock, type TestUser } from '../../../testing/identity/users.ts'
import { type TestCloud, testCloud } from '../../../testing/test-cloud.ts'

async function world(cloud: TestCloud) {
  const project = await makeProject(cloud, 'p')
  const trustor = await makeUser(cloud, [
    ['manager', `/projects/${project}`],
    ['member', `/projects/${project}`],
  ])
  const trustee = await makeUser(cloud)
  const token = await trustor.login({ project: { id: project } })
  const make = (more: object = {}, expected = 201, as = token) =>
    ask(cloud, as, 'POST', '/v3/OS-TRUST/trusts', {
      body: {
        trust: {
          trustor_user_id: trustor.id,
          trustee_user_id: trustee.id,
          project_id: project,
          impersonation: true,
          roles: [{ name: 'member' }],
          ...more,
        },
      },
      expected,
    }).then((answer) => answer.body.trust)
  return { project, trustor, trustee, token, make }
}

const login = (cloud: TestCloud, user: TestUser, trust: string, expected = 201) =>
  ask(cloud, null, 'POST', '/v3/auth/tokens', {
    body: passwordAuth({ id: user.id }, user.password, { 'OS-TRUST:trust': { id: trust } } as never),
    expected,
  })

test('a trustee acts with the roles of the trust, as the trustor or as itself', async () => {
  await using cloud = await testCloud()
  const { project, trustor, trustee, make } = await world(cloud)
  const trust = await make()
  const answer = await login(cloud, trustee, trust.id)
  const { token } = answer.body
  assert.equal(token.user.id, trustor.id)
  assert.equal(token.project.id, project)
  assert.deepEqual(
    token.roles.map((role: { name: string }) => role.name),
    ['member', 'reader'],
  )
  assert.deepEqual(token['OS-TRUST:trust'], {
    id: trust.id,
    impersonation: true,
    trustor_user: { id: trustor.id },
    trustee_user: { id: trustee.id },
  })
  await login(cloud, trustor, trust.id, 403)
  await login(cloud, trustee, 'nowhere', 401)
  const own = await make({ impersonation: false })
  assert.equal((await login(cloud, trustee, own.id)).body.token.user.id, trustee.id)
})

test('what a trust may not say is refused', async () => {
  await using cloud = await testCloud()
  const { trustee, make } = await world(cloud)
  await make({ roles: [{ name: 'admin' }] }, 403)
  await make({ roles: [{ name: 'nowhere' }] }, 404)
  await make({ roles: [] }, 403)
  await make({ project_id: undefined }, 400)
  await make({ trustor_user_id: trustee.id }, 403)
  await make({ trustee_user_id: 'nobody' }, 404)
  await make({ expires_at: '2001-01-01T00:00:00.000000Z' }, 400)
  for (const bad of [
    { expires_at: 'soon' },
    { remaining_uses: 0 },
    { remaining_uses: '1' },
    { impersonation: 'yes' },
    { redelegation_count: 2 },
    { unknown: 1 },
    { trustee_user_id: 'a'.repeat(256) },
    { trustee_user_id: 'a\nb' },
    { roles: [{}] },
  ])
    await make(bad, 400)
  await make({ allow_redelegation: true, redelegation_count: 9 }, 403)
})

test('uses are counted, also when many come at once', async () => {
  await using cloud = await testCloud()
  const { trustee, token, make } = await world(cloud)
  const trust = await make({ remaining_uses: 3 })
  const answers = await Promise.all(
    Array.from({ length: 12 }, () =>
      ask(cloud, null, 'POST', '/v3/auth/tokens', {
        body: passwordAuth({ id: trustee.id }, trustee.password, { 'OS-TRUST:trust': { id: trust.id } } as never),
      }),
    ),
  )
  assert.equal(answers.filter((answer) => answer.status === 201).length, 3)
  assert.equal(answers.filter((answer) => answer.status === 403).length, 9)
  await ask(cloud, token, 'GET', `/v3/OS-TRUST/trusts/${trust.id}`, { expected: 404 })
})

test('a trust ends with its time, its role, its trustor, and when it is deleted', async () => {
  const clock = shiftedClock()
  await using cloud = await testCloud({ clock })
  const { project, trustor, trustee, token, make } = await world(cloud)
  const alive = async (bearer: string) => (await ask(cloud, bearer, 'GET', '/v3/auth/catalog')).status
  const by = async (trust: { id: string }) => (await login(cloud, trustee, trust.id)).headers.get('x-subject-token')!
  const [deleted, manager, whole] = await Promise.all([make(), make({ roles: [{ name: 'manager' }] }), make()])
  const timed = await make({ expires_at: new Date(clock.now() + 600_000).toISOString() })
  const tokens = { deleted: await by(deleted), manager: await by(manager), whole: await by(whole), timed: await by(timed) }
  for (const bearer of Object.values(tokens)) assert.equal(await alive(bearer), 200)
  await ask(cloud, await trustee.login(), 'DELETE', `/v3/OS-TRUST/trusts/${deleted.id}`, { expected: 403 })
  await ask(cloud, token, 'DELETE', `/v3/OS-TRUST/trusts/${deleted.id}`, { expected: 204 })
  assert.equal(await alive(tokens.deleted), 401)
  const grant = `/identity/v3/projects/${project}/users/${trustor.id}/roles/${await roleId(cloud, 'manager')}`
  await cloud.admin.delete(grant)
  assert.equal(await alive(tokens.manager), 401)
  await login(cloud, trustee, manager.id, 401)
  assert.equal(await alive(tokens.timed), 200)
  clock.shift(601_000)
  assert.equal(await alive(tokens.timed), 401)
  await login(cloud, trustee, timed.id, 401)
  await ask(cloud, await trustor.login({ project: { id: project } }), 'GET', `/v3/OS-TRUST/trusts/${timed.id}`, { expected: 404 })
  assert.equal(await alive(tokens.whole), 200)
  await cloud.admin.patch(`/identity/v3/users/${trustor.id}`, { user: { password: 'another-one' } }, 200)
  assert.equal(await alive(tokens.whole), 401)
  await cloud.admin.delete(`/identity/v3/users/${trustor.id}`)
  await login(cloud, trustee, whole.id, 401)
  assert.deepEqual((await cloud.admin.get('/identity/v3/OS-TRUST/trusts')).body.trusts, [])
})

test('a trust is handed on only as far as it says, and never grows', async () => {
  await using cloud = await testCloud()
  const { trustee, trustor, make, token } = await world(cloud)
  const third = await makeUser(cloud)
  const end = new Date(Date.now() + 3_600_000).toISOString()
  const trust = await make({ allow_redelegation: true, redelegation_count: 1, expires_at: end })
  const bearer = (await login(cloud, trustee, trust.id)).headers.get('x-subject-token')!
  const hand = { trustee_user_id: third.id }
  await make({ ...hand, roles: [{ name: 'manager' }] }, 403, bearer)
  await make({ ...hand, expires_at: new Date(Date.now() + 7_200_000).toISOString() }, 403, bearer)
  await make({ ...hand, remaining_uses: 2 }, 403, bearer)
  await make({ ...hand, allow_redelegation: true, redelegation_count: 1 }, 403, bearer)
  const next = await make(hand, 201, bearer)
  assert.equal(next.redelegated_trust_id, trust.id)
  assert.equal(Date.parse(next.expires_at), Date.parse(end))
  const answer = await login(cloud, third, next.id)
  assert.equal(answer.body.token.user.id, trustor.id)
  await make(hand, 403, answer.headers.get('x-subject-token')!)
  const plain = (await login(cloud, trustee, (await make()).id)).headers.get('x-subject-token')!
  await make(hand, 403, plain)
  await ask(cloud, token, 'DELETE', `/v3/OS-TRUST/trusts/${trust.id}`, { expected: 204 })
  await ask(cloud, answer.headers.get('x-subject-token')!, 'GET', '/v3/auth/catalog', { expected: 401 })
})

test('trusts are seen by those who are in them; lists need the filter of the asker', async () => {
  await using cloud = await testCloud()
  const { trustor, trustee, token, make } = await world(cloud)
  const other = await (await makeUser(cloud)).login()
  const trust = await make()
  const path = `/v3/OS-TRUST/trusts/${trust.id}`
  for (const bearer of [token, await trustee.login(), await cloud.admin.token()]) {
    assert.equal((await ask(cloud, bearer, 'GET', path, { expected: 200 })).body.trust.roles[0].name, 'member')
    await ask(cloud, bearer, 'GET', `${path}/roles`, { expected: 200 })
    await ask(cloud, bearer, 'HEAD', `${path}/roles/${trust.roles[0].id}`, { expected: 200 })
  }
  await ask(cloud, other, 'GET', path, { expected: 403 })
  await ask(cloud, token, 'GET', '/v3/OS-TRUST/trusts', { expected: 403 })
  const list = async (bearer: string, query: string, expected: number) =>
    (await ask(cloud, bearer, 'GET', `/v3/OS-TRUST/trusts?${query}`, { expected })).body.trusts?.length
  assert.equal(await list(token, `trustor_user_id=${trustor.id}`, 200), 1)
  assert.equal(await list(token, `trustee_user_id=${trustor.id}`, 200), 0)
  await list(token, `trustee_user_id=${trustee.id}`, 403)
  await list(other, `trustor_user_id=${trustor.id}`, 403)
})
