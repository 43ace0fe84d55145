// Lists that join two domains show a bearer of one domain nothing of the other.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ask, makeDomain, makeProject, makeUser } from '../../testing/identity/users.ts'
import { testCloud } from '../../testing/test-cloud.ts'

test('by a token for a domain only what is in it is listed', async () => {
  await using cloud = await testCloud()
  const [mine, theirs] = [await makeDomain(cloud, 'mine'), await makeDomain(cloud, 'theirs')]
  const make = async (kind: string, name: string, domain_id: string): Promise<string> =>
    (await cloud.admin.post(`/identity/v3/${kind}s`, { [kind]: { name, domain_id } }, 201)).body[kind].id
  const [group, otherGroup] = [await make('group', 'here', mine), await make('group', 'there', theirs)]
  const [project, otherProject] = [
    await makeProject(cloud, 'here', { domain_id: mine }),
    await makeProject(cloud, 'there', { domain_id: theirs }),
  ]
  const places: [string, string][] = [
    ['member', `/projects/${project}`],
    ['member', `/projects/${otherProject}`],
  ]
  const [user, otherUser] = [await makeUser(cloud, places, mine), await makeUser(cloud, places, theirs)]
  for (const to of [group, otherGroup])
    for (const { id } of [user, otherUser]) await cloud.admin.request('PUT', `/identity/v3/groups/${to}/users/${id}`, { expected: 204 })
  const lists: [string, string, string[]][] = [
    [`/users/${user.id}/groups`, 'groups', [group]],
    [`/groups/${group}/users`, 'users', [user.id]],
    ['/projects', 'projects', [project]],
    ['/groups', 'groups', [group]],
    ['/domains', 'domains', [mine]],
    ['/projects?is_domain=true', 'projects', []],
    ['/projects?name=there', 'projects', []],
    [`/groups/${group}/users?name__startswith=user`, 'users', [user.id]],
  ]
  for (const role of ['reader', 'manager', 'admin']) {
    const token = await (await makeUser(cloud, [[role, `/domains/${mine}`]])).login({ domain: { id: mine } })
    for (const [path, name, expected] of lists) {
      const { body } = await ask(cloud, token, 'GET', `/v3${path}`, { expected: 200 })
      assert.deepEqual(
        body[name].map(({ id }: { id: string }) => id),
        expected,
        `${role} ${path}`,
      )
    }
    const users = (await ask(cloud, token, 'GET', '/v3/users', { expected: 200 })).body.users
    assert.ok(users.every(({ domain_id }: { domain_id: string }) => domain_id === mine))
    const assigned = (await ask(cloud, token, 'GET', '/v3/role_assignments', { expected: 200 })).text
    assert.ok(assigned.includes(project) && !assigned.includes(otherProject) && !assigned.includes(theirs))
    // Of another domain: refused, or nothing to those who may ask.
    for (const [path, name] of [
      [`/users?domain_id=${theirs}`, 'users'],
      [`/groups?domain_id=${theirs}`, 'groups'],
      [`/projects?domain_id=${theirs}`, 'projects'],
      [`/groups/${otherGroup}/users`, 'users'],
      [`/users/${otherUser.id}/groups`, 'groups'],
    ] as const) {
      const { status, body } = await ask(cloud, token, 'GET', `/v3${path}`)
      if (role === 'admin')
        assert.ok(
          body[name].every(({ domain_id }: { domain_id: string }) => domain_id === mine),
          `${role} ${path}`,
        )
      else assert.equal(status, 403, `${role} ${path}`)
    }
  }
  // Where a user of the domain has roles is seen, wherever that is; of a user of another domain nothing.
  const reader = await (await makeUser(cloud, [['reader', `/domains/${mine}`]])).login({ domain: { id: mine } })
  assert.equal((await ask(cloud, reader, 'GET', `/v3/users/${user.id}/projects`, { expected: 200 })).body.projects.length, 2)
  await ask(cloud, reader, 'GET', `/v3/users/${otherUser.id}/projects`, { expected: 403 })
})
