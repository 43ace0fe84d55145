import assert from 'node:assert/strict'
import { test } from 'node:test'
import { activeServer, ground } from '../../../testing/compute/servers.ts'
import { tryFromWrongStates, tryTwoAtOnce } from '../../../testing/machine.ts'
import { testCloud } from '../../../testing/test-cloud.ts'
import { serverMachine } from './machine.ts'
import type { TaskState, VmState } from './tables.ts'

const vm_state: VmState[] = ['building', 'active', 'stopped', 'error']
const task_state: (TaskState | null)[] = [null, 'scheduling', 'networking', 'spawning', 'powering-on', 'powering-off', 'rebooting']

test('of two that do the same with a server at once, one does', async () => {
  await using cloud = await testCloud()
  const id = await activeServer(cloud, await ground(cloud))
  const { database } = cloud.cloud
  const trial = { database, machine: serverMachine as never, id }
  const events = Object.entries(serverMachine.events)
  // What ends a row's life comes last.
  const [living, last] = [events.filter(([name]) => name !== 'deleted'), events.filter(([name]) => name === 'deleted')]
  const partly = (some: typeof events) => ({ ...trial, machine: { ...serverMachine, events: Object.fromEntries(some) } as never })
  assert.ok((await tryTwoAtOnce(partly(living))) > 40)
  await tryFromWrongStates(partly(living), { vm_state, task_state: [...task_state, 'rebooting_hard', 'deleting'] })
  await tryTwoAtOnce(partly(last))
})

test('of two requests at once one begins, and the other is a conflict', async () => {
  await using cloud = await testCloud()
  const place = await ground(cloud)
  const id = await activeServer(cloud, place)
  const send = (body: object) => place.member.post(`/compute/v2.1/servers/${id}/action`, body)
  for (const body of [{ 'os-stop': null }, { 'os-start': null }, { reboot: { type: 'SOFT' } }]) {
    const statuses = (await Promise.all([send(body), send(body)])).map(({ status }) => status)
    assert.deepEqual(statuses.sort(), [202, 409], JSON.stringify(body))
    await cloud.settled()
  }
})

test('a locked server is changed by administrators only, and unlocked by those whose lock it is', async () => {
  await using cloud = await testCloud()
  const place = await ground(cloud)
  const { member } = place
  const id = await activeServer(cloud, place)
  const path = `/compute/v2.1/servers/${id}`
  const at29 = { 'x-openstack-nova-api-version': '2.9' }
  const isLocked = async () => (await member.request('GET', path, { headers: at29, expected: 200 })).body.server.locked
  const reader = await cloud.as('reader')
  await reader.post(`${path}/action`, { lock: null }, 403)
  await (await cloud.as('member', 'elsewhere')).post(`${path}/action`, { lock: null }, 404)
  assert.equal(await isLocked(), false)

  await member.post(`${path}/action`, { lock: null }, 202)
  assert.equal(await isLocked(), true)
  for (const body of [{ 'os-stop': null }, { reboot: { type: 'HARD' } }])
    assert.equal((await member.post(`${path}/action`, body, 409)).body.conflictingRequest.message, `Instance ${id} is locked`)
  await member.delete(path, 409)
  await member.put(`${path}/metadata`, { metadata: { a: 'b' } }, 409)
  await cloud.admin.post(`${path}/action`, { 'os-stop': null }, 202)
  await cloud.settled()

  await member.post(`${path}/action`, { unlock: null }, 202)
  assert.equal(await isLocked(), false)
  await cloud.admin.post(`${path}/action`, { lock: null }, 202)
  await member.post(`${path}/action`, { unlock: null }, 403)
  await member.post(`${path}/action`, { lock: null }, 202) // takes nothing of the administrator's lock
  await member.post(`${path}/action`, { unlock: null }, 403)
  await cloud.admin.post(`${path}/action`, { unlock: null }, 202)
  await member.delete(path)
  await cloud.settled()
})
