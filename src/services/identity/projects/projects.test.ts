import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ask, makeDomain, makeProject, makeUser } from '../../../testing/identity/users.ts'
import { testCloud } from '../../../testing/test-cloud.ts'

const path = '/identity/v3/projects'
type Row = { id: string; name: string }
const names = (rows: Row[]) => rows.map((row) => row.name).sort()

test('a project is made, shown, changed and deleted', async () => {
  await using cloud = await testCloud()
  const { id, links, ...rest } = (
    await cloud.admin.post(path, { project: { name: 'p', description: 'd', tags: ['a'], colour: 'red' } }, 201)
  ).body.project
  assert.deepEqual(rest, {
    name: 'p',
    domain_id: 'default',
    parent_id: 'default',
    is_domain: false,
    enabled: true,
    description: 'd',
    tags: ['a'],
    options: {},
    colour: 'red',
  })
  assert.ok(links.self.endsWith(`/v3/projects/${id}`))
  await cloud.admin.post(path, { project: { name: 'p' } }, 409)
  assert.equal((await cloud.admin.patch(`${path}/${id}`, { project: { name: 'q', enabled: false } }, 200)).body.project.enabled, false)
  await cloud.admin.patch(`${path}/${id}`, { project: { domain_id: await makeDomain(cloud, 'd') } }, 400)
  await cloud.admin.patch(`${path}/${id}`, { project: { parent_id: await cloud.admin.projectId() } }, 403)
  for (const project of [
    { name: '' },
    { name: 'a'.repeat(65) },
    { name: 'a\n' },
    { name: 'x', enabled: 'False' },
    { name: 'x', tags: ['a,b'] },
    { name: 'x', domain_id: 'a b' },
    {},
  ]) {
    await cloud.admin.post(path, { project }, 400)
  }
  await cloud.admin.post(path, { project: { name: 'x', domain_id: 'nowhere' } }, 404)
  await cloud.admin.delete(`${path}/${id}`)
  await cloud.admin.get(`${path}/${id}`, 404)
})

test('projects stand in a tree of limited depth, and leave it from the leaves', async () => {
  await using cloud = await testCloud()
  const ids: string[] = [await makeProject(cloud, 'level-1')]
  for (let level = 2; level <= 5; level++) ids.push(await makeProject(cloud, `level-${level}`, { parent_id: ids.at(-1) }))
  await cloud.admin.post(path, { project: { name: 'level-6', parent_id: ids.at(-1) } }, 403)
  const admin = await cloud.admin.token()
  const show = async (query: string) => (await ask(cloud, admin, 'GET', `/v3/projects/${ids[2]}?${query}`, { expected: 200 })).body.project
  assert.deepEqual((await show('parents_as_ids')).parents, { [ids[1]!]: { [ids[0]!]: { default: null } } })
  assert.deepEqual((await show('subtree_as_ids')).subtree, { [ids[3]!]: { [ids[4]!]: null } })
  assert.deepEqual((await show('parents_as_list')).parents, [])
  const mine = (await cloud.admin.get('/identity/v3/users?name=admin')).body.users[0].id
  const role = (await cloud.admin.get('/identity/v3/roles?name=reader')).body.roles[0].id
  await cloud.admin.request('PUT', `/identity/v3/OS-INHERIT/projects/${ids[0]}/users/${mine}/roles/${role}/inherited_to_projects`, {
    expected: 204,
  })
  assert.deepEqual(
    (await show('subtree_as_list')).subtree.map((entry: { project: Row }) => entry.project.id),
    ids.slice(3),
  )
  assert.deepEqual(
    (await show('parents_as_list')).parents.map((entry: { project: Row }) => entry.project.id),
    [ids[1]],
  )
  await ask(cloud, admin, 'GET', `/v3/projects/${ids[2]}?parents_as_ids&parents_as_list`, { expected: 400 })
  await cloud.admin.delete(`${path}/${ids[2]}`, 403)
  await cloud.admin.patch(`${path}/${ids[2]}`, { project: { enabled: false } }, 403)
  for (const id of [ids[4], ids[3], ids[2]]) await cloud.admin.patch(`${path}/${id}`, { project: { enabled: false } }, 200)
  await cloud.admin.patch(`${path}/${ids[3]}`, { project: { enabled: true } }, 403)
  await cloud.admin.post(path, { project: { name: 'below', parent_id: ids[2] } }, 403)
  for (const id of ids.reverse()) await cloud.admin.delete(`${path}/${id}`)
})

test('projects are found by tags, exactly', async () => {
  await using cloud = await testCloud()
  await makeProject(cloud, 'one', { tags: ['red', 'blue'] })
  await makeProject(cloud, 'two', { tags: ['red'] })
  const three = await makeProject(cloud, 'three', { tags: ['re', '"red"', 'a"red'] })
  const list = async (query: string) => names((await cloud.admin.get(`${path}?${query}`)).body.projects)
  assert.deepEqual(await list('tags=red'), ['one', 'two'])
  assert.deepEqual(await list('tags=red,blue'), ['one'])
  assert.deepEqual(await list('tags-any=blue,re'), ['one', 'three'])
  assert.deepEqual(await list('not-tags-any=red'), ['admin', 'three'])
  assert.deepEqual(await list('not-tags=red,blue'), ['admin', 'three', 'two'])
  await cloud.admin.request('PUT', `${path}/${three}/tags/new`, { expected: 201 })
  await cloud.admin.get(`${path}/${three}/tags/new`, 204)
  await cloud.admin.delete(`${path}/${three}/tags/re`)
  assert.deepEqual((await cloud.admin.get(`${path}/${three}/tags`)).body.tags, ['"red"', 'a"red', 'new'])
  await cloud.admin.put(`${path}/${three}/tags`, { tags: ['x'] }, 200)
  await cloud.admin.delete(`${path}/${three}/tags`)
  await cloud.admin.get(`${path}/${three}/tags/x`, 404)
})

test('who has no role there sees a project neither in a list nor by its id', async () => {
  await using cloud = await testCloud()
  const [mine, other] = [await makeProject(cloud, 'mine'), await makeProject(cloud, 'other')]
  const user = await makeUser(cloud, [['member', `/projects/${mine}`]])
  const token = await user.login({ project: { id: mine } })
  await ask(cloud, token, 'GET', `/v3/projects/${mine}`, { expected: 200 })
  await ask(cloud, token, 'GET', `/v3/projects/${other}`, { expected: 403 })
  await ask(cloud, token, 'GET', '/v3/projects', { expected: 403 })
  await ask(cloud, token, 'DELETE', `/v3/projects/${mine}`, { expected: 403 })
})

test('a manager of a domain makes projects only there, whatever parent is named', async () => {
  await using cloud = await testCloud()
  const domain = await makeDomain(cloud, 'd')
  const foreign = await makeProject(cloud, 'foreign')
  const token = await (await makeUser(cloud, [['manager', `/domains/${domain}`]], domain)).login({ domain: { id: domain } })
  const create = (project: object, expected: number) => ask(cloud, token, 'POST', '/v3/projects', { body: { project }, expected })
  await create({ name: 'a' }, 201)
  await create({ name: 'b', domain_id: 'default' }, 403)
  await create({ name: 'c', parent_id: foreign }, 400)
  await create({ name: 'c', parent_id: foreign, domain_id: domain }, 400)
  await create({ name: 'c', parent_id: foreign, domain_id: null }, 400)
  await create({ name: 'c', is_domain: true }, 403)
  assert.deepEqual(names((await ask(cloud, token, 'GET', '/v3/projects', { expected: 200 })).body.projects), ['a'])
  await ask(cloud, token, 'GET', '/v3/projects?domain_id=default', { expected: 403 })
})
