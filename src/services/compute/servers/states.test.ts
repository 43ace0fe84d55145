import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ground, statusOf } from '../../../testing/compute/servers.ts'
import { makeServer } from '../../../testing/make.ts'
import { testCloud } from '../../../testing/test-cloud.ts'

const path = '/compute/v2.1/servers'
const actions = {
  start: { 'os-start': null },
  stop: { 'os-stop': null },
  soft: { reboot: { type: 'SOFT' } },
  hard: { reboot: { type: 'HARD' } },
  vnc: { 'os-getVNCConsole': { type: 'novnc' } },
  log: { 'os-getConsoleOutput': {} },
}
type Action = keyof typeof actions

test('in every state the actions that do not fit are conflicts that say why', async () => {
  await using cloud = await testCloud()
  const place = await ground(cloud)
  const { member } = place
  // While its host is away a server stays in the midst of what is being done with it.
  await cloud.agent.stop()
  const { id } = await makeServer(member, place.imageId, { networks: [{ uuid: place.networkId }] })
  await cloud.cloud.tasks.idle()
  const does = (action: Action, expected = 202) => member.post(`${path}/${id}/action`, actions[action], expected)
  const refuses = async (state: string, wrong: Action[]) => {
    for (const action of wrong) {
      const { message, code } = (await does(action, 409)).body.conflictingRequest
      const verb = action === 'soft' || action === 'hard' ? 'reboot' : action
      const why =
        verb === 'vnc' || verb === 'log' ? `Instance ${id} is not ready` : `Cannot '${verb}' instance ${id} while it is in ${state}`
      assert.deepEqual([message, code], [why, 409], `${action} in ${state}`)
    }
  }
  assert.equal(await statusOf(member, id), 'BUILD')
  await refuses('vm_state building', ['start', 'stop', 'soft', 'hard', 'vnc', 'log'])
  await member.put(`${path}/${id}/metadata/a`, { meta: { a: 'b' } }, 200)

  await cloud.restart()
  await cloud.settled()
  assert.equal(await statusOf(member, id), 'ACTIVE')
  await refuses('vm_state active', ['start'])

  await cloud.agent.stop()
  await does('stop')
  await refuses('task_state powering-off', ['start', 'stop', 'soft', 'hard'])
  await cloud.restart()
  await cloud.settled()
  assert.equal(await statusOf(member, id), 'SHUTOFF')
  await refuses('vm_state stopped', ['stop', 'soft', 'vnc'])
  await does('log', 200)
  await does('hard')
  await cloud.settled()
  assert.equal(await statusOf(member, id), 'ACTIVE')

  await cloud.agent.stop()
  await does('soft')
  assert.equal(await statusOf(member, id), 'REBOOT')
  await refuses('task_state rebooting', ['start', 'stop', 'soft'])
  // One that hangs is given up for a hard one, and that for another.
  for (const _time of [1, 2]) {
    await does('hard')
    assert.equal(await statusOf(member, id), 'HARD_REBOOT')
    await refuses('task_state rebooting_hard', ['start', 'stop', 'soft'])
    await cloud.cloud.tasks.idle()
    assert.equal(await statusOf(member, id), 'HARD_REBOOT')
  }
  await cloud.restart()
  await cloud.settled()
  assert.equal(await statusOf(member, id), 'ACTIVE')
  const { instanceActions } = (await member.get(`${path}/${id}/os-instance-actions`)).body
  const ends = instanceActions.slice(0, 4).map(({ action, message }: Record<string, string>) => [action, message])
  assert.deepEqual(ends, [
    ['reboot', null],
    ['reboot', 'Error'],
    ['reboot', 'Error'],
    ['reboot', null],
  ])
  await refuses('vm_state active', ['start'])

  await cloud.admin.post(`${path}/${id}/action`, { 'os-resetState': { state: 'error' } }, 202)
  assert.equal(await statusOf(member, id), 'ERROR')
  await refuses('vm_state error', ['start', 'soft', 'vnc'])
  await does('hard')
  await cloud.settled()
  assert.equal(await statusOf(member, id), 'ACTIVE')

  await cloud.agent.stop()
  await member.delete(`${path}/${id}`)
  await refuses('task_state deleting', ['start', 'stop', 'soft', 'hard'])
  await member.delete(`${path}/${id}`) // asked for twice is no fault
})
