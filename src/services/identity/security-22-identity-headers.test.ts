// Headers by which proxies tell who somebody is count for nothing here.
import { test } from 'node:test'
import { ask, makeProject, makeUser } from '../../testing/identity/users.ts'
import { testCloud } from '../../testing/test-cloud.ts'

const lies = (user: string, project: string): Record<string, string> => ({
  'x-identity-status': 'Confirmed',
  'x-user-id': user,
  'x-user-name': 'admin',
  'x-user': 'admin',
  'x-user-domain-id': 'default',
  'x-user-domain-name': 'Default',
  'x-project-id': project,
  'x-project-name': 'admin',
  'x-project-domain-id': 'default',
  'x-tenant-id': project,
  'x-tenant-name': 'admin',
  'x-tenant': 'admin',
  'x-domain-id': 'default',
  'x-roles': 'admin',
  'x-role': 'admin',
  'x-is-admin-project': 'True',
  'openstack-system-scope': 'all',
  'x-service-token': 'x',
  'x-service-identity-status': 'Confirmed',
  'x-service-roles': 'admin,service',
  remote_user: 'admin',
  'remote-user': 'admin',
  'x-forwarded-user': 'admin',
})

test('identity headers neither replace a token nor add to one', async () => {
  await using cloud = await testCloud()
  const project = await makeProject(cloud, 'p')
  const user = await makeUser(cloud, [['member', `/projects/${project}`]])
  const admin = (await cloud.admin.get('/identity/v3/users?name=admin')).body.users[0].id
  const headers = lies(admin, await cloud.admin.projectId())
  const token = await user.login({ project: { id: project } })
  for (const path of ['/v3/users', '/v3/services', '/v3/role_assignments', '/v2.0/users', `/v3/users/${admin}`]) {
    await ask(cloud, null, 'GET', path, { headers, expected: 401 })
    await ask(cloud, token, 'GET', path, { headers, expected: 403 })
  }
  await ask(cloud, token, 'POST', '/v3/users', { headers, body: { user: { name: 'x' } }, expected: 403 })
})
