import assert from 'node:assert/strict'
import { test } from 'node:test'
import { execute } from '../src/db/database.ts'
import { SchemaChange } from '../src/db/schema.ts'
import type { GuestSpec } from '../src/host/guests/document.ts'
import type { PortSpec } from '../src/host/ports/document.ts'
import { activeServer, ground } from '../src/testing/compute/servers.ts'
import { type TestCloud, testCloud } from '../src/testing/test-cloud.ts'
import { boundServers } from './0022-bound-servers.ts'

/** Starts again as after an upgrade: no port has the mark until the change of the migration sets it. */
async function upgrade(cloud: TestCloud): Promise<void> {
  const { database } = cloud.cloud
  const schema = new SchemaChange(database.dialect)
  boundServers.change(schema)
  await database.write(async ({ db }) => {
    await db.updateTable('network_ports').set({ bound_server: null }).execute()
    for (const statement of schema.statements) if (statement.startsWith('update')) await execute(db, statement)
  })
  await cloud.restart()
}

test('ports of before belong to the guests that have them, whatever their owners wrote', async () => {
  await using cloud = await testCloud()
  const [mine, theirs] = [await ground(cloud, 'attacker'), await ground(cloud, 'victim')]
  const { database } = cloud.cloud
  const make = async (on: typeof mine) => {
    const server = await activeServer(cloud, on)
    const port = await database.read.selectFrom('network_ports').selectAll().where('bound_server', '=', server).executeTakeFirstOrThrow()
    return { server, port: port.id }
  }
  const [stolen, plain, cleared, foreign, building] = [
    await make(mine),
    await make(theirs),
    await make(theirs),
    await make(theirs),
    await make(theirs),
  ]
  const hosts = () => cloud.cloud.hosts
  const guest = async (id: string) => (await hosts().get(database.read, 'fake-1', 'guest', id)) as GuestSpec
  const victim = await guest(plain.server)
  const rename = (port: string, change: object) =>
    database.write(({ db }) => db.updateTable('network_ports').set(change).where('id', '=', port).execute())
  await rename(stolen.port, { device_id: plain.server })
  await rename(cleared.port, { device_id: '', device_owner: '' })
  await rename(foreign.port, { project_id: 'another' })
  const { ports } = (await mine.member.get('/network/v2.0/ports')).body as { ports: { id: string; device_owner: string }[] }
  const service = ports.find((port) => port.device_owner === 'network:dhcp')!
  await database.write(async (tx) => {
    const nics = [...victim.nics, { portId: stolen.port, mac: '', mtu: 1500 }]
    const metadata = { ...victim.metadata, pretended: `"nics":[{"portId":"${foreign.port}"}]` }
    await hosts().put(tx, 'fake-1', 'guest', plain.server, { ...victim, nics, metadata })
    const port = (await hosts().get(tx.db, 'fake-1', 'port', stolen.port)) as PortSpec
    await hosts().put(tx, 'fake-1', 'port', stolen.port, { ...port, guestId: plain.server })
    await tx.db.deleteFrom('host_documents').where('kind', '=', 'guest').where('id', '=', building.server).execute()
  })
  await upgrade(cloud)
  const { read } = cloud.cloud.database
  const rows = await read.selectFrom('network_ports').select(['id', 'bound_server']).execute()
  const marks = new Map(rows.map((row) => [row.id, row.bound_server]))
  for (const [name, { port, server }] of Object.entries({ stolen, plain, cleared, foreign, building }))
    assert.equal(marks.get(port), server, name)
  assert.equal(marks.get(service.id), null)
  assert.equal((await hosts().get(read, 'fake-1', 'port', stolen.port))!.guestId, stolen.server, 'the document too')
})
