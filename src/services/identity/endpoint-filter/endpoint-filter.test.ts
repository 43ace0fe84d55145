import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ask, makeProject, makeUser } from '../../../testing/identity/users.ts'
import { testCloud } from '../../../testing/test-cloud.ts'

test('a project that is linked with endpoints or groups sees these alone', async () => {
  await using cloud = await testCloud()
  const { admin } = cloud
  const project = await makeProject(cloud, 'p')
  const user = await makeUser(cloud, [['member', `/projects/${project}`]])
  const seen = async () => {
    const token = await user.login({ project: { id: project } })
    const { catalog } = (await ask(cloud, token, 'GET', '/v3/auth/catalog', { expected: 200 })).body
    return (catalog as { endpoints: { id: string }[] }[]).flatMap((service) => service.endpoints.map(({ id }) => id)).sort()
  }
  const all = await seen()
  assert.ok(all.length > 3)
  const { endpoints } = (await admin.get('/identity/v3/endpoints')).body
  const [first] = endpoints
  const root = '/identity/v3/OS-EP-FILTER'
  const link = `${root}/projects/${project}/endpoints/${first.id}`
  await admin.request('HEAD', link, { expected: 404 })
  await admin.request('PUT', link, { expected: 204 })
  await admin.request('PUT', link, { expected: 204 })
  await admin.request('HEAD', link, { expected: 204 })
  assert.deepEqual(await seen(), [first.id])
  assert.equal((await admin.get(`${root}/endpoints/${first.id}/projects`)).body.projects[0].id, project)
  const body = { endpoint_group: { name: 'g', filters: { interface: 'public' } } }
  const group = (await admin.post(`${root}/endpoint_groups`, body, 201)).body.endpoint_group
  const place = `${root}/endpoint_groups/${group.id}`
  await admin.request('PUT', `${place}/projects/${project}`, { expected: 204 })
  const inGroup = endpoints.filter((row: { interface: string }) => row.interface === 'public').map(({ id }: { id: string }) => id)
  assert.deepEqual(await seen(), [...new Set([...inGroup, first.id])].sort())
  assert.equal((await admin.get(`${root}/projects/${project}/endpoints`)).body.endpoints.length, (await seen()).length)
  assert.equal((await admin.get(`${root}/projects/${project}/endpoint_groups`)).body.endpoint_groups[0].id, group.id)
  assert.equal((await admin.get(`${place}/endpoints`)).body.endpoints.length, inGroup.length)
  assert.equal((await admin.get(`${place}/projects`)).body.projects.length, 1)
  await admin.get(`${place}/projects/${project}`)
  await admin.patch(place, { endpoint_group: { filters: { service_id: first.service_id } } }, 200)
  assert.ok((await seen()).length < inGroup.length + 1)
  await admin.delete(`${place}/projects/${project}`)
  await admin.get(`${place}/projects/${project}`, 404)
  await admin.delete(link)
  assert.deepEqual(await seen(), all)
  await admin.request('HEAD', place, { expected: 200 })
  await admin.delete(place)
  await admin.get(place, 404)
})

test('only administrators filter, and only by what endpoints have', async () => {
  await using cloud = await testCloud()
  const root = '/identity/v3/OS-EP-FILTER'
  const member = await cloud.as('member')
  for (const path of ['/endpoint_groups', `/projects/${await member.projectId()}/endpoints`]) await member.get(root + path, 403)
  await member.post(`${root}/endpoint_groups`, { endpoint_group: { name: 'g', filters: { interface: 'public' } } }, 403)
  for (const bad of [
    {},
    { name: 'g' },
    { name: 'g', filters: {} },
    { name: 'g', filters: { url: 'x' } },
    { name: 'g', filters: { interface: 'other' } },
    { name: 'g'.repeat(256), filters: { interface: 'public' } },
    { name: 'g\n', filters: { interface: 'public' } },
  ])
    await cloud.admin.post(`${root}/endpoint_groups`, { endpoint_group: bad }, 400)
  await cloud.admin.get(`${root}/projects/nowhere/endpoints`, 404)
  await cloud.admin.request('PUT', `${root}/projects/nowhere/endpoints/nowhere`, { expected: 404 })
})
