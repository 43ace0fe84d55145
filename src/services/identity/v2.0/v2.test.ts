import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ask, makeDomain, makeProject, makeUser } from '../../../testing/identity/users.ts'
import { testCloud } from '../../../testing/test-cloud.ts'

const login = (cloud: Parameters<typeof ask>[0], auth: object, expected = 200) =>
  ask(cloud, null, 'POST', '/v2.0/tokens', { body: { auth }, expected })

test('v2.0 gives a token with catalog, validates, checks and deletes it', async () => {
  await using cloud = await testCloud()
  const admin = await cloud.admin.token()
  const { access } = (await login(cloud, { tenantName: 'admin', passwordCredentials: { username: 'admin', password: 'test-admin' } })).body
  assert.equal(access.token.tenant.name, 'admin')
  assert.match(access.token.expires, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
  assert.equal(access.metadata.is_admin, 1)
  assert.equal(
    access.serviceCatalog.find((entry: { type: string }) => entry.type === 'identity').endpoints[0].adminURL,
    `${cloud.url}/identity/v2.0`,
  )
  const { id, tenant } = access.token
  assert.equal(
    (await ask(cloud, admin, 'GET', `/v2.0/tokens/${id}?belongsTo=${tenant.id}`, { expected: 200 })).body.access.user.name,
    'admin',
  )
  await ask(cloud, admin, 'HEAD', `/v2.0/tokens/${id}?belongsTo=other`, { expected: 401 })
  await ask(cloud, admin, 'HEAD', `/v2.0/tokens/${id}`, { expected: 200 })
  assert.ok(
    (await ask(cloud, admin, 'GET', `/v2.0/tokens/${id}/endpoints`, { expected: 200 })).body.endpoints.some(
      (row: { name: string }) => row.name === 'keystone',
    ),
  )
  await ask(cloud, id, 'GET', '/v3/users', { expected: 200 })
  await ask(cloud, admin, 'DELETE', `/v2.0/tokens/${id}`, { expected: 204 })
  await ask(cloud, admin, 'GET', `/v2.0/tokens/${id}`, { expected: 404 })
  await ask(cloud, id, 'GET', '/v3/users', { expected: 401 })
})

test('what v2.0 refuses when a token is asked for', async () => {
  await using cloud = await testCloud()
  const passwordCredentials = { username: 'admin', password: 'test-admin' }
  await login(cloud, { passwordCredentials, tenantName: 'admin', tenantId: await cloud.admin.projectId() }, 400)
  await login(cloud, { tenantName: 'admin' }, 400)
  await login(cloud, { passwordCredentials: { password: 'x' } }, 400)
  await login(cloud, { passwordCredentials, tenantName: 'nowhere' }, 401)
  await login(cloud, { token: { id: 'gAAAA' } }, 401)
  const domain = await makeDomain(cloud, 'd')
  const project = await makeProject(cloud, 'p', { domain_id: domain })
  const user = await makeUser(cloud, [['member', `/projects/${project}`]], domain)
  await login(cloud, { passwordCredentials: { userId: user.id, password: user.password } }, 401)
  await login(cloud, { token: { id: await user.login() }, tenantId: project }, 401)
})

test('tenants, users and roles of v2.0 are the projects, users and roles of v3', async () => {
  await using cloud = await testCloud()
  const v2 = '/identity/v2.0'
  const tenant = (await cloud.admin.post(`${v2}/tenants`, { tenant: { name: 't', description: 'd' } }, 200)).body.tenant
  assert.deepEqual(tenant, { id: tenant.id, name: 't', description: 'd', enabled: true })
  await cloud.admin.post(`${v2}/tenants`, { tenant: { name: 't' } }, 409)
  assert.equal((await cloud.admin.get(`/identity/v3/projects/${tenant.id}`)).body.project.domain_id, 'default')
  assert.equal((await cloud.admin.get(`${v2}/tenants?name=t`)).body.tenant.id, tenant.id)
  const user = (await cloud.admin.post(`${v2}/users`, { user: { name: 'u', password: 'p', tenantId: tenant.id, email: 'e' } }, 200)).body
    .user
  assert.equal(user.username, 'u')
  await login(cloud, { tenantName: 't', passwordCredentials: { username: 'u', password: 'p' } })
  assert.deepEqual(
    (await cloud.admin.get(`${v2}/tenants/${tenant.id}/users`)).body.users.map((row: { id: string }) => row.id),
    [user.id],
  )
  const role = (await cloud.admin.post(`${v2}/OS-KSADM/roles`, { role: { name: 'r' } }, 200)).body.role
  const grant = `${v2}/tenants/${tenant.id}/users/${user.id}/roles/OS-KSADM/${role.id}`
  await cloud.admin.request('PUT', grant, { expected: 200 })
  await cloud.admin.request('PUT', grant, { expected: 409 })
  assert.deepEqual(
    (await cloud.admin.get(`${v2}/tenants/${tenant.id}/users/${user.id}/roles`)).body.roles.map((row: { name: string }) => row.name),
    ['member', 'r'],
  )
  await cloud.admin.delete(grant)
  await cloud.admin.put(`${v2}/users/${user.id}/OS-KSADM/password`, { user: { password: 'q' } }, 200)
  await login(cloud, { passwordCredentials: { username: 'u', password: 'p' } }, 401)
  const own = (await login(cloud, { tenantName: 't', passwordCredentials: { username: 'u', password: 'q' } })).body.access.token.id
  const changed = await ask(cloud, own, 'PATCH', `/v2.0/OS-KSCRUD/users/${user.id}`, {
    body: { user: { password: 'n', original_password: 'q' } },
    expected: 200,
  })
  await ask(cloud, own, 'GET', '/v2.0/tenants', { expected: 401 })
  const after = changed.body.access.token.id
  assert.deepEqual(
    (await ask(cloud, after, 'GET', '/v2.0/tenants', { expected: 200 })).body.tenants.map((row: { id: string }) => row.id),
    [tenant.id],
  )
  await ask(cloud, after, 'PATCH', '/v2.0/OS-KSCRUD/users/other', {
    body: { user: { password: 'n', original_password: 'q' } },
    expected: 403,
  })
  for (const path of ['/users', `/users/${user.id}/roles`, '/OS-KSADM/roles', '/OS-KSADM/services', '/endpoints'])
    await ask(cloud, after, 'GET', `/v2.0${path}`, { expected: 403 })
  await cloud.admin.put(`${v2}/users/${user.id}/enabled`, { user: { enabled: false } }, 200)
  await ask(cloud, after, 'GET', '/v2.0/tenants', { expected: 401 })
  await cloud.admin.delete(`${v2}/users/${user.id}`)
  await cloud.admin.delete(`${v2}/tenants/${tenant.id}`)
})

test('what upstream takes at more than one path or by another method is taken here too', async () => {
  await using cloud = await testCloud()
  const v2 = '/identity/v2.0'
  const { tenant } = (await cloud.admin.post(`${v2}/tenants`, { tenant: { name: 't' } }, 200)).body
  const put = await cloud.admin.put(`${v2}/tenants/${tenant.id}`, { tenant: { name: 't2', enabled: true } }, 200)
  assert.deepEqual([put.body.tenant.id, put.body.tenant.name], [tenant.id, 't2'])
  const { user } = (await cloud.admin.post(`${v2}/users`, { user: { name: 'u', password: 'p' } }, 200)).body
  const path = `${v2}/users/${user.id}`
  await cloud.admin.put(`${path}/password`, { user: { password: 'q' } }, 200)
  for (const [at, attribute] of [
    ['OS-KSADM/tenant', 'tenantId'],
    ['tenant', 'tenant_id'],
  ] as const) {
    const { tenant: own } = (await cloud.admin.post(`${v2}/tenants`, { tenant: { name: at } }, 200)).body
    await cloud.admin.put(`${path}/${at}`, { user: { [attribute]: own.id } }, 200)
    assert.equal((await cloud.admin.get(path)).body.user.tenantId, own.id)
    await login(cloud, { tenantId: own.id, passwordCredentials: { username: 'u', password: 'q' } })
    await cloud.admin.put(`${path}/${at}`, { user: { name: 'other' } }, 400)
    await cloud.admin.put(`${path}/${at}`, { user: { [attribute]: 'nowhere' } }, 404)
  }
})

test('a password under the name of OS-KSADM is one, and is neither kept as it is nor shown', async () => {
  await using cloud = await testCloud()
  const made = await cloud.admin.post('/identity/v2.0/users', { user: { username: 'u', 'OS-KSADM:password': 'canary-1' } }, 200)
  assert.ok(!made.text.includes('canary'))
  await login(cloud, { passwordCredentials: { username: 'u', password: 'canary-1' } })
  const path = `/identity/v2.0/users/${made.body.user.id}`
  assert.ok(!(await cloud.admin.put(path, { user: { 'OS-KSADM:password': 'canary-2' } }, 200)).text.includes('canary'))
  await login(cloud, { passwordCredentials: { username: 'u', password: 'canary-1' } }, 401)
  await login(cloud, { passwordCredentials: { username: 'u', password: 'canary-2' } })
  const rows = await cloud.cloud.database.read.selectFrom('identity_users').selectAll().execute()
  assert.ok(!JSON.stringify(rows).includes('canary'))
})

test('lists of v2.0 come in pages, each with the address of the next', async () => {
  await using cloud = await testCloud()
  const v2 = '/identity/v2.0'
  const project = await makeProject(cloud, 'p')
  for (let i = 0; i < 3; i++) await makeUser(cloud, [['member', `/projects/${project}`]])
  for (const [path, key] of [
    ['/tenants', 'tenants'],
    ['/users', 'users'],
    [`/tenants/${project}/users`, 'users'],
    ['/OS-KSADM/roles', 'roles'],
    ['/OS-KSADM', 'roles'],
    ['/services', 'OS-KSADM:services'],
  ] as const) {
    const whole = (await cloud.admin.get(v2 + path)).body[key].map((row: { id: string }) => row.id)
    assert.ok(whole.length > 1, path)
    const found: string[] = []
    for (let next: string | undefined = `${cloud.url}${v2}${path}?limit=1`; next; ) {
      const { body } = await cloud.admin.get(next.slice(cloud.url.length))
      assert.ok(body[key].length <= 1)
      found.push(...body[key].map((row: { id: string }) => row.id))
      next = body[`${key}_links`].find((each: { rel: string }) => each.rel === 'next')?.href
    }
    assert.deepEqual(found, whole, path)
    await cloud.admin.get(`${v2}${path}?limit=x`, 400)
    await cloud.admin.get(`${v2}${path}?marker=nowhere`, 400)
  }
  const [user] = (await cloud.admin.get(`${v2}/users?limit=1`)).body.users
  for (const name of ['s1:r', 's2:r']) {
    const { role } = (await cloud.admin.post(`${v2}/OS-KSADM`, { role: { name } }, 200)).body
    await cloud.admin.request('PUT', `${v2}/users/${user.id}/roles/OS-KSADM/${role.id}`, { expected: 200 })
  }
  const ofService = (await cloud.admin.get(`${v2}/users/${user.id}/roles?serviceId=s1`)).body.roles.map((row: { name: string }) => row.name)
  assert.deepEqual([ofService.includes('s1:r'), ofService.includes('s2:r')], [true, false])
})

test('v2.0 does not reach into other domains', async () => {
  await using cloud = await testCloud()
  const domain = await makeDomain(cloud, 'd')
  const project = await makeProject(cloud, 'p', { domain_id: domain })
  const user = await makeUser(cloud, [], domain)
  const v2 = '/identity/v2.0'
  await cloud.admin.get(`${v2}/users/${user.id}`, 404)
  await cloud.admin.get(`${v2}/tenants/${project}`, 404)
  await cloud.admin.get(`${v2}/tenants/default`, 404)
  assert.ok(!(await cloud.admin.get(`${v2}/users`)).body.users.some((row: { id: string }) => row.id === user.id))
})
