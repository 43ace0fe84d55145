import assert from 'node:assert/strict'
import { test } from 'node:test'
import { activeServer, ground } from '../../../testing/compute/servers.ts'
import { testCloud } from '../../../testing/test-cloud.ts'

test('what a guest leaves as its password is shown to its project until it is cleared, and stays cleared', async () => {
  await using cloud = await testCloud()
  const mine = await ground(cloud)
  const id = await activeServer(cloud, mine)
  const path = `/compute/v2.1/servers/${id}/os-server-password`
  const shown = async () => (await mine.member.get(path)).body.password
  const { hosts, config } = cloud.cloud
  const report = async (password: string) => {
    const [host] = await hosts.list(cloud.cloud.database.read)
    const status = { power: 'running' as const, password }
    const reports = [{ kind: 'guest' as const, id, generation: 0, outcome: 'done' as const, status }]
    await hosts.sync({ host: config.hostName, session: 'inside', facts: host!.facts, all: false, taken: [], reports }, 0)
  }
  assert.equal(await shown(), '')
  await report('ciphertext')
  assert.equal(await shown(), 'ciphertext')
  await (await cloud.as('member', 'strangers')).request('GET', path, { expected: 404 })
  await mine.member.delete(path, 204)
  await report('ciphertext')
  assert.equal(await shown(), '')
  await report('another')
  assert.equal(await shown(), 'another')
})
