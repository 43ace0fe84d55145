import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeDomain, makeProject, makeUser } from '../../../testing/identity/users.ts'
import { testCloud } from '../../../testing/test-cloud.ts'

const v3 = '/identity/v3'

test('a domain is deleted only when disabled, and takes everything with it', async () => {
  await using cloud = await testCloud()
  const domain = await makeDomain(cloud, 'd')
  await cloud.admin.post(`${v3}/domains`, { domain: { name: 'd' } }, 409)
  const project = await makeProject(cloud, 'p', { domain_id: domain })
  const user = await makeUser(
    cloud,
    [
      ['reader', `/projects/${project}`],
      ['reader', `/domains/${domain}`],
    ],
    domain,
  )
  const group = (await cloud.admin.post(`${v3}/groups`, { group: { name: 'g', domain_id: domain } }, 201)).body.group.id
  const role = (await cloud.admin.post(`${v3}/roles`, { role: { name: 'own', domain_id: domain } }, 201)).body.role.id
  await cloud.admin.delete(`${v3}/domains/${domain}`, 403)
  assert.equal(
    (await cloud.admin.patch(`${v3}/domains/${domain}`, { domain: { enabled: false, description: 'x' } }, 200)).body.domain.enabled,
    false,
  )
  await user.login({ project: { id: project } }, 401)
  await cloud.admin.delete(`${v3}/domains/${domain}`)
  for (const path of [`/domains/${domain}`, `/projects/${project}`, `/users/${user.id}`, `/groups/${group}`, `/roles/${role}`])
    await cloud.admin.get(v3 + path, 404)
  const left = await cloud.cloud.database.read
    .selectFrom('identity_assignments')
    .selectAll()
    .where('target_id', 'in', [domain, project])
    .execute()
  assert.deepEqual(left, [])
})

test('the default domain stays, and a project that acts as a domain is one', async () => {
  await using cloud = await testCloud()
  const { id } = (await cloud.admin.post(`${v3}/projects`, { project: { name: 'acting', is_domain: true } }, 201)).body.project
  assert.equal((await cloud.admin.get(`${v3}/domains/${id}`)).body.domain.name, 'acting')
  assert.ok((await cloud.admin.get(`${v3}/projects?is_domain=true`)).body.projects.some((row: { id: string }) => row.id === id))
  assert.ok(!(await cloud.admin.get(`${v3}/projects`)).body.projects.some((row: { id: string }) => row.id === id))
  await cloud.admin.delete(`${v3}/projects/${id}`, 403)
  await cloud.admin.patch(`${v3}/projects/${id}`, { project: { enabled: false } }, 200)
  await cloud.admin.delete(`${v3}/projects/${id}`)
  await cloud.admin.delete(`${v3}/domains/default`, 403)
})

test('a domain can be made with an id of choice, once', async () => {
  await using cloud = await testCloud()
  const id = '9aea63518f0040c6b4518d8d2242911c'
  const make = (name: string, explicit_domain_id: unknown, expected: number) =>
    cloud.admin.post(`${v3}/domains`, { domain: { name, explicit_domain_id } }, expected)
  for (const bad of ['bad!', '', '9aea63518f0040c', `${id}0`, `${id}${id}`, id.toUpperCase(), '../../etc', 5, null])
    await make('d', bad, 400)
  assert.equal((await make('d', id, 201)).body.domain.id, id)
  const { domain } = (await cloud.admin.get(`${v3}/domains/${id}`)).body
  assert.deepEqual([domain.name, domain.explicit_domain_id], ['d', undefined])
  assert.match((await make('other', id, 409)).body.error.message, new RegExp(id))
  const project = await makeProject(cloud, 'p')
  await make('other', project, 409)
  assert.equal(
    (await cloud.admin.patch(`${v3}/domains/${id}`, { domain: { description: 'x', explicit_domain_id: project } }, 200)).body.domain.id,
    id,
  )
})
