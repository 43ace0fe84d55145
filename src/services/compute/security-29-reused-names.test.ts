import assert from 'node:assert/strict'
import { test } from 'node:test'
import { activeServer, assertNoResidue, ground } from '../../testing/compute/servers.ts'
import { testCloud } from '../../testing/test-cloud.ts'

const compute = '/compute/v2.1'

test('security-29: a flavor with the id of one that is gone has none of its users, and does not change its servers', async () => {
  await using cloud = await testCloud()
  const { admin } = cloud
  const place = await ground(cloud)
  const { member } = place
  const flavor = (more: object) => ({
    flavor: { name: 'own', id: 'own', ram: 64, vcpus: 2, disk: 1, 'os-flavor-access:is_public': false, ...more },
  })
  await admin.post(`${compute}/flavors`, flavor({}), 200)
  await admin.post(`${compute}/flavors/own/os-extra_specs`, { extra_specs: { secret: '1' } }, 200)
  await admin.post(`${compute}/flavors/own/action`, { addTenantAccess: { tenant: await member.projectId() } }, 200)
  const old = await activeServer(cloud, place, { flavorRef: 'own' })
  await admin.delete(`${compute}/flavors/own`, 202)
  await admin.post(`${compute}/flavors`, flavor({ name: 'other', ram: 4096, vcpus: 8, disk: 0 }), 200)
  await member.get(`${compute}/flavors/own`, 404)
  await member.get(`${compute}/flavors/own/os-extra_specs`, 404)
  assert.deepEqual((await admin.get(`${compute}/flavors/own/os-flavor-access`)).body.flavor_access, [])
  assert.deepEqual((await admin.get(`${compute}/flavors/own/os-extra_specs`)).body.extra_specs, {})
  const server = { name: 'x', flavorRef: 'own', imageRef: place.imageId }
  await member.post(`${compute}/servers`, { server }, 400)
  // The old server is as large as it was, also when what it took is given back.
  const { absolute } = (await member.get(`${compute}/limits`)).body.limits
  assert.deepEqual([absolute.totalCoresUsed, absolute.totalRAMUsed], [2, 64])
  await member.post(`${compute}/servers/${old}/action`, { reboot: { type: 'HARD' } }, 202)
  await cloud.settled()
  const spec = await cloud.cloud.hosts.get(cloud.cloud.database.read, 'fake-1', 'guest', old)
  assert.deepEqual([spec?.vcpus, spec?.ramMiB], [2, 64])
  await member.delete(`${compute}/servers/${old}`)
  await cloud.settled()
  await assertNoResidue(cloud)
})

test('security-29: a key pair, or a group, of the name of one that is gone has nothing of it', async () => {
  await using cloud = await testCloud()
  const place = await ground(cloud)
  const { member } = place
  const made = async () => (await member.post(`${compute}/os-keypairs`, { keypair: { name: 'key' } }, 200)).body.keypair.public_key
  const first = await made()
  const id = await activeServer(cloud, place, { key_name: 'key' })
  await member.delete(`${compute}/os-keypairs/key`, 202)
  assert.notEqual(await made(), first)
  await member.put(`${compute}/servers/${id}`, { server: { name: 'renamed' } }, 200)
  const spec = await cloud.cloud.hosts.get(cloud.cloud.database.read, 'fake-1', 'guest', id)
  const data = JSON.parse(spec!.metadata['openstack/latest/meta_data.json'] as string)
  assert.equal(data.public_keys.key.trim(), first.trim())
  const group = async () => {
    const body = { server_group: { name: 'apart', policies: ['anti-affinity'] } }
    return (await member.post(`${compute}/os-server-groups`, body, 200)).body.server_group
  }
  const old = await group()
  const server = { name: 'a', flavorRef: '42', imageRef: place.imageId, networks: [{ uuid: place.networkId }] }
  await member.post(`${compute}/servers`, { server, 'os:scheduler_hints': { group: old.id } }, 202)
  await cloud.settled()
  await member.delete(`${compute}/os-server-groups/${old.id}`)
  const next = await group()
  assert.deepEqual([next.id === old.id, next.members], [false, []])
  await member.post(`${compute}/servers`, { server, 'os:scheduler_hints': { group: old.id } }, 400)
})
