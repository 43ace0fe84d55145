import assert from 'node:assert/strict'
import { test } from 'node:test'
import { activeServer, ground } from '../../testing/compute/servers.ts'
import { testCloud } from '../../testing/test-cloud.ts'

/** What the scheduler of the real service keeps among the hints for itself, what ours does, and what looks like either. */
const internal = [
  'force_hosts',
  'force_nodes',
  'ignore_hosts',
  'retry',
  'requested_destination',
  'scheduler_hints',
  'query',
  'target_cell',
  '_nova_check_type',
  '_nova_dest',
  '_',
  '__proto__',
  'constructor',
  'asAdmin',
  'forcedHost',
  'sameHost',
  'differentHost',
  'groupId',
  ' group',
  'GROUP',
]

test('security-16: only the scheduler hints that are known are taken from outside', async () => {
  await using cloud = await testCloud()
  const place = await ground(cloud)
  const first = await activeServer(cloud, place)
  const server = JSON.stringify({ name: 'x', flavorRef: '42', imageRef: place.imageId, networks: [{ uuid: place.networkId }] })
  const { member } = place
  const ask = (base: string, field: string, hints: string) => {
    const headers = { 'content-type': 'application/json' }
    return member.request('POST', `/compute/${base}/servers`, { raw: `{"server":${server},"${field}":${hints}}`, headers })
  }
  for (const field of ['os:scheduler_hints', 'OS-SCH-HNT:scheduler_hints']) {
    for (const key of internal) {
      for (const value of ['["elsewhere"]', 'true', '{"a":1}']) {
        const refused = await ask('v2.1', field, `{"${key}":${value}}`)
        assert.equal(refused.status, 400, `${field} ${key} ${value}`)
      }
      assert.equal((await ask('v2.1', field, `{"same_host":"${first}","${key}":"x"}`)).status, 400)
    }
    assert.equal((await ask('v2.1', field, `{"same_host":"${first}"}`)).status, 202)
  }
  for (const wrong of ['[]', '"x"', 'null', '7']) assert.equal((await ask('v2.1', 'os:scheduler_hints', wrong)).status, 400)
})

test('security-16: version 2, which ignores what it does not know, keeps none of them', async () => {
  await using cloud = await testCloud()
  const { member, imageId, networkId } = await ground(cloud)
  const hints = Object.fromEntries(
    internal.filter((key) => key !== '__proto__').map((key) => [key, key === 'asAdmin' ? true : ['elsewhere']]),
  )
  const server = { name: 'x', flavorRef: '42', imageRef: imageId, networks: [{ uuid: networkId }], hints, asAdmin: true }
  const { id } = (await member.post('/compute/v2/servers', { server, 'os:scheduler_hints': hints }, 202)).body.server
  const row = await cloud.cloud.database.read.selectFrom('compute_servers').select('hints').where('id', '=', id).executeTakeFirstOrThrow()
  assert.deepEqual(row.hints, {})
  await cloud.settled()
  assert.equal((await member.get(`/compute/v2.1/servers/${id}`)).body.server.status, 'ACTIVE')
})
