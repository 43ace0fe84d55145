import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testCloud } from '../../../testing/test-cloud.ts'

const v3 = '/identity/v3'

test('a policy is kept as it is, in text or as an object, with what else it was made with', async () => {
  await using cloud = await testCloud()
  const { policy } = (await cloud.admin.post(`${v3}/policies`, { policy: { blob: '{"a": "b"}', type: 'text/x', colour: 'red' } }, 201)).body
  assert.deepEqual([policy.blob, policy.type, policy.colour], ['{"a": "b"}', 'text/x', 'red'])
  const shown = async () => (await cloud.admin.get(`${v3}/policies/${policy.id}`)).body.policy.blob
  assert.equal(await shown(), '{"a": "b"}')
  const changed = (await cloud.admin.patch(`${v3}/policies/${policy.id}`, { policy: { blob: { a: 1 } } }, 200)).body.policy
  assert.deepEqual([changed.blob, changed.type, changed.colour], [{ a: 1 }, 'text/x', 'red'])
  assert.deepEqual(await shown(), { a: 1 })
  const other = (await cloud.admin.post(`${v3}/policies`, { policy: { blob: {}, type: 'text/y' } }, 201)).body.policy
  const list = async (query: string) =>
    (await cloud.admin.get(`${v3}/policies?${query}`)).body.policies.map((row: { id: string }) => row.id).sort()
  assert.deepEqual(await list('type=text/y'), [other.id])
  for (const query of ['type__contains=t/y', 'type__icontains=T/Y', 'type__endswith=/y', 'type__iequals=TEXT/Y'])
    assert.deepEqual(await list(query), [other.id], query)
  assert.deepEqual(await list('type__contains=%25'), [])
  assert.deepEqual(await list(''), [policy.id, other.id].sort())
  await cloud.admin.delete(`${v3}/policies/${policy.id}`)
  await cloud.admin.get(`${v3}/policies/${policy.id}`, 404)
})

test('the nearest association decides which policy is for an endpoint: its own, its region and those above, its service', async () => {
  await using cloud = await testCloud()
  const post = async (path: string, body: object) =>
    Object.values((await cloud.admin.post(v3 + path, body, 201)).body as Record<string, { id: string }>)[0]!.id
  const service = await post('/services', { service: { type: 'x' } })
  await post('/regions', { region: { id: 'above' } })
  await post('/regions', { region: { id: 'below', parent_region_id: 'above' } })
  await post('/regions', { region: { id: 'other' } })
  const endpoint = async (region_id: string) =>
    post('/endpoints', { endpoint: { service_id: service, interface: 'public', url: 'http://x', region_id } })
  const [high, low, elsewhere] = [await endpoint('above'), await endpoint('below'), await endpoint('other')]
  const policy = async () => post('/policies', { policy: { blob: '{}', type: 'x' } })
  const [ofService, ofRegion, own] = [await policy(), await policy(), await policy()]
  const place = (id: string, tail: string) => `${v3}/policies/${id}/OS-ENDPOINT-POLICY${tail}`
  const put = (id: string, tail: string, expected = 204) => cloud.admin.request('PUT', place(id, tail), { expected })
  const shown = async (id: string, expected = 200) =>
    (await cloud.admin.get(`${v3}/endpoints/${id}/OS-ENDPOINT-POLICY/policy`, expected)).body.policy?.id
  await shown(low, 404)
  await put(ofService, `/services/${service}`)
  await put(ofRegion, `/services/${service}/regions/above`)
  await put(own, `/endpoints/${low}`)
  assert.deepEqual([await shown(low), await shown(high), await shown(elsewhere)], [own, ofRegion, ofService])
  const endpoints = async (id: string) =>
    (await cloud.admin.get(place(id, '/endpoints'))).body.endpoints.map((row: { id: string }) => row.id).sort()
  assert.deepEqual(await endpoints(own), [low])
  assert.deepEqual(await endpoints(ofRegion), [high, low].sort())
  assert.deepEqual(await endpoints(ofService), [high, low, elsewhere].sort())
  // A place has one policy.
  await put(ofRegion, `/endpoints/${low}`)
  assert.equal(await shown(low), ofRegion)
  await cloud.admin.get(place(own, `/endpoints/${low}`), 404)
  await cloud.admin.request('HEAD', place(ofRegion, `/endpoints/${low}`), { expected: 204 })
  await cloud.admin.delete(place(own, `/endpoints/${low}`), 404)
  await cloud.admin.delete(place(ofRegion, `/endpoints/${low}`))
  // What goes takes its associations along, and what comes back by the same name has none.
  await cloud.admin.delete(`${v3}/policies/${ofRegion}`)
  assert.equal(await shown(low), ofService)
  await put(own, `/services/${service}/regions/other`)
  await cloud.admin.delete(`${v3}/endpoints/${elsewhere}`)
  await cloud.admin.delete(`${v3}/regions/other`)
  await post('/regions', { region: { id: 'other' } })
  assert.equal(await shown(await endpoint('other')), ofService)
  await put(own, '/services/nowhere', 404)
  await put(own, `/services/${service}/regions/nowhere`, 404)
  await put('nowhere', `/services/${service}`, 404)
})
