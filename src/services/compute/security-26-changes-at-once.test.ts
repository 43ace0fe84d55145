// Of two changes of one thing at once the second sees what the first has done: none is lost, and a condition holds for one of them.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { WithId } from '../../db/hold.ts'
import { activeServer, ground } from '../../testing/compute/servers.ts'
import { testCloud } from '../../testing/test-cloud.ts'

test('security-26: changes that are made at once are all made, and a revision is changed by one', async () => {
  await using cloud = await testCloud()
  const place = await ground(cloud)
  const { member, networkId } = place
  const serverId = await activeServer(cloud, place)
  /** All have come before the first can write. */
  async function together<T>(table: WithId, id: string, ask: () => Promise<T>[]): Promise<T[]> {
    let pending: Promise<T[]> | undefined
    await cloud.cloud.database.write(async ({ db }) => {
      await db
        .updateTable(table as 'network_ports')
        .set({ id })
        .where('id', '=', id)
        .execute()
      pending ??= Promise.all(ask())
      await sleep(300)
    })
    return (await pending)!
  }
  const metadata = `/compute/v2.1/servers/${serverId}/metadata`
  await together('compute_servers', serverId, () =>
    ['a', 'b', 'c'].map((key) => member.put(`${metadata}/${key}`, { meta: { [key]: '1' } }, 200)),
  )
  assert.deepEqual(Object.keys((await member.get(metadata)).body.metadata).sort(), ['a', 'b', 'c'])
  const path = `/network/v2.0/networks/${networkId}`
  const { revision_number } = (await member.get(path)).body.network
  const headers = { 'if-match': `revision_number=${revision_number}` }
  const answers = await together('network_networks', networkId, () =>
    ['x', 'y'].map((name) => member.request('PUT', path, { body: { network: { name } }, headers })),
  )
  assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 412])
})

test('security-26: whatever operation of compute and networking changes a thing holds it', async () => {
  await using cloud = await testCloud()
  const without = cloud.cloud.services
    .filter(({ name }) => ['compute', 'network'].includes(name))
    .flatMap(({ operations }) => operations)
    .filter(({ method, transaction, on }) => on && !on.hold && (transaction ?? (method === 'GET' ? 'none' : 'write')) === 'write')
    .map(({ id }) => id)
  // The group is held when the rule is removed, before the rule: so do all who change its rules.
  assert.deepEqual([...new Set(without)], ['security-group-rules.delete'])
})
