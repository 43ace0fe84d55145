import assert from 'node:assert/strict'
import { test } from 'node:test'
import { activeServer, ground } from '../../testing/compute/servers.ts'
import { testCloud } from '../../testing/test-cloud.ts'
import { compute } from './index.ts'

test('an operation of a later microversion is not there below it, nor in version 2', async () => {
  await using cloud = await testCloud()
  const place = await ground(cloud)
  const { admin } = cloud
  const id = await activeServer(cloud, place)
  const later = compute.operations.filter(({ since }) => since !== undefined)
  assert.ok(later.length > 0)
  for (const { id: name, method, path, since } of later) {
    const [major, minor] = since!.split('.').map(Number)
    const below = { 'x-openstack-nova-api-version': `${major}.${minor! - 1}` }
    const place = path.replaceAll(/\{[^}]+\}/g, id)
    for (const [base, headers] of [
      ['v2', {}],
      ['v2', { 'x-openstack-nova-api-version': since! }],
      ['v2.1', below],
    ] as const) {
      const { status } = await admin.request(method, `/compute/${base}${place}`, { body: {}, headers })
      assert.equal(status, 404, `${name} in ${base}`)
    }
  }
  const remote_console = { protocol: 'vnc', type: 'novnc' }
  const at26 = { 'x-openstack-nova-api-version': '2.6' }
  const { member } = place
  for (const base of ['v2', 'v2.1'])
    await member.request('POST', `/compute/${base}/servers/${id}/remote-consoles`, { body: { remote_console }, expected: 404 })
  await member.request('POST', `/compute/v2.1/servers/${id}/remote-consoles`, { body: { remote_console }, headers: at26, expected: 200 })
})

test('fields of later microversions are ignored in version 2, whatever they hold, and refused in 2.1', async () => {
  await using cloud = await testCloud()
  const place = await ground(cloud)
  const { member } = place
  const id = await activeServer(cloud, place)
  for (const value of ['text', { $: 1 }, 7, ['a']]) {
    const key = { name: `key-${typeof value}-${Array.isArray(value)}`, type: value, user_id: value }
    assert.deepEqual((await member.post('/compute/v2/os-keypairs', { keypair: key }, 200)).body.keypair.user_id, member.login.userId)
    await member.post('/compute/v2.1/os-keypairs', { keypair: key }, 400)
    await member.put(`/compute/v2/servers/${id}`, { server: { name: 'same', description: value } }, 200)
    await member.put(`/compute/v2.1/servers/${id}`, { server: { name: 'same', description: value } }, 400)
  }
  const shown = await member.request('GET', `/compute/v2.1/servers/${id}`, { headers: { 'x-openstack-nova-api-version': '2.19' } })
  assert.equal(shown.body.server.description, 'test-server')
})
