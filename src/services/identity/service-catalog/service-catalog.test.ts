import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testCloud } from '../../../testing/test-cloud.ts'

const v3 = '/identity/v3'

test('services and endpoints are made, changed and deleted, and are in the catalog meanwhile', async () => {
  await using cloud = await testCloud()
  const inCatalog = async () =>
    (await cloud.admin.get(`${v3}/auth/catalog`)).body.catalog.find((entry: { type: string }) => entry.type === 'extra')
  const service = (await cloud.admin.post(`${v3}/services`, { service: { type: 'extra', name: 'x' } }, 201)).body.service
  const endpoint = (
    await cloud.admin.post(
      `${v3}/endpoints`,
      { endpoint: { service_id: service.id, interface: 'public', url: 'http://127.0.0.1/$(tenant_id)s', region: 'Elsewhere' } },
      201,
    )
  ).body.endpoint
  assert.equal(endpoint.region_id, 'Elsewhere')
  await cloud.admin.get(`${v3}/regions/Elsewhere`)
  assert.equal((await inCatalog()).endpoints[0].url, `http://127.0.0.1/${await cloud.admin.projectId()}`)
  await cloud.admin.patch(`${v3}/endpoints/${endpoint.id}`, { endpoint: { enabled: false } }, 200)
  assert.deepEqual((await inCatalog()).endpoints, [])
  await cloud.admin.patch(`${v3}/services/${service.id}`, { service: { enabled: false } }, 200)
  assert.equal(await inCatalog(), undefined)
  assert.deepEqual(
    (await cloud.admin.get(`${v3}/endpoints?service_id=${service.id}&enabled=false`)).body.endpoints.map((row: { id: string }) => row.id),
    [endpoint.id],
  )
  assert.deepEqual(
    (await cloud.admin.get(`${v3}/services?type=extra`)).body.services.map((row: { id: string }) => row.id),
    [service.id],
  )
  await cloud.admin.delete(`${v3}/services/${service.id}`)
  await cloud.admin.get(`${v3}/endpoints/${endpoint.id}`, 404)
  const base = { service_id: (await cloud.admin.get(`${v3}/services`)).body.services[0].id, interface: 'public', url: 'http://x' }
  for (const bad of [
    { interface: 'other' },
    { url: 'no url' },
    { url: 'http://%(password)s' },
    { region_id: 'nowhere' },
    { service_id: 'nowhere' },
    { url: `http://${'a'.repeat(230)}` },
  ]) {
    await cloud.admin.post(`${v3}/endpoints`, { endpoint: { ...base, ...bad } }, 400)
  }
})

test("the cloud's own services cannot be pointed elsewhere", async () => {
  await using cloud = await testCloud()
  const service = (await cloud.admin.get(`${v3}/services?type=identity`)).body.services[0]
  const endpoint = (await cloud.admin.get(`${v3}/endpoints?service_id=${service.id}`)).body.endpoints[0]
  await cloud.admin.patch(`${v3}/endpoints/${endpoint.id}`, { endpoint: { url: 'http://127.0.0.1:1' } }, 403)
  await cloud.admin.delete(`${v3}/endpoints/${endpoint.id}`, 403)
  await cloud.admin.delete(`${v3}/services/${service.id}`, 403)
  await cloud.admin.patch(`${v3}/services/${service.id}`, { service: { description: 'ours' } }, 200)
})

test('regions are a tree without circles that is taken away from its leaves', async () => {
  await using cloud = await testCloud()
  const region = async (body: object, expected = 201) => (await cloud.admin.post(`${v3}/regions`, { region: body }, expected)).body.region
  const top = await region({ id: 'top of/all', description: 'd' })
  const path = `${v3}/regions/${encodeURIComponent(top.id)}`
  const below = await region({ parent_region_id: top.id })
  assert.deepEqual(
    (await cloud.admin.get(`${v3}/regions?parent_region_id=${encodeURIComponent(top.id)}`)).body.regions.map(
      (row: { id: string }) => row.id,
    ),
    [below.id],
  )
  await region({ id: top.id }, 409)
  await region({ parent_region_id: 'nowhere' }, 404)
  await cloud.admin.patch(path, { region: { parent_region_id: below.id } }, 409)
  await cloud.admin.delete(path, 409)
  await cloud.admin.delete(`${v3}/regions/RegionOne`, 409)
  await cloud.admin.put(`${v3}/regions/mine`, { region: { description: 'x' } }, 201)
  await cloud.admin.put(`${v3}/regions/mine`, { region: {} }, 409)
  await cloud.admin.put(`${v3}/regions/one`, { region: { id: 'two' } }, 400)
  await cloud.admin.delete(`${v3}/regions/${below.id}`)
  await cloud.admin.delete(path)
  await (await cloud.as('reader')).get(`${v3}/regions`)
})
