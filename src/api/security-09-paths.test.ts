// Routes and access rules see one and the same path; policy is asked before anything is told of a body.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Persona } from '../testing/persona.ts'
import { testCloud } from '../testing/test-cloud.ts'

test('doubled slashes and .json at the end are as without; names that a user chose keep theirs', async () => {
  await using cloud = await testCloud()
  const { admin } = cloud
  const get = async (path: string) => (await admin.request('GET', path, { expected: 200 })).body
  assert.deepEqual(await get('/compute/v2.1//limits'), await get('/compute/v2.1/limits'))
  assert.deepEqual(await get('/network//v2.0///networks.json'), await get('/network/v2.0/networks'))
  assert.deepEqual(Object.keys(await get('/identity/v3//projects')), Object.keys(await get('/identity/v3/projects')))
  const { router } = (await admin.request('POST', '/network/v2.0/routers.json', { body: { router: { name: 'r' } }, expected: 201 })).body
  const renamed = await admin.request('PUT', `/network/v2.0/routers/${router.id}.json`, { body: { router: { name: 's' } }, expected: 200 })
  assert.equal(renamed.body.router.name, 's')
  await admin.request('DELETE', `/network/v2.0/routers/${router.id}.json`, { expected: 204 })
  const created = await admin.request('POST', '/image/v2/images', { body: { name: 'i' }, expected: 201 })
  await admin.request('PUT', `/image/v2/images/${created.body.id}/tags/mine.json`, { expected: 204 })
  assert.deepEqual((await get(`/image/v2/images/${created.body.id}`)).tags, ['mine.json'])
})

test('security-07: access rules hold for the route that is matched, however its path is spelt', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const { network } = (await member.request('POST', '/network/v2.0/networks', { body: { network: { name: 'n' } }, expected: 201 })).body
  const own = await member.token()
  const shown = await member.request('GET', '/identity/v3/auth/tokens', { headers: { 'x-subject-token': own }, expected: 200 })
  const userId = shown.body.token.user.id
  const { body } = await member.request('POST', `/identity/v3/users/${userId}/application_credentials`, {
    body: {
      application_credential: {
        name: 'rules',
        access_rules: [
          { service: 'network', method: 'DELETE', path: '/v2.0/networks/*/tags/*' },
          { service: 'network', method: 'GET', path: '/v2.0/networks' },
        ],
      },
    },
    expected: 201,
  })
  const { id, secret } = body.application_credential
  const auth = { identity: { methods: ['application_credential'], application_credential: { id, secret } } }
  const made = await member.request('POST', '/identity/v3/auth/tokens', { body: { auth }, expected: 201 })
  const token = made.headers.get('x-subject-token')!
  const status = async (method: string, path: string) => (await member.request(method, path, { headers: { 'x-auth-token': token } })).status
  for (const path of ['/network/v2.0/networks', '/network/v2.0//networks', '/network/v2.0/networks/', '/network/v2.0/%6eetworks'])
    assert.equal(await status('GET', path), 200, path)
  for (const path of [
    `${network.id}`,
    `${network.id}%23/tags/x`,
    `${network.id}%3F/tags/x`,
    `${network.id}%2Ftags%2Fx`,
    `${network.id}//tags`,
    `.%2e/networks/${network.id}`,
    `${network.id};/tags/x`,
  ])
    assert.notEqual(await status('DELETE', `/network/v2.0/networks/${path}`), 204, path)
  await member.request('GET', `/network/v2.0/networks/${network.id}`, { expected: 200 })
})

test('who may not do a thing learns nothing of what is wrong with the body', async () => {
  await using cloud = await testCloud()
  const member: Persona = await cloud.as('member')
  const cases: [method: string, path: string, body: unknown][] = [
    ['POST', '/identity/v3/projects', { project: {} }],
    ['POST', '/identity/v3/projects', { project: { name: 1 } }],
    ['POST', '/identity/v3/users', {}],
    ['POST', '/identity/v3/users', []],
    ['PATCH', '/identity/v3/domains/default', { domain: {} }],
    ['POST', '/compute/v2.1/flavors', { flavor: { vcpus: 'many' } }],
    ['POST', '/image/v2/metadefs/namespaces', { nonsense: true }],
  ]
  for (const [method, path, body] of cases) {
    await member.request(method, path, { body, expected: 403 })
    assert.ok([200, 400].includes((await cloud.admin.request(method, path, { body })).status), path)
  }
})
