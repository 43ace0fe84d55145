import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ask, makeDomain, makeProject, makeUser, roleId } from '../../../testing/identity/users.ts'
import { testCloud } from '../../../testing/test-cloud.ts'

const v3 = '/identity/v3'
type Entry = {
  role: { id: string; name?: string }
  user?: { id: string; name?: string }
  group?: { id: string }
  scope: Record<string, unknown>
  links: Record<string, string>
}

test('a grant is made, checked, listed and taken back, for users and groups on project, domain and system', async () => {
  await using cloud = await testCloud()
  const project = await makeProject(cloud, 'p')
  const role = await roleId(cloud, 'member')
  const user = (await makeUser(cloud)).id
  const group = (await cloud.admin.post(`${v3}/groups`, { group: { name: 'g' } }, 201)).body.group.id
  for (const actor of [`users/${user}`, `groups/${group}`]) {
    for (const [place, end] of [
      [`/projects/${project}/`, ''],
      ['/domains/default/', ''],
      ['/system/', ''],
      [`/OS-INHERIT/projects/${project}/`, '/inherited_to_projects'],
      ['/OS-INHERIT/domains/default/', '/inherited_to_projects'],
    ]) {
      const list = `${v3}${place}${actor}/roles${end}`
      const one = `${v3}${place}${actor}/roles/${role}${end}`
      await cloud.admin.request('HEAD', one, { expected: 404 })
      await cloud.admin.request('PUT', one, { expected: 204 })
      await cloud.admin.request('PUT', one, { expected: 204 })
      await cloud.admin.request('HEAD', one, { expected: 204 })
      assert.deepEqual(
        (await cloud.admin.get(list)).body.roles.map((row: { id: string }) => row.id),
        [role],
        list,
      )
      await cloud.admin.delete(one)
      await cloud.admin.delete(one, 404)
      assert.deepEqual((await cloud.admin.get(list)).body.roles, [])
    }
  }
  for (const path of [
    `/projects/nope/users/${user}/roles/${role}`,
    `/projects/${project}/users/nope/roles/${role}`,
    `/projects/${project}/users/${user}/roles/nope`,
    `/domains/${project}/users/${user}/roles/${role}`,
  ]) {
    await cloud.admin.request('PUT', v3 + path, { expected: 404 })
  }
})

test('effective assignments expand groups, inheritance and implied roles, with where they came from', async () => {
  await using cloud = await testCloud()
  const domain = await makeDomain(cloud, 'd')
  const parent = await makeProject(cloud, 'parent', { domain_id: domain })
  const child = await makeProject(cloud, 'child', { parent_id: parent, domain_id: domain })
  const user = await makeUser(cloud, [], domain)
  const group = (await cloud.admin.post(`${v3}/groups`, { group: { name: 'g', domain_id: domain } }, 201)).body.group.id
  await cloud.admin.request('PUT', `${v3}/groups/${group}/users/${user.id}`, { expected: 204 })
  const [member, reader] = [await roleId(cloud, 'member'), await roleId(cloud, 'reader')]
  await cloud.admin.request('PUT', `${v3}/OS-INHERIT/projects/${parent}/groups/${group}/roles/${member}/inherited_to_projects`, {
    expected: 204,
  })
  const list = async (query: string): Promise<Entry[]> => (await cloud.admin.get(`${v3}/role_assignments?${query}`)).body.role_assignments
  const plain = await list(`group.id=${group}`)
  assert.deepEqual(
    plain.map(({ group, scope, role }) => ({ group, scope, role })),
    [{ group: { id: group }, scope: { project: { id: parent }, 'OS-INHERIT:inherited_to': 'projects' }, role: { id: member } }],
  )
  const effective = await list(`effective&user.id=${user.id}&include_names`)
  assert.deepEqual(
    effective.map((entry) => [entry.role.name, (entry.scope.project as { name: string }).name, entry.user!.name]),
    [
      ['member', 'child', user.name],
      ['reader', 'child', user.name],
    ],
  )
  assert.ok(
    effective[0]!.links.assignment!.endsWith(`/v3/OS-INHERIT/projects/${parent}/groups/${group}/roles/${member}/inherited_to_projects`),
  )
  assert.ok(effective[0]!.links.membership!.endsWith(`/groups/${group}/users/${user.id}`))
  assert.ok(effective[1]!.links.prior_role!.endsWith(`/roles/${member}`))
  assert.equal((await list(`effective&role.id=${reader}&scope.project.id=${child}`)).length, 1)
  assert.equal((await list(`scope.project.id=${parent}&include_subtree=true`)).length, 1)
  for (const query of ['user.id=a&group.id=b', 'scope.project.id=a&scope.domain.id=b', 'effective&group.id=a', 'include_subtree'])
    await cloud.admin.get(`${v3}/role_assignments?${query}`, 400)
  // What is listed is what a token gets.
  const token = await user.login({ project: { id: child } })
  const shown = (await ask(cloud, token, 'GET', '/v3/auth/tokens', { headers: { 'x-subject-token': token }, expected: 200 })).body.token
    .roles
  assert.deepEqual(
    shown.map((role: { name: string }) => role.name),
    ['member', 'reader'],
  )
  await user.login({ project: { id: parent } }, 401)
})

test('a manager of a domain grants ordinary roles inside it, and nothing else', async () => {
  await using cloud = await testCloud()
  const domain = await makeDomain(cloud, 'd')
  const [mine, foreign] = [await makeProject(cloud, 'mine', { domain_id: domain }), await makeProject(cloud, 'foreign')]
  const manager = await makeUser(cloud, [['manager', `/domains/${domain}`]], domain)
  const [inside, outside] = [await makeUser(cloud, [], domain), await makeUser(cloud)]
  const token = await manager.login({ domain: { id: domain } })
  const grant = async (user: string, place: string, role: string, expected: number) =>
    ask(cloud, token, 'PUT', `/v3/${place}/users/${user}/roles/${await roleId(cloud, role)}`, { expected })
  for (const role of ['manager', 'member', 'reader']) await grant(inside.id, `projects/${mine}`, role, 204)
  await grant(inside.id, `domains/${domain}`, 'reader', 204)
  for (const role of ['admin', 'service']) await grant(inside.id, `projects/${mine}`, role, 403)
  await grant(outside.id, `projects/${mine}`, 'member', 403)
  await grant(inside.id, `projects/${foreign}`, 'member', 403)
  await grant(inside.id, 'domains/default', 'member', 403)
  await grant(inside.id, 'system', 'reader', 403)
  const seen = (await ask(cloud, token, 'GET', '/v3/role_assignments', { expected: 200 })).body.role_assignments as Entry[]
  assert.ok(seen.every((entry) => JSON.stringify(entry.scope).includes(domain) || JSON.stringify(entry.scope).includes(mine)))
})

test("a domain's own role is granted on no project of another one, and effective lists leave it out", async () => {
  await using cloud = await testCloud()
  const domain = await makeDomain(cloud, 'd')
  const [inside, outside] = [await makeProject(cloud, 'in', { domain_id: domain }), await makeProject(cloud, 'out')]
  const user = await makeUser(cloud)
  const role = (await cloud.admin.post(`${v3}/roles`, { role: { name: 'own', domain_id: domain } }, 201)).body.role.id
  await cloud.admin.request('PUT', `${v3}/projects/${outside}/users/${user.id}/roles/${role}`, { expected: 403 })
  await cloud.admin.request('PUT', `${v3}/system/users/${user.id}/roles/${role}`, { expected: 403 })
  await cloud.admin.request('PUT', `${v3}/projects/${inside}/users/${user.id}/roles/${role}`, { expected: 204 })
  // On a domain nothing is asked, as upstream.
  await cloud.admin.request('PUT', `${v3}/domains/default/users/${user.id}/roles/${role}`, { expected: 204 })
  await user.login({ domain: { id: 'default' } }, 401)
  await cloud.admin.delete(`${v3}/domains/default/users/${user.id}/roles/${role}`)
  assert.deepEqual((await cloud.admin.get(`${v3}/role_assignments?effective&user.id=${user.id}`)).body.role_assignments, [])
  await user.login({ project: { id: inside } }, 401)
  await cloud.admin.request('PUT', `${v3}/roles/${role}/implies/${await roleId(cloud, 'reader')}`, { expected: 201 })
  await user.login({ project: { id: inside } })
})
