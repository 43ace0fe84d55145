import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ask, makeDomain, makeUser } from '../../../testing/identity/users.ts'
import { testCloud } from '../../../testing/test-cloud.ts'

const path = '/identity/v3/users'

test('a user is made, shown, changed, found and deleted; invented attributes stay', async () => {
  await using cloud = await testCloud()
  const { body } = await cloud.admin.post(
    path,
    { user: { name: 'ann', password: 'p', email: 'ann@example.com', description: 'd', shoe_size: 42 } },
    201,
  )
  const { id, links, ...rest } = body.user
  assert.deepEqual(rest, {
    name: 'ann',
    domain_id: 'default',
    enabled: true,
    email: 'ann@example.com',
    description: 'd',
    shoe_size: 42,
    options: {},
    password_expires_at: null,
  })
  assert.equal(links.self, `${cloud.url}/identity/v3/users/${id}`)
  assert.equal((await cloud.admin.patch(`${path}/${id}`, { user: { name: 'anna', shoe_size: null } }, 200)).body.user.shoe_size, undefined)
  for (const query of [
    'name=anna',
    'name__contains=nn',
    'name__startswith=an',
    'name__endswith=na',
    'name__icontains=NN',
    'domain_id=default&name=anna',
    'enabled=true&name=anna',
  ]) {
    assert.deepEqual(
      (await cloud.admin.get(`${path}?${query}`)).body.users.map((user: { id: string }) => user.id),
      [id],
      query,
    )
  }
  for (const query of ['name=ann', 'enabled=false', 'domain_id=other', 'name__contains=%25', 'name__startswith=n']) {
    assert.ok(!(await cloud.admin.get(`${path}?${query}`)).body.users.some((user: { id: string }) => user.id === id), query)
  }
  await cloud.admin.delete(`${path}/${id}`)
  await cloud.admin.get(`${path}/${id}`, 404)
})

test('a name is unique in its domain, also when many ask at once', async () => {
  await using cloud = await testCloud()
  const other = await makeDomain(cloud, 'other')
  const answers = await Promise.all(Array.from({ length: 20 }, () => cloud.admin.post(path, { user: { name: 'same' } })))
  assert.deepEqual(answers.map((answer) => answer.status).sort(), [201, ...Array(19).fill(409)])
  await cloud.admin.post(path, { user: { name: 'same', domain_id: other } }, 201)
  const next = (await cloud.admin.post(path, { user: { name: 'next' } }, 201)).body.user
  assert.match(
    (await cloud.admin.patch(`${path}/${next.id}`, { user: { name: 'same' } }, 409)).body.error.message,
    /Conflict occurred attempting to store user/,
  )
})

test('bad input is refused with 400 or 404', async () => {
  await using cloud = await testCloud()
  const { id } = (await cloud.admin.post(path, { user: { name: 'x' } }, 201)).body.user
  for (const user of [
    {},
    { name: '' },
    { name: ' ' },
    { name: 'a'.repeat(256) },
    { name: 'a\nb' },
    { name: 'a\u0000b' },
    { name: 7 },
    { name: 'y', enabled: 'yes' },
    { name: 'y', password: 5 },
    { name: 'y', options: { multi_factor_auth_enabled: 'yes' } },
    { name: 'y', default_project_id: 'a/b' },
    { name: 'y', email: ['a'] },
  ]) {
    await cloud.admin.post(path, { user }, 400)
  }
  await cloud.admin.post(path, { user: { name: 'y', domain_id: 'nowhere' } }, 404)
  await cloud.admin.post(path, {}, 400)
  await cloud.admin.patch(`${path}/${id}`, { user: { enabled: 'False' } }, 400)
  await cloud.admin.patch(`${path}/${id}`, { user: { id: 'other' } }, 400)
  await cloud.admin.patch(`${path}/${id}`, { user: { domain_id: await makeDomain(cloud, 'd') } }, 400)
  await cloud.admin.patch(`${path}/nobody`, { user: { name: 'z' } }, 404)
  assert.equal((await cloud.admin.get(`${path}/${id}`)).body.user.name, 'x')
})

test('a list is walked by its links without loss or repetition', async () => {
  await using cloud = await testCloud()
  for (let i = 0; i < 7; i++) await cloud.admin.post(path, { user: { name: `u${i}` } }, 201)
  const all = (await cloud.admin.get(path)).body
  assert.equal(all.links.next, null)
  const seen: string[] = []
  for (let next: string | null = `${path}?limit=3&sort_key=name&sort_dir=desc`; next; ) {
    const { body } = await cloud.admin.get(next.replace(cloud.url, ''))
    assert.ok(body.users.length <= 3)
    seen.push(...body.users.map((user: { name: string }) => user.name))
    next = body.links.next
  }
  assert.deepEqual(seen, all.users.map((user: { name: string }) => user.name).reverse())
  await cloud.admin.get(`${path}?marker=nobody`, 400)
  await cloud.admin.get(`${path}?limit=x`, 400)
})

test('users change their own password with the old one, unless it is locked', async () => {
  await using cloud = await testCloud()
  const user = await makeUser(cloud)
  const change = (password: unknown, original_password: unknown, expected: number) =>
    ask(cloud, null, 'POST', `/v3/users/${user.id}/password`, { body: { user: { password, original_password } }, expected })
  await change('new', 'wrong', 401)
  await change('', user.password, 400)
  await change('new', user.password, 204)
  await user.login(undefined, 401)
  await change(user.password, 'new', 204)
  await user.login()
  await cloud.admin.patch(`${path}/${user.id}`, { user: { options: { lock_password: true } } }, 200)
  await change('new', user.password, 400)
})

test('a user sees the own row, groups and projects, and those of nobody else', async () => {
  await using cloud = await testCloud()
  const user = await makeUser(cloud, [['member', '/projects/' + (await cloud.admin.projectId())]])
  const group = (await cloud.admin.post('/identity/v3/groups', { group: { name: 'g' } }, 201)).body.group.id
  await cloud.admin.request('PUT', `/identity/v3/groups/${group}/users/${user.id}`, { expected: 204 })
  await cloud.admin.request('HEAD', `/identity/v3/groups/${group}/users/${user.id}`, { expected: 204 })
  const token = await user.login()
  await ask(cloud, token, 'GET', `/v3/users/${user.id}`, { expected: 200 })
  assert.deepEqual(
    (await ask(cloud, token, 'GET', `/v3/users/${user.id}/groups`, { expected: 200 })).body.groups.map((row: { id: string }) => row.id),
    [group],
  )
  assert.deepEqual(
    (await ask(cloud, token, 'GET', `/v3/users/${user.id}/projects`, { expected: 200 })).body.projects.map(
      (row: { name: string }) => row.name,
    ),
    ['admin'],
  )
  assert.deepEqual(
    (await cloud.admin.get(`/identity/v3/groups/${group}/users`)).body.users.map((row: { id: string }) => row.id),
    [user.id],
  )
  await cloud.admin.delete(`/identity/v3/groups/${group}/users/${user.id}`)
  await cloud.admin.request('HEAD', `/identity/v3/groups/${group}/users/${user.id}`, { expected: 404 })
})
