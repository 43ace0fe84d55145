// Rules see the rows and the path, never what a body claims.
import assert from 'node:assert/strict'
import http from 'node:http'
import { test } from 'node:test'
import { ask, makeProject, makeUser } from '../../testing/identity/users.ts'
import { testCloud } from '../../testing/test-cloud.ts'

test('no attribute of a body turns a refusal into a permission', async () => {
  await using cloud = await testCloud()
  const project = await makeProject(cloud, 'p')
  const user = await makeUser(cloud, [['member', `/projects/${project}`]])
  const victim = await makeUser(cloud)
  const token = await user.login({ project: { id: project } })
  const claims = {
    user_id: user.id,
    project_id: project,
    domain_id: 'default',
    id: user.id,
    is_admin: true,
    is_admin_project: true,
    roles: ['admin'],
    role: 'admin',
    system_scope: 'all',
    target: { user: { id: user.id, domain_id: 'default' }, project: { id: project, domain_id: 'default' }, token: { user_id: user.id } },
    'target.user.id': user.id,
    'target.user_id': user.id,
    token: { domain: { id: 'default' }, is_admin_project: true },
  }
  const wrap = (name: string, more: object = {}) => ({ ...claims, [name]: { ...claims, ...more } })
  const tries: [string, string, object][] = [
    ['PATCH', `/v3/users/${victim.id}`, wrap('user', { password: 'x' })],
    ['POST', '/v3/users', wrap('user', { name: 'n' })],
    ['POST', '/v3/projects', wrap('project', { name: 'n' })],
    ['PATCH', `/v3/projects/${project}`, wrap('project')],
    ['POST', '/v3/groups', wrap('group', { name: 'n' })],
    ['POST', '/v3/roles', wrap('role', { name: 'n' })],
    ['PUT', `/v3/projects/${project}/users/${user.id}/roles/admin`, claims],
    ['GET', `/v3/users/${victim.id}`, claims],
    ['GET', '/v3/users', claims],
    ['DELETE', `/v3/users/${victim.id}`, claims],
  ]
  for (const [method, path, body] of tries) {
    if (method === 'GET') await cloudGet(cloud.url, token, path)
    else await ask(cloud, token, method, path, { body, expected: 403 })
  }
  await ask(cloud, token, 'GET', `/v3/users/${victim.id}?user_id=${user.id}&domain_id=default&target.user.id=${user.id}`, { expected: 403 })

  /** fetch sends no body with a GET; this does. */
  async function cloudGet(url: string, auth: string, path: string): Promise<void> {
    const text = JSON.stringify(claims)
    const status = await new Promise<number>((resolve, reject) => {
      const request = http.request(
        `${url}/identity${path}`,
        { method: 'GET', headers: { 'x-auth-token': auth, 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) } },
        (response) => {
          response.resume()
          resolve(response.statusCode!)
        },
      )
      request.on('error', reject)
      request.end(text)
    })
    assert.equal(status, 403, path)
  }
})
