import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ask, makeProject, makeUser } from '../../../testing/identity/users.ts'
import { type TestCloud, testCloud } from '../../../testing/test-cloud.ts'

const templates = '/v2.0/OS-KSCATALOG/endpointTemplates'
const key = 'OS-KSCATALOG:endpointTemplate'

interface Shown {
  id: string
  type: string
  publicURL: string
}

async function makeService(cloud: TestCloud, type: string): Promise<string> {
  return (await cloud.admin.post('/identity/v3/services', { service: { type, name: type } }, 201)).body.service.id
}

/** Public addresses of that type in a new token's catalog. */
async function seen(cloud: TestCloud, user: Awaited<ReturnType<typeof makeUser>>, tenantId: string, type: string): Promise<string[]> {
  const auth = { tenantId, passwordCredentials: { userId: user.id, password: user.password } }
  const { access } = (await ask(cloud, null, 'POST', '/v2.0/tokens', { body: { auth }, expected: 200 })).body
  const found = access.serviceCatalog.find((entry: { type: string }) => entry.type === type)
  return (found?.endpoints ?? []).map((endpoint: { publicURL: string }) => endpoint.publicURL)
}

test('a template is made, listed in pages, changed and deleted, and is an endpoint of v3', async () => {
  await using cloud = await testCloud()
  const admin = await cloud.admin.token()
  const service_id = await makeService(cloud, 'dns')
  const wanted = {
    id: 7,
    region: 'North',
    global: true,
    type: 'dns',
    publicURL: 'https://dns.example.com/v1',
    internalURL: 'https://dns.internal/v1',
    versionId: '1',
    versionInfo: 'https://dns.example.com/v1/',
    versionList: 'https://dns.example.com/',
    enabled: true,
  }
  await ask(cloud, admin, 'POST', templates, { body: { [key]: { ...wanted, type: 'nothing' } }, expected: 400 })
  await ask(cloud, admin, 'POST', templates, { body: { [key]: { ...wanted, publicURL: 'x' } }, expected: 400 })
  await ask(cloud, admin, 'POST', templates, { body: { [key]: { ...wanted, publicURL: 'http://h/%(secret)s' } }, expected: 400 })
  assert.deepEqual((await ask(cloud, admin, 'POST', templates, { body: { [key]: wanted }, expected: 201 })).body, { [key]: wanted })
  await ask(cloud, admin, 'POST', templates, { body: { [key]: wanted }, expected: 409 })
  assert.deepEqual((await ask(cloud, admin, 'GET', `${templates}/7`, { expected: 200 })).body, { [key]: wanted })

  const v3 = async () => (await cloud.admin.get(`/identity/v3/endpoints?service_id=${service_id}`)).body.endpoints
  assert.deepEqual(
    (await v3()).map((row: { interface: string; url: string }) => [row.interface, row.url]),
    [
      ['internal', wanted.internalURL],
      ['public', wanted.publicURL],
    ],
  )
  const list = async (query = '') => (await ask(cloud, admin, 'GET', templates + query, { expected: 200 })).body
  const ofService = await list(`?serviceId=${service_id}`)
  assert.deepEqual(ofService, { 'OS-KSCATALOG:endpointsTemplates': [wanted], 'OS-KSCATALOG:endpointsTemplates_links': [] })
  const all = (await list())['OS-KSCATALOG:endpointsTemplates'].map((each: Shown) => each.id)
  assert.ok(all.length > 3)
  const paged: unknown[] = []
  for (let next: string | undefined = '?limit=2'; next; ) {
    const { 'OS-KSCATALOG:endpointsTemplates': rows, 'OS-KSCATALOG:endpointsTemplates_links': links } = await list(next)
    paged.push(...rows.map((each: Shown) => each.id))
    next = links[0] && new URL(links[0].href).search
  }
  assert.deepEqual(paged, all)
  await ask(cloud, admin, 'GET', `${templates}?marker=nowhere`, { expected: 400 })

  const change = async (changes: object, expected = 200) =>
    (await ask(cloud, admin, 'PUT', `${templates}/7`, { body: { [key]: changes }, expected })).body[key]
  await change({ id: 8 }, 400)
  await change({ type: 'compute' }, 400)
  await change({ publicURL: 'https://new/v2', internalURL: null, adminURL: 'https://admin/v2', versionId: '2', enabled: false })
  const after = (await ask(cloud, admin, 'GET', `${templates}/7`, { expected: 200 })).body[key]
  const { internalURL, ...kept } = wanted
  assert.deepEqual(after, { ...kept, publicURL: 'https://new/v2', adminURL: 'https://admin/v2', versionId: '2', enabled: false })
  assert.equal((await v3()).length, 2)
  await ask(cloud, admin, 'DELETE', `${templates}/7`, { expected: 204 })
  await ask(cloud, admin, 'GET', `${templates}/7`, { expected: 404 })
  assert.deepEqual(await v3(), [])
})

test('templates that are not global are seen by the tenants that were given them, beside all others', async () => {
  await using cloud = await testCloud()
  const admin = await cloud.admin.token()
  await makeService(cloud, 'dns')
  const [mine, other] = [await makeProject(cloud, 'mine'), await makeProject(cloud, 'other')]
  const user = await makeUser(cloud, [
    ['member', `/projects/${mine}`],
    ['member', `/projects/${other}`],
  ])
  const make = async (more: object) =>
    (await ask(cloud, admin, 'POST', templates, { body: { [key]: { type: 'dns', region: 'N', ...more } }, expected: 201 })).body[key].id
  const own = await make({ publicURL: 'http://own/v1' })
  const open = await make({ publicURL: 'http://open/v1', region: 'S', global: true })
  const endpoints = `/v2.0/tenants/${mine}/OS-KSCATALOG/endpoints`
  assert.deepEqual(await seen(cloud, user, mine, 'dns'), ['http://open/v1'])
  const given = { id: own, tenantId: mine, region: 'N', type: 'dns', publicURL: 'http://own/v1' }
  const shown = { ...given, versionId: '1', versionInfo: 'http://own/v1/', versionList: 'http://own/' }
  assert.deepEqual((await ask(cloud, admin, 'POST', endpoints, { body: { [key]: { id: own } }, expected: 201 })).body, { endpoint: shown })
  await ask(cloud, admin, 'POST', endpoints, { body: { [key]: { id: own } }, expected: 409 })
  await ask(cloud, admin, 'POST', endpoints, { body: { [key]: { id: 'nowhere' } }, expected: 404 })
  assert.deepEqual((await ask(cloud, admin, 'GET', endpoints, { expected: 200 })).body, { endpoints: [shown], endpoints_links: [] })
  assert.deepEqual((await ask(cloud, admin, 'GET', `${endpoints}/${own}`, { expected: 200 })).body, { endpoint: shown })
  await ask(cloud, admin, 'GET', `${endpoints}/${open}`, { expected: 404 })
  assert.deepEqual((await seen(cloud, user, mine, 'dns')).sort(), ['http://open/v1', 'http://own/v1'])
  assert.equal((await seen(cloud, user, mine, 'compute')).length, 1)
  assert.deepEqual(await seen(cloud, user, other, 'dns'), ['http://open/v1'])

  // An address that joins the template is given too, and all of it is taken away with the template.
  await ask(cloud, admin, 'PUT', `${templates}/${own}`, { body: { [key]: { adminURL: 'http://adm/v1' } }, expected: 200 })
  assert.equal((await ask(cloud, admin, 'GET', `${endpoints}/${own}`, { expected: 200 })).body.endpoint.adminURL, 'http://adm/v1')
  await ask(cloud, admin, 'DELETE', `${endpoints}/${own}`, { expected: 204 })
  await ask(cloud, admin, 'DELETE', `${endpoints}/${own}`, { expected: 404 })
  assert.deepEqual(await seen(cloud, user, mine, 'dns'), ['http://open/v1'])
  await ask(cloud, admin, 'POST', endpoints, { body: { [key]: { id: own } }, expected: 201 })
  await ask(cloud, admin, 'DELETE', `${templates}/${own}`, { expected: 204 })
  assert.deepEqual((await ask(cloud, admin, 'GET', endpoints, { expected: 200 })).body.endpoints, [])

  const stranger = await user.login({ project: { id: mine } })
  for (const [method, path, body] of [
    ['GET', templates, undefined],
    ['GET', `${templates}/${open}`, undefined],
    ['GET', `${templates}/nowhere`, undefined],
    ['GET', endpoints, undefined],
    ['GET', `${endpoints}/${open}`, undefined],
    ['POST', templates, { [key]: { type: 'dns', publicURL: 'http://evil/v1', global: true } }],
    ['POST', endpoints, { [key]: { id: open } }],
    ['PUT', `${templates}/${open}`, { [key]: { publicURL: 'http://evil/v1' } }],
    ['DELETE', `${templates}/${open}`, undefined],
    ['DELETE', `${endpoints}/${open}`, undefined],
  ] as const)
    await ask(cloud, stranger, method, path, { body, expected: 403 })
})

test("addresses of the cloud's own services are not changed by templates, but can be hidden", async () => {
  await using cloud = await testCloud()
  const admin = await cloud.admin.token()
  const all = (await ask(cloud, admin, 'GET', templates, { expected: 200 })).body['OS-KSCATALOG:endpointsTemplates'] as Shown[]
  const compute = all.find(({ type }) => type === 'compute')!
  assert.deepEqual([(compute as unknown as { versionId: string }).versionId, 'adminURL' in compute], ['2.1', true])
  const one = `${templates}/${compute.id}`
  await ask(cloud, admin, 'PUT', one, { body: { [key]: { publicURL: 'http://elsewhere/v2' } }, expected: 403 })
  await ask(cloud, admin, 'PUT', one, { body: { [key]: { region: 'elsewhere' } }, expected: 403 })
  await ask(cloud, admin, 'DELETE', one, { expected: 403 })
  const project = await makeProject(cloud, 'p')
  const user = await makeUser(cloud, [['member', `/projects/${project}`]])
  await ask(cloud, admin, 'PUT', one, { body: { [key]: { publicURL: compute.publicURL, global: false } }, expected: 200 })
  assert.deepEqual(await seen(cloud, user, project, 'compute'), [])
  await ask(cloud, admin, 'PUT', one, { body: { [key]: { global: true } }, expected: 200 })
  assert.equal((await seen(cloud, user, project, 'compute')).length, 1)
})
