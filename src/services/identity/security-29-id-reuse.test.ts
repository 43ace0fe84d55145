// An id that was chosen by somebody brings nothing of who had it before.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ask, makeProject, makeUser, roleId } from '../../testing/identity/users.ts'
import { testCloud } from '../../testing/test-cloud.ts'

const v3 = '/identity/v3'

test('the id of a project or domain that is no more is not to be had by a domain of choice', async () => {
  await using cloud = await testCloud()
  const { admin } = cloud
  const domain = (id: string, name: string, expected: number) =>
    admin.post(`${v3}/domains`, { domain: { name, explicit_domain_id: id } }, expected)
  const end = async (kind: string, id: string) => {
    if (kind === 'domains') await admin.patch(`${v3}/domains/${id}`, { domain: { enabled: false } }, 200)
    await admin.delete(`${v3}/${kind}/${id}`)
  }
  // Other services keep containers, images, quotas and access lists under the id of the project.
  const project = await makeProject(cloud, 'p')
  await domain(project, 'taken', 409)
  await end('projects', project)
  await domain(project, 'taken', 409)
  const chosen = 'a'.repeat(32)
  await domain(chosen, 'first', 201)
  const inside = await makeProject(cloud, 'in', { domain_id: chosen })
  await domain(chosen, 'second', 409)
  await end('domains', chosen)
  await domain(chosen, 'second', 409)
  await domain(inside, 'second', 409) // went with its domain
  await domain('b'.repeat(32), 'second', 201)
})

test('what was given to an endpoint template goes with it, and what is kept under a project with that', async () => {
  await using cloud = await testCloud()
  const { admin } = cloud
  const { read } = cloud.cloud.database
  const user = await makeUser(cloud)
  const project = await makeProject(cloud, 'p')
  const service = (await admin.post(`${v3}/services`, { service: { type: 'x' } }, 201)).body.service.id
  const templates = '/identity/v2.0/OS-KSCATALOG/endpointTemplates'
  const template = { 'OS-KSCATALOG:endpointTemplate': { id: '7', serviceId: service, publicURL: 'http://x', global: false } }
  const give = () =>
    admin.post(`/identity/v2.0/tenants/${project}/OS-KSCATALOG/endpoints`, { 'OS-KSCATALOG:endpointTemplate': { id: '7' } })
  await admin.post(templates, template, 201)
  assert.ok((await give()).status < 300)
  await admin.delete(`${templates}/7`)
  await admin.post(templates, template, 201)
  const given = (await admin.get(`/identity/v2.0/tenants/${project}/OS-KSCATALOG/endpoints`)).text
  assert.ok(!given.includes('http://x'), given)
  // All that is kept under the project goes with it.
  assert.ok((await give()).status < 300)
  const endpoint = (await admin.post(`${v3}/endpoints`, { endpoint: { service_id: service, interface: 'public', url: 'http://y' } }, 201))
    .body.endpoint.id
  await admin.request('PUT', `${v3}/OS-EP-FILTER/projects/${project}/endpoints/${endpoint}`, { expected: 204 })
  await admin.request('PUT', `${v3}/projects/${project}/users/${user.id}/roles/${await roleId(cloud, 'member')}`, { expected: 204 })
  await ask(cloud, await admin.token(), 'POST', `/v3/users/${user.id}/credentials/OS-EC2`, { body: { tenant_id: project }, expected: 201 })
  await admin.delete(`${v3}/projects/${project}`)
  for (const table of [
    'identity_credentials',
    'identity_limits',
    'identity_project_endpoints',
    'identity_project_endpoint_groups',
    'identity_tenant_endpoints',
    'identity_trusts',
    'identity_application_credentials',
    'identity_access_tokens',
    'identity_request_tokens',
  ] as const)
    assert.deepEqual(await read.selectFrom(table).select('project_id').where('project_id', '=', project).execute(), [], table)
  assert.deepEqual(await read.selectFrom('identity_assignments').selectAll().where('target_id', '=', project).execute(), [])
})
