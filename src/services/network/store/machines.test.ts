import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tryFromWrongStates, tryTwoAtOnce } from '../../../testing/machine.ts'
import { testCloud } from '../../../testing/test-cloud.ts'
import type { FloatingIpStatus, PortStatus } from '../tables.ts'
import { floatingIpMachine, moveFloatingIps, movePorts, portMachine } from './machines.ts'

test('of two reports that say the same of a port or a floating IP at once, one changes it', async () => {
  await using cloud = await testCloud()
  const { database } = cloud.cloud
  const external = (await cloud.admin.get('/network/v2.0/networks?router:external=true')).body.networks[0].id
  const network = (await cloud.admin.post('/network/v2.0/networks', { network: {} }, 201)).body.network.id
  const port = (await cloud.admin.post('/network/v2.0/ports', { port: { network_id: network } }, 201)).body.port
  const floating = (await cloud.admin.post('/network/v2.0/floatingips', { floatingip: { floating_network_id: external } }, 201)).body
    .floatingip
  const ofPort: PortStatus[] = ['ACTIVE', 'DOWN']
  const ofFloating: FloatingIpStatus[] = ['ACTIVE', 'DOWN', 'ERROR']
  for (const [machine, { id, status }, all] of [
    [portMachine, port, ofPort],
    [floatingIpMachine, floating, ofFloating],
  ] as const) {
    assert.equal(status, 'DOWN')
    const trial = { database, machine: machine as never, id }
    assert.ok((await tryTwoAtOnce(trial)) >= 2)
    await tryFromWrongStates(trial, { status: all })
  }
  // What is so already keeps its revision: nobody is told of a change that is none.
  const now = new Date(0).toISOString()
  const both = () =>
    Promise.all([
      database.read.selectFrom('network_ports').select(['status', 'revision']).where('id', '=', port.id).executeTakeFirstOrThrow(),
      database.read
        .selectFrom('network_floating_ips')
        .select(['status', 'revision'])
        .where('id', '=', floating.id)
        .executeTakeFirstOrThrow(),
    ])
  const works = () =>
    database.write(async (tx) => {
      await movePorts(tx, [port.id], 'works', now)
      await moveFloatingIps(tx, [floating.id], 'works', now)
    })
  const before = await both()
  await works()
  const after = await both()
  assert.deepEqual(
    after.map(({ status }) => status),
    ['ACTIVE', 'ACTIVE'],
  )
  assert.ok(after.every(({ revision }, index) => revision === before[index]!.revision + (before[index]!.status === 'ACTIVE' ? 0 : 1)))
  await works()
  assert.deepEqual(await both(), after)
})
