import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeDomain, roleId } from '../../../testing/identity/users.ts'
import { testCloud } from '../../../testing/test-cloud.ts'

const path = '/identity/v3/roles'

test('a role is made, renamed and deleted; names are unique among global roles and in each domain', async () => {
  await using cloud = await testCloud()
  const { role } = (await cloud.admin.post(path, { role: { name: 'r', description: 'd' } }, 201)).body
  assert.equal(role.domain_id, null)
  await cloud.admin.post(path, { role: { name: 'r' } }, 409)
  const domain = await makeDomain(cloud, 'd')
  const own = (await cloud.admin.post(path, { role: { name: 'r', domain_id: domain } }, 201)).body.role
  assert.deepEqual(
    (await cloud.admin.get(`${path}?domain_id=${domain}`)).body.roles.map((row: { id: string }) => row.id),
    [own.id],
  )
  assert.ok(!(await cloud.admin.get(path)).body.roles.some((row: { id: string }) => row.id === own.id))
  assert.equal((await cloud.admin.patch(`${path}/${role.id}`, { role: { name: 's' } }, 200)).body.role.name, 's')
  await cloud.admin.patch(`${path}/${role.id}`, { role: { domain_id: domain } }, 400)
  for (const bad of [{ name: '' }, { name: 'a'.repeat(256) }, { name: 'a\tb' }, { name: 1 }, {}])
    await cloud.admin.post(path, { role: bad }, 400)
  await cloud.admin.post(path, { role: { name: 'x', domain_id: 'nowhere' } }, 404)
  await cloud.admin.delete(`${path}/${role.id}`)
  await cloud.admin.delete(`${path}/${role.id}`, 404)
})

test('the roles that rules are made of cannot be lost by mistake', async () => {
  await using cloud = await testCloud()
  const admin = await roleId(cloud, 'admin')
  await cloud.admin.delete(`${path}/${admin}`, 403)
  await cloud.admin.patch(`${path}/${admin}`, { role: { name: 'other' } }, 403)
  await cloud.admin.patch(`${path}/${admin}`, { role: { name: 'other', options: { immutable: false } } }, 403)
  const member = await roleId(cloud, 'member')
  await cloud.admin.patch(`${path}/${member}`, { role: { options: { immutable: false } } }, 200)
  await cloud.admin.delete(`${path}/${member}`)
})

test('one role implies another, never admin', async () => {
  await using cloud = await testCloud()
  const { role } = (await cloud.admin.post(path, { role: { name: 'r' } }, 201)).body
  const [reader, admin] = [await roleId(cloud, 'reader'), await roleId(cloud, 'admin')]
  const made = await cloud.admin.request('PUT', `${path}/${role.id}/implies/${reader}`, { expected: 201 })
  assert.deepEqual([made.body.role_inference.prior_role.id, made.body.role_inference.implies.id], [role.id, reader])
  await cloud.admin.request('HEAD', `${path}/${role.id}/implies/${reader}`, { expected: 204 })
  await cloud.admin.get(`${path}/${role.id}/implies/${reader}`)
  assert.deepEqual(
    (await cloud.admin.get(`${path}/${role.id}/implies`)).body.role_inference.implies.map((row: { id: string }) => row.id),
    [reader],
  )
  assert.ok(
    (await cloud.admin.get('/identity/v3/role_inferences')).body.role_inferences.some(
      (row: { prior_role: { id: string } }) => row.prior_role.id === role.id,
    ),
  )
  await cloud.admin.request('PUT', `${path}/${role.id}/implies/${admin}`, { expected: 403 })
  await cloud.admin.delete(`${path}/${role.id}/implies/${reader}`)
  await cloud.admin.get(`${path}/${role.id}/implies/${reader}`, 404)
})
