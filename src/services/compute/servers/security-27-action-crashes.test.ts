import assert from 'node:assert/strict'
import { test } from 'node:test'
import { activeServer, type Ground, ground, statusOf } from '../../../testing/compute/servers.ts'
import { survivesCrashes } from '../../../testing/survives-crashes.ts'
import { type TestCloud, testCloud } from '../../../testing/test-cloud.ts'

const path = '/compute/v2.1/servers'

/** What is asked for, of a server that is active or stopped, the task that does it and how the server is then. */
const actions: [kind: string, from: 'ACTIVE' | 'SHUTOFF', body: object, then: string][] = [
  ['stop', 'ACTIVE', { 'os-stop': null }, 'SHUTOFF'],
  ['start', 'SHUTOFF', { 'os-start': null }, 'ACTIVE'],
  ['reboot-soft', 'ACTIVE', { reboot: { type: 'SOFT' } }, 'ACTIVE'],
  ['reboot-hard', 'ACTIVE', { reboot: { type: 'HARD' } }, 'ACTIVE'],
]

for (const [kind, from, body, then] of actions) {
  test(`security-27: killed after any step of ${kind}, the next process brings the server to the same end`, async () => {
    const places = new WeakMap<TestCloud, Ground & { id: string }>()
    const deaths = await survivesCrashes({
      kind: `compute.server.${kind}`,
      async make() {
        const cloud = await testCloud()
        const place = await ground(cloud)
        const id = await activeServer(cloud, place)
        if (from === 'SHUTOFF') {
          await place.member.post(`${path}/${id}/action`, { 'os-stop': null }, 202)
          await cloud.settled()
        }
        assert.equal(await statusOf(place.member, id), from)
        places.set(cloud, { ...place, id })
        return cloud
      },
      async begin(cloud) {
        const { member, id } = places.get(cloud)!
        await member.post(`${path}/${id}/action`, body, 202)
        return id
      },
      async check(cloud, id, after) {
        const { member } = places.get(cloud)!
        const { server } = (await member.get(`${path}/${id}`)).body
        assert.deepEqual([server.status, server['OS-EXT-STS:task_state']], [then, null], `killed after ${after}`)
        assert.deepEqual(cloud.host.inventory().guest, [id])
        const { instanceActions } = (await member.get(`${path}/${id}/os-instance-actions`)).body
        assert.equal(instanceActions.filter((one: { action: string }) => one.action === kind.split('-')[0]).length, 1)
      },
    })
    assert.ok(deaths >= 2, `it died ${deaths} times`)
  })
}
