import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ask, makeDomain, makeProject, makeUser } from '../../../testing/identity/users.ts'
import { type TestCloud, testCloud } from '../../../testing/test-cloud.ts'
import { ensureDepth } from './model.ts'

const v3 = '/identity/v3'
const serviceId = async ({ admin }: TestCloud, type: string): Promise<string> =>
  (await admin.get(`${v3}/services?type=${type}`)).body.services[0].id

test('limits are registered, made, listed, changed and deleted', async () => {
  await using cloud = await testCloud()
  const { admin } = cloud
  const [compute, image] = [await serviceId(cloud, 'compute'), await serviceId(cloud, 'image')]
  const [project, other] = [await makeProject(cloud, 'p'), await makeProject(cloud, 'q')]
  const register = (rows: object[], expected = 201) => admin.post(`${v3}/registered_limits`, { registered_limits: rows }, expected)
  const cores = { service_id: compute, region_id: 'RegionOne', resource_name: 'cores', default_limit: 10 }
  const made = (await register([cores, { ...cores, region_id: null }, { service_id: image, resource_name: 'images', default_limit: -1 }]))
    .body
  assert.deepEqual(Object.keys(made), ['registered_limits'])
  const [row, everywhere] = made.registered_limits
  assert.deepEqual({ ...row, id: '', links: {} }, { ...cores, id: '', description: null, links: {} })
  assert.ok(row.links.self.endsWith(`/v3/registered_limits/${row.id}`))
  assert.equal(everywhere.region_id, null)
  await register([cores], 409)
  await register([{ ...cores, region_id: undefined }], 409)
  // All or nothing.
  await register([{ ...cores, resource_name: 'ram' }, cores], 409)
  const names = async (query: string) => (await admin.get(`${v3}/registered_limits${query}`)).body.registered_limits.length
  assert.equal(await names(''), 3)
  assert.equal(await names(`?service_id=${image}`), 1)
  assert.equal(await names('?region_id=RegionOne'), 1)
  assert.equal(await names('?resource_name=cores'), 2)
  for (const bad of [
    { ...cores, default_limit: -2 },
    { ...cores, default_limit: 2 ** 31 },
    { ...cores, default_limit: '1' },
    { ...cores, resource_name: ' ' },
    { ...cores, resource_name: 'a\nb' },
    { ...cores, service_id: 'none', resource_name: 'ram' },
    { ...cores, region_id: 'none', resource_name: 'ram' },
    { ...cores, project_id: project, resource_name: 'ram' },
  ])
    await register([bad], 400)
  await register([], 400)

  const limit = { service_id: compute, region_id: 'RegionOne', resource_name: 'cores', project_id: project, resource_limit: 5 }
  const create = (rows: object[], expected = 201) => admin.post(`${v3}/limits`, { limits: rows }, expected)
  const [mine] = (await create([limit, { ...limit, project_id: other, resource_limit: 100 }])).body.limits
  assert.deepEqual({ ...mine, id: '', links: {} }, { ...limit, id: '', domain_id: null, description: null, links: {} })
  await create([limit], 409)
  await create([{ ...limit, resource_name: 'ram' }], 403)
  await create([{ ...limit, project_id: 'nobody' }], 400)
  await create([{ ...limit, domain_id: 'default' }], 400)
  await create([{ ...limit, project_id: undefined }], 400)
  // A domain as a project is a domain.
  assert.equal((await create([{ ...limit, project_id: 'default' }])).body.limits[0].domain_id, 'default')
  const count = async (query: string) => (await admin.get(`${v3}/limits${query}`)).body.limits.length
  assert.equal(await count(''), 3)
  assert.equal(await count(`?project_id=${project}&resource_name=cores&region_id=RegionOne&service_id=${compute}`), 1)
  assert.equal(await count('?domain_id=default'), 1)
  assert.equal(await count('?resource_name=images'), 0)
  const changed = await admin.patch(`${v3}/limits/${mine.id}`, { limit: { resource_limit: 6, description: 'more' } }, 200)
  assert.deepEqual([changed.body.limit.resource_limit, changed.body.limit.description], [6, 'more'])
  await admin.patch(`${v3}/limits/${mine.id}`, { limit: { project_id: other } }, 400)

  // What limits go by stays.
  await admin.patch(`${v3}/registered_limits/${row.id}`, { registered_limit: { default_limit: 1 } }, 403)
  await admin.delete(`${v3}/registered_limits/${row.id}`, 403)
  assert.equal(
    (await admin.patch(`${v3}/registered_limits/${everywhere.id}`, { registered_limit: { default_limit: 1 } }, 200)).body.registered_limit
      .default_limit,
    1,
  )
  await admin.patch(`${v3}/registered_limits/${everywhere.id}`, { registered_limit: { region_id: 'RegionOne' } }, 409)
  await admin.delete(`${v3}/projects/${other}`)
  assert.equal(await count(''), 2)
  await admin.delete(`${v3}/limits/${mine.id}`)
  await admin.get(`${v3}/limits/${mine.id}`, 404)
  await admin.delete(`${v3}/registered_limits/${everywhere.id}`)
  await admin.get(`${v3}/registered_limits/${everywhere.id}`, 404)
  assert.equal((await admin.get(`${v3}/limits/model`)).body.model.name, 'flat')

  // Who sees what: the scope of the token.
  const domain = await makeDomain(cloud, 'd')
  const inside = await makeProject(cloud, 'inside', { domain_id: domain })
  const [ofInside] = (await create([{ ...limit, project_id: inside }])).body.limits
  const ofDefault = (await admin.get(`${v3}/limits?domain_id=default`)).body.limits[0]
  const member = await (await makeUser(cloud, [['member', `/projects/${inside}`]], domain)).login({ project: { id: inside } })
  const reader = await (await makeUser(cloud, [['reader', `/domains/${domain}`]], domain)).login({ domain: { id: domain } })
  const stranger = await (await makeUser(cloud, [['member', `/projects/${project}`]])).login({ project: { id: project } })
  const system = await (await makeUser(cloud, [['reader', '/system']])).login({ system: { all: true } })
  const ids = async (token: string) =>
    (await ask(cloud, token, 'GET', '/v3/limits', { expected: 200 })).body.limits.map((shown: { id: string }) => shown.id).sort()
  assert.deepEqual(await ids(member), [ofInside.id])
  assert.deepEqual(await ids(reader), [ofInside.id])
  assert.deepEqual(await ids(stranger), [])
  assert.deepEqual(await ids(system), [ofInside.id, ofDefault.id].sort())
  for (const [token, may] of [
    [member, true],
    [reader, true],
    [stranger, false],
    [system, true],
  ] as const) {
    await ask(cloud, token, 'GET', `/v3/limits/${ofInside.id}`, { expected: may ? 200 : 403 })
    await ask(cloud, token, 'GET', `/v3/limits/${ofDefault.id}`, { expected: token === system ? 200 : 403 })
    await ask(cloud, token, 'GET', '/v3/limits/nothing', { expected: token === system ? 404 : 403 })
    await ask(cloud, token, 'GET', '/v3/limits/model', { expected: 200 })
    await ask(cloud, token, 'GET', `/v3/registered_limits/${row.id}`, { expected: 200 })
    await ask(cloud, token, 'POST', '/v3/limits', { body: { limits: [limit] }, expected: 403 })
    await ask(cloud, token, 'PATCH', `/v3/limits/${ofInside.id}`, { body: { limit: { resource_limit: 99 } }, expected: 403 })
    await ask(cloud, token, 'DELETE', `/v3/limits/${ofInside.id}`, { expected: 403 })
    await ask(cloud, token, 'POST', '/v3/registered_limits', { body: { registered_limits: [cores] }, expected: 403 })
    await ask(cloud, token, 'PATCH', `/v3/registered_limits/${row.id}`, { body: { registered_limit: {} }, expected: 403 })
    await ask(cloud, token, 'DELETE', `/v3/registered_limits/${row.id}`, { expected: 403 })
  }
  await ask(cloud, null, 'GET', '/v3/limits', { expected: 401 })
})

test('the strict model: no project above its domain, no domain below a project, also when asked at once', async () => {
  await using cloud = await testCloud({ settings: { limitModel: 'strict_two_level' } })
  const { admin } = cloud
  const compute = await serviceId(cloud, 'compute')
  const domain = await makeDomain(cloud, 'd')
  const projects = await Promise.all(['a', 'b', 'c'].map((name) => makeProject(cloud, name, { domain_id: domain })))
  const deep = await makeProject(cloud, 'deep', { domain_id: domain, parent_id: projects[0] })
  assert.equal((await admin.get(`${v3}/limits/model`)).body.model.name, 'strict_two_level')
  const key = { service_id: compute, resource_name: 'cores' }
  await admin.post(`${v3}/registered_limits`, { registered_limits: [{ ...key, default_limit: 10 }] }, 201)
  const create = (rows: object[], expected: number) =>
    admin.post(`${v3}/limits`, { limits: rows.map((row) => ({ ...key, ...row })) }, expected)
  const [a, b, c] = projects
  await create([{ project_id: a, resource_limit: 11 }], 403)
  await create([{ project_id: a, resource_limit: -1 }], 403)
  await create([{ project_id: deep, resource_limit: 1 }], 403)
  // Together: the domain's new limit counts.
  await create(
    [
      { project_id: b, resource_limit: 21 },
      { domain_id: domain, resource_limit: 20 },
    ],
    403,
  )
  const made = (
    await create(
      [
        { project_id: b, resource_limit: 20 },
        { domain_id: domain, resource_limit: 20 },
      ],
      201,
    )
  ).body.limits
  await create([{ project_id: a, resource_limit: 12 }], 201)
  await admin.patch(`${v3}/limits/${made[1].id}`, { limit: { resource_limit: 19 } }, 403)
  await admin.patch(`${v3}/limits/${made[0].id}`, { limit: { resource_limit: 21 } }, 403)
  await admin.patch(`${v3}/limits/${made[0].id}`, { limit: { resource_limit: 5 } }, 200)
  await admin.patch(`${v3}/limits/${made[1].id}`, { limit: { resource_limit: 12 } }, 200)
  // One lowers the domain while another makes a project's limit: never both.
  const answers = await Promise.all([
    admin.request('PATCH', `${v3}/limits/${made[1].id}`, { body: { limit: { resource_limit: 12 } } }),
    create([{ project_id: c, resource_limit: 13 }], 403),
    admin.request('PATCH', `${v3}/limits/${made[0].id}`, { body: { limit: { resource_limit: 12 } } }),
  ])
  assert.deepEqual(
    answers.map((answer) => answer.status),
    [200, 403, 200],
  )
  // A cloud with deeper projects cannot be started with this model.
  await assert.rejects(ensureDepth(cloud.cloud), /strict_two_level/)
})
