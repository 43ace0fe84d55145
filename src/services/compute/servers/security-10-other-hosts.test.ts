// security class 10, among hosts: what one says of another's things is not heard.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Report } from '../../../host/documents.ts'
import { activeServer, ground } from '../../../testing/compute/servers.ts'
import { testCloud } from '../../../testing/test-cloud.ts'

test("security-10: a host's reports on servers, ports and networks of another host change nothing", async () => {
  await using cloud = await testCloud()
  const mine = await ground(cloud)
  const id = await activeServer(cloud, mine)
  const { hosts, database, config } = cloud.cloud
  const [own] = await hosts.list(database.read)
  const report = (host: string, session: string, reports: Report[]) =>
    hosts.sync({ host, session, facts: own!.facts, all: false, taken: [], reports }, 0)
  const ports = async () =>
    (await mine.member.get(`/network/v2.0/ports?network_id=${mine.networkId}`)).body.ports.map(
      (port: { device_owner: string; status: string }) => `${port.device_owner} ${port.status}`,
    )
  const password = async () => (await mine.member.get(`/compute/v2.1/servers/${id}/os-server-password`)).body.password
  const status = async () => (await mine.member.get(`/compute/v2.1/servers/${id}`)).body.server.status
  const before = await ports()
  assert.ok(before.includes('network:dhcp ACTIVE'), before.join())
  const lies = (host: string, session: string) =>
    report(host, session, [
      { kind: 'guest', id, generation: 0, outcome: 'done', status: { power: 'running', password: 'chosen elsewhere' } },
      { kind: 'network', id: mine.networkId, generation: 0, outcome: 'failed', error: 'no' },
      { kind: 'guest', id, generation: 0, outcome: 'removed' },
    ])
  await lies('elsewhere', 'another session')
  assert.deepEqual([await password(), await status(), await ports()], ['', 'ACTIVE', before])
  // The host that has them is heard.
  await lies(config.hostName, 'inside')
  assert.equal(await password(), 'chosen elsewhere')
  assert.ok((await ports()).includes('network:dhcp DOWN'))
})
