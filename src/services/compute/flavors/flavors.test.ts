import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testCloud } from '../../../testing/test-cloud.ts'

const path = '/compute/v2.1/flavors'

test('a private flavor is seen and used only by projects that were given it', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const made = { name: 'private', ram: 64, vcpus: '1', disk: 0, id: 'auto', 'os-flavor-access:is_public': false }
  const { id } = (await cloud.admin.post(path, { flavor: made }, 200)).body.flavor
  await member.get(`${path}/${id}`, 404)
  const project = await member.projectId()
  const given = await cloud.admin.post(`${path}/${id}/action`, { addTenantAccess: { tenant: project } }, 200)
  assert.deepEqual(given.body.flavor_access, [{ flavor_id: id, tenant_id: project }])
  await cloud.admin.post(`${path}/${id}/action`, { addTenantAccess: { tenant: project } }, 409)
  await member.get(`${path}/${id}`)
  await cloud.admin.post(`${path}/${id}/action`, { removeTenantAccess: { tenant: project } }, 200)
  await member.get(`${path}/${id}`, 404)
  await cloud.admin.delete(`${path}/${id}`, 202)
  await cloud.admin.get(`${path}/${id}`, 404)
})

test('flavors are listed in pages, and by size', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const seen: string[] = []
  for (let next: string | undefined = `${cloud.url}${path}?limit=2`; next; ) {
    const { body } = await member.get(next.slice(cloud.url.length))
    seen.push(...body.flavors.map((flavor: { id: string }) => flavor.id))
    next = body.flavors_links?.[0].href
  }
  assert.deepEqual(seen, ['1', '2', '3', '4', '42', '5'])
  assert.deepEqual((await member.get(`${path}?minRam=8192`)).body.flavors.length, 2)
  await member.get(`${path}?minRam=x`, 400)
})

test('extra specs are set, read by key and removed', async () => {
  await using cloud = await testCloud()
  const { admin } = cloud
  await admin.post(`${path}/1/os-extra_specs`, { extra_specs: { 'hw:a': '1', b: 2 } }, 200)
  await admin.put(`${path}/1/os-extra_specs/b`, { b: '3' }, 200)
  await admin.put(`${path}/1/os-extra_specs/b`, { c: '3' }, 400)
  assert.deepEqual((await admin.get(`${path}/1/os-extra_specs`)).body.extra_specs, { 'hw:a': '1', b: '3' })
  assert.deepEqual((await admin.get(`${path}/os-flavor-extra-specs/1/b`)).body, { b: '3' })
  await admin.delete(`${path}/1/os-extra_specs/b`, 200)
  await admin.delete(`${path}/1/os-extra_specs/b`, 404)
})

test('what cannot be a flavor is refused, and names and ids are there once', async () => {
  await using cloud = await testCloud()
  const good = { name: 'f', ram: 64, vcpus: 1, disk: 0 }
  for (const bad of [
    { ram: 0 },
    { vcpus: -1 },
    { name: '' },
    { name: 'x'.repeat(256) },
    { name: 'a\nb' },
    { id: 'a/b' },
    { rxtx_factor: 0 },
    { more: 1 },
  ]) {
    await cloud.admin.post(path, { flavor: { ...good, ...bad } }, 400)
  }
  await cloud.admin.post(path, { flavor: { ...good, id: '1' } }, 409)
  await cloud.admin.post(path, { flavor: { ...good, name: 'm1.tiny' } }, 409)
})

test('version 2 ignores fields that it does not know, and has no microversions', async () => {
  await using cloud = await testCloud()
  const flavor = { name: 'f', ram: 64, vcpus: 1, disk: 0, more: 1 }
  const answer = await cloud.admin.post('/compute/v2/flavors', { flavor }, 200)
  assert.equal(answer.headers.get('x-openstack-nova-api-version'), null)
})
