import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ground } from '../../../testing/compute/servers.ts'
import { testCloud } from '../../../testing/test-cloud.ts'

test('networks are those of the network service, and others’ are not found', async () => {
  await using cloud = await testCloud()
  const { member, networkId } = await ground(cloud)
  const stranger = await cloud.as('member', 'other')
  const visible = (await member.get('/network/v2.0/networks')).body.networks.map((one: { id: string }) => one.id).sort()
  for (const path of ['/compute/v2.1/os-networks', '/compute/v2.1/os-tenant-networks']) {
    const shown: { id: string }[] = (await member.get(path)).body.networks
    assert.deepEqual(shown.map(({ id }) => id).sort(), visible)
    assert.equal((await member.get(`${path}/${networkId}`)).body.network.label, 'net')
    await stranger.get(`${path}/${networkId}`, 404)
    assert.ok(!(await stranger.get(path)).body.networks.some(({ id }: { id: string }) => id === networkId))
  }
})
