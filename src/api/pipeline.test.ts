import assert from 'node:assert/strict'
import { test } from 'node:test'
import { documentedOperations } from '../documented.ts'
import { testCloud } from '../testing/test-cloud.ts'

const tokens = '/identity/v3/auth/tokens'
const json = { 'content-type': 'application/json' }

test('unknown paths are 404, known ones with another method 405 with Allow, documented but unbuilt ones 501', async () => {
  await using cloud = await testCloud()
  const { admin } = cloud
  await admin.request('GET', '/identity/v3/no-such-thing', { expected: 404 })
  const wrong = await admin.request('COPY', tokens, { expected: 405 }).catch(() => null)
  if (wrong) assert.match(wrong.headers.get('allow')!, /POST/)
  const put = await admin.request('PUT', tokens, { body: {}, expected: 405 })
  assert.match(put.headers.get('allow')!, /POST/)
  const unbuilt = cloud.cloud.services.flatMap((service) =>
    documentedOperations(service)
      .filter(({ method, path, action }) => method === 'GET' && action === null && !path.includes('{'))
      .filter(
        ({ path, major }) =>
          !service.operations.some((o) => o.method === 'GET' && o.path === path && (o.majors ?? [major]).includes(major)),
      )
      .map(({ path, major }) => `/${service.name}/${major}${path}`),
  )
  for (const path of unbuilt) assert.match((await admin.request('GET', path, { expected: 501 })).text, /not built/)
  await admin.request('GET', '/no-such-service/v3', { expected: 404 })
})

test('without a token nobody learns what exists', async () => {
  await using cloud = await testCloud()
  for (const path of ['/identity/v3/no-such-thing', '/identity/v3/OS-OAUTH1/consumers']) {
    const answer = await cloud.admin.request('GET', path, { headers: { 'x-auth-token': '' }, expected: 401 })
    assert.match(answer.headers.get('www-authenticate')!, /Keystone uri/)
  }
})

test('security-22: identity headers from outside count for nothing', async () => {
  await using cloud = await testCloud()
  const forged = {
    'x-auth-token': '',
    'x-user-id': 'admin',
    'x-roles': 'admin',
    'x-project-id': 'p',
    'x-identity-status': 'Confirmed',
    'x-is-admin-project': 'True',
    'x-service-token': 'x',
  }
  await cloud.admin.request('GET', '/identity/v3/no-such-thing', { headers: forged, expected: 401 })
})

test('every answer carries a request id of its own', async () => {
  await using cloud = await testCloud()
  const ids = new Set<string>()
  for (const path of ['/identity/v3', '/identity/v3/nowhere', tokens])
    ids.add((await cloud.admin.request('GET', path)).headers.get('x-openstack-request-id')!)
  assert.equal(ids.size, 3)
  for (const id of ids) assert.match(id, /^req-[0-9a-f-]{36}$/)
})

test('bodies that are no JSON, too large, too deep, of another type, or hold NUL are refused', async () => {
  await using cloud = await testCloud({ settings: { maxBodyBytes: 10_000 } })
  const send = (raw: string | Buffer, headers: Record<string, string>, expected: number) =>
    cloud.admin.request('POST', tokens, { raw, headers, expected })
  await send('{"auth": nonsense', json, 400)
  await send('[]', json, 400)
  await send('', json, 400)
  await send('{"auth":"x"}', { 'content-type': 'text/plain' }, 415)
  await send(`{"auth":"${'x'.repeat(20_000)}"}`, json, 413)
  await send(`${'{"a":'.repeat(60)}1${'}'.repeat(60)}`, json, 400)
  const nul = await send('{"auth":{"identity":{"methods":["pass\\u0000word"]}}}', json, 400)
  assert.match(nul.body.error.message, /NUL/)
  await send('{"__proto__":{"auth":1}}', json, 400)
  await cloud.admin.request('GET', '/identity/v3/projects%00', { expected: 400 })
})

test('names and secrets of a request do not reach the log', async () => {
  const lines: string[] = []
  const keep = (fields: object, message: string) => void lines.push(`${message} ${JSON.stringify(fields)}`)
  await using cloud = await testCloud({ log: { debug: keep, info: keep, warn: keep, error: keep } })
  await cloud.admin.request('POST', tokens, {
    body: {
      auth: {
        identity: { methods: ['password'], password: { user: { name: 'admin', domain: { id: 'default' }, password: 'canary-secret' } } },
      },
    },
    expected: 401,
  })
  const token = await cloud.admin.token()
  await cloud.admin.request('GET', `/identity/v3/nowhere?token=${token}`)
  assert.ok(lines.some((line) => line.includes('"status":401')))
  assert.deepEqual(
    lines.filter((line) => line.includes('canary-secret') || line.includes(token) || line.includes('test-admin')),
    [],
  )
})
