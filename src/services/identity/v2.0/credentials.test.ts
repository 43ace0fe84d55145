import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ask, makeProject, makeUser } from '../../../testing/identity/users.ts'
import { testCloud } from '../../../testing/test-cloud.ts'

for (const { root, last, key } of [
  { root: 'OS-KSADM', last: 'OS-KSEC2:ec2Credentials', key: 'OS-KSEC2-ec2Credentials' },
  { root: 'OS-KSS3', last: 's3credentials', key: 'OS-KSS3:s3Credentials' },
]) {
  test(`${key} of a user are granted, shown, changed and deleted`, async () => {
    await using cloud = await testCloud()
    const admin = await cloud.admin.token()
    const [user, other] = [await makeUser(cloud), await makeUser(cloud)]
    const all = `/v2.0/users/${user.id}/${root}/credentials`
    const one = `${all}/${last}`
    const body = { [key]: { username: user.name, secret: 'canary-secret', signature: 'bbb' } }
    await ask(cloud, admin, 'GET', one, { expected: 404 })
    await ask(cloud, admin, 'POST', one, { body, expected: 404 })
    assert.deepEqual((await ask(cloud, admin, 'POST', all, { body, expected: 201 })).body, body)
    await ask(cloud, admin, 'POST', all, { body, expected: 409 })
    assert.deepEqual((await ask(cloud, admin, 'GET', one, { expected: 200 })).body, body)
    const listed = (await ask(cloud, admin, 'GET', all, { expected: 200 })).body.credentials
    assert.deepEqual(listed, [{ passwordCredentials: { username: user.name } }, body])
    const changed = { [key]: { username: user.name, secret: 'second', signature: 'ccc' } }
    assert.deepEqual((await ask(cloud, admin, 'POST', one, { body: changed, expected: 200 })).body, changed)
    const byType = async (type: string) => (await ask(cloud, admin, 'GET', `${one}/${type}`, { expected: 200 })).body.credentials
    assert.deepEqual(await byType('passwordCredentials'), [{ passwordCredentials: { username: user.name } }])
    assert.deepEqual(await byType(key), [changed])
    assert.deepEqual(await byType('other'), [])
    const stranger = await other.login()
    for (const [method, path] of [
      ['GET', all],
      ['GET', one],
      ['DELETE', one],
    ] as const)
      await ask(cloud, stranger, method, path, { expected: 403 })
    for (const bad of [{}, { [key]: {} }, { [key]: { username: other.name, secret: 'x' } }, { [key]: { username: user.name, secret: 5 } }])
      await ask(cloud, admin, 'POST', one, { body: bad, expected: 400 })
    const rows = JSON.stringify(await cloud.cloud.database.read.selectFrom('identity_credentials').selectAll().execute())
    assert.ok(!rows.includes('second'))
    await ask(cloud, await user.login(), 'DELETE', one, { expected: 204 })
    await ask(cloud, admin, 'DELETE', one, { expected: 404 })
    await ask(cloud, admin, 'GET', `/v2.0/users/nowhere/${root}/credentials`, { expected: 404 })
  })
}

test('OS-KVALIDATE looks at the token in the header', async () => {
  await using cloud = await testCloud()
  const admin = await cloud.admin.token()
  const project = await makeProject(cloud, 'p')
  const user = await makeUser(cloud, [['member', `/projects/${project}`]])
  const token = await user.login({ project: { id: project } })
  const headers = { 'x-subject-token': token }
  const path = '/v2.0/OS-KVALIDATE/token/validate'
  const { access } = (await ask(cloud, admin, 'GET', path, { headers, expected: 200 })).body
  assert.equal(access.token.id, token)
  assert.equal(access.token.tenant.id, project)
  assert.equal(access.user.id, user.id)
  await ask(cloud, admin, 'HEAD', path, { headers, expected: 200 })
  await ask(cloud, admin, 'HEAD', `${path}?belongsTo=${project}`, { headers, expected: 200 })
  await ask(cloud, admin, 'HEAD', `${path}?belongsTo=other`, { headers, expected: 401 })
  const { endpoints } = (await ask(cloud, admin, 'GET', '/v2.0/OS-KVALIDATE/token/endpoints', { headers, expected: 200 })).body
  assert.ok(endpoints.some(({ type }: { type: string }) => type === 'identity'))
  const stranger = await (await makeUser(cloud)).login()
  for (const at of [path, '/v2.0/OS-KVALIDATE/token/endpoints']) {
    await ask(cloud, stranger, 'GET', at, { headers, expected: 403 })
    await ask(cloud, admin, 'GET', at, { expected: 404 })
    await ask(cloud, admin, 'GET', at, { headers: { 'x-subject-token': `${token}x` }, expected: 404 })
  }
})
