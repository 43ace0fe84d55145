import assert from 'node:assert/strict'
import { test } from 'node:test'
import { steppedClock } from '../../../environment.ts'
import { activeServer, assertNoResidue, type Ground, ground, statusOf } from '../../../testing/compute/servers.ts'
import { makeServer } from '../../../testing/make.ts'
import { survivesCrashes } from '../../../testing/survives-crashes.ts'
import { type TestCloud, testCloud } from '../../../testing/test-cloud.ts'

const path = '/compute/v2.1/servers'
const places = new WeakMap<TestCloud, Ground>()
const make = async () => {
  const cloud = await testCloud()
  places.set(cloud, await ground(cloud))
  return cloud
}

test('security-27: killed after any step of creating a server, the next process makes the same server', async () => {
  const deaths = await survivesCrashes({
    make,
    kind: 'compute.server.create',
    async begin(cloud) {
      const { member, imageId, networkId } = places.get(cloud)!
      return (await makeServer(member, imageId, { networks: [{ uuid: networkId }] })).id
    },
    async check(cloud, id, after) {
      const { member } = places.get(cloud)!
      assert.equal(await statusOf(member, id), 'ACTIVE', `killed after ${after}`)
      assert.deepEqual(cloud.host.inventory().guest, [id])
      const { port_id } = (await member.get(`${path}/${id}/os-interface`)).body.interfaceAttachments[0]
      assert.ok(cloud.host.inventory().port.includes(port_id))
      assert.equal((await member.get('/network/v2.0/ports?device_owner=compute:nova')).body.ports.length, 1)
      await member.delete(`${path}/${id}`)
      await cloud.settled()
      await assertNoResidue(cloud)
    },
  })
  assert.ok(deaths >= 6, `it died ${deaths} times`)
})

test('security-27: killed after any step of deleting a server, the next process leaves nothing of it', async () => {
  const deaths = await survivesCrashes({
    make,
    kind: 'compute.server.delete',
    async begin(cloud) {
      const place = places.get(cloud)!
      const id = await activeServer(cloud, place)
      await place.member.delete(`${path}/${id}`)
      return id
    },
    async check(cloud, id) {
      await places.get(cloud)!.member.get(`${path}/${id}`, 404)
      await assertNoResidue(cloud)
    },
  })
  assert.ok(deaths >= 3, `it died ${deaths} times`)
})

test('security-27: a server that is deleted while it is made is undone', async () => {
  await using cloud = await testCloud({ settings: { fakeDelay: 30 } })
  const { member, imageId, networkId } = await ground(cloud)
  const ids: string[] = []
  for (let wait = 0; wait < 100; wait += 20) {
    const { id } = await makeServer(member, imageId, { networks: [{ uuid: networkId }] })
    await new Promise((resolve) => setTimeout(resolve, wait))
    await member.delete(`${path}/${id}`)
    ids.push(id)
  }
  await cloud.settled()
  for (const id of ids) await member.get(`${path}/${id}`, 404)
  await assertNoResidue(cloud)
})

for (const [fault, what] of [
  ['guest.start:1', 'a guest that cannot start'],
  ['port.plug:1', 'a port that cannot be plugged'],
] as const) {
  test(`security-27: ${what} leaves a server in ERROR that says why, and nothing else`, async () => {
    await using cloud = await testCloud({ settings: { fakeFaults: fault } })
    const { member, imageId, networkId } = await ground(cloud)
    const { id } = await makeServer(member, imageId, { networks: [{ uuid: networkId }] })
    await cloud.settled()
    const { server } = (await member.get(`${path}/${id}`)).body
    assert.equal(server.status, 'ERROR')
    assert.match(server.fault.message, /fault injected/)
    assert.deepEqual(server.addresses, {})
    assert.deepEqual(cloud.host.inventory().guest, [])
    await member.delete(`${path}/${id}`)
    await cloud.settled()
    await assertNoResidue(cloud)
  })
}

test('security-27: while no host has room a server fails with the known message', async () => {
  await using cloud = await testCloud()
  const { member, imageId } = await ground(cloud)
  await cloud.admin.put('/compute/v2.1/os-services/disable', { host: 'fake-1', binary: 'nova-compute' }, 200)
  const { id } = await makeServer(member, imageId)
  await cloud.settled()
  const { server } = (await member.get(`${path}/${id}`)).body
  assert.equal(server.fault.message, 'No valid host was found. There are not enough hosts available.')
})

test('security-27: a server asked for while the agent is away is made when it is back', async () => {
  await using cloud = await testCloud()
  const place = await ground(cloud)
  await cloud.agent.stop()
  const { id } = await makeServer(place.member, place.imageId, { networks: [{ uuid: place.networkId }] })
  await cloud.cloud.tasks.idle()
  assert.equal(await statusOf(place.member, id), 'BUILD')
  await cloud.restart()
  await cloud.settled()
  assert.equal(await statusOf(place.member, id), 'ACTIVE')
})

test('security-27: a server on a host that is away can be deleted, and its guest goes when the host is back', async () => {
  const clock = steppedClock()
  await using cloud = await testCloud({ clock })
  const place = await ground(cloud)
  const id = await activeServer(cloud, place)
  await cloud.agent.stop()
  await cloud.admin.token()
  await clock.advance(61_000)
  await place.member.delete(`${path}/${id}`)
  await cloud.cloud.tasks.idle()
  await place.member.get(`${path}/${id}`, 404)
  const document = await cloud.cloud.database.read.selectFrom('host_documents').select('spec').where('id', '=', id).executeTakeFirst()
  assert.equal(document?.spec, null, 'the host is told when it asks')
})
