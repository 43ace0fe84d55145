// A reboot is a job of the guest's document: what becomes of the server when the host cannot do it, or the guest ends meanwhile.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { activeServer, ground, statusOf } from '../../../testing/compute/servers.ts'
import { testCloud } from '../../../testing/test-cloud.ts'
import { until } from '../../../testing/until.ts'

const path = '/compute/v2.1/servers'
const reboot = (type: string) => ({ reboot: { type } })

test('a reboot that the host cannot do is told to the owner, the server stays as it was, and nobody tries again', async () => {
  await using cloud = await testCloud({ settings: { fakeFaults: 'guest.reboot-soft:1' } })
  const place = await ground(cloud)
  const id = await activeServer(cloud, place)
  await place.member.post(`${path}/${id}/action`, reboot('SOFT'), 202)
  await cloud.settled()
  const { server } = (await place.member.get(`${path}/${id}`)).body
  assert.deepEqual([server.status, server['OS-EXT-STS:task_state']], ['ACTIVE', null])
  const { instanceActions } = (await place.member.get(`${path}/${id}/os-instance-actions`)).body
  assert.equal(instanceActions[0].message, 'Error')
  const boots = async () => (await cloud.host.consoleLog({ guestId: id })).split('login: ').length - 1
  cloud.agent.reconciler.lookAgain()
  await cloud.settled()
  assert.equal(await boots(), 1)
  await place.member.post(`${path}/${id}/action`, reboot('SOFT'), 202)
  await cloud.settled()
  assert.deepEqual([await statusOf(place.member, id), await boots()], ['ACTIVE', 2])
})

test('a guest that ends while its reboot fails leaves a server that is stopped, not one that seems to run', async () => {
  await using cloud = await testCloud({ settings: { fakeDelay: 50, fakeFaults: 'guest.reboot-hard:1' } })
  const place = await ground(cloud)
  const id = await activeServer(cloud, place)
  await place.member.post(`${path}/${id}/action`, reboot('HARD'), 202)
  const { hosts, database } = cloud.cloud
  const jobs = async () => (await database.read.selectFrom('host_documents').select('host_status').where('id', '=', id).executeTakeFirst())!
  await until('the job runs', async () => /"running".*jobs.*"running"/.test(JSON.stringify((await jobs()).host_status)))
  cloud.host.crashGuest(id)
  await until('the end', async () => (await statusOf(place.member, id)) === 'SHUTOFF')
  assert.equal((await hosts.get(database.read, 'fake-1', 'guest', id))!.power, 'off')
  await place.member.post(`${path}/${id}/action`, reboot('HARD'), 202)
  await cloud.settled()
  assert.equal(await statusOf(place.member, id), 'ACTIVE')
})

test('a hard reboot is in place of a soft one that waits for its guest', async () => {
  await using cloud = await testCloud({ settings: { fakeDelay: 300 } })
  const place = await ground(cloud)
  const id = await activeServer(cloud, place)
  const boots = async () => (await cloud.host.consoleLog({ guestId: id })).split('login: ').length - 1
  await place.member.post(`${path}/${id}/action`, reboot('SOFT'), 202)
  await place.member.post(`${path}/${id}/action`, reboot('HARD'), 202)
  await cloud.settled()
  assert.deepEqual([await statusOf(place.member, id), await boots()], ['ACTIVE', 2])
})

test('a server that is off is started by a hard reboot, once', async () => {
  await using cloud = await testCloud()
  const place = await ground(cloud)
  const id = await activeServer(cloud, place)
  await place.member.post(`${path}/${id}/action`, { 'os-stop': null }, 202)
  await cloud.settled()
  await place.member.post(`${path}/${id}/action`, reboot('HARD'), 202)
  await cloud.settled()
  assert.equal(await statusOf(place.member, id), 'ACTIVE')
  assert.equal((await cloud.host.consoleLog({ guestId: id })).split('login: ').length - 1, 2)
})
