// A port is taken by one: what was looked at before somebody else's change had ended is looked at again. A router's port has no
// protection against spoofing, so a guest must never get it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { ground } from '../../../testing/compute/servers.ts'
import { type TestCloud, testCloud } from '../../../testing/test-cloud.ts'
import { updatePort } from '../store/ports.ts'

const api = '/network/v2.0'
const serverId = '11111111-1111-4111-8111-111111111111'

async function setUp(cloud: TestCloud) {
  const { member, networkId } = await ground(cloud)
  const projectId = await member.projectId()
  const { id: portId } = (await member.post(`${api}/ports`, { port: { network_id: networkId } }, 201)).body.port
  const { id: routerId } = (await member.post(`${api}/routers`, { router: {} }, 201)).body.router
  const place = { projectId, hostname: 'h', host: 'fake-1', zone: 'nova', isAdmin: false, securityGroups: [] }
  return {
    portId,
    shown: async () => (await member.get(`${api}/ports/${portId}`)).body.port,
    bind: () => cloud.cloud.database.write((tx) => cloud.cloud.network.bindPorts(tx, { ...place, serverId, nics: [{ portId }] })),
    connect: () => member.put(`${api}/routers/${routerId}/add_router_interface`, { port_id: portId }),
    change: (port: object) => member.put(`${api}/ports/${portId}`, { port }),
    /** Does `work` while a transaction that has made the change to the port is not committed yet. */
    async during<T>(changes: object, work: () => Promise<T>): Promise<PromiseSettledResult<T>> {
      let pending: Promise<PromiseSettledResult<T>[]> | undefined
      await cloud.cloud.database.write(async ({ db }) => {
        await updatePort(db, portId, changes, new Date().toISOString())
        pending ??= Promise.allSettled([work()])
        await sleep(300)
      })
      return (await pending!)[0]!
    },
    ofRouter: { device_id: routerId, device_owner: 'network:router_interface', port_security_enabled: false, security_groups: [] },
  }
}

test('security-26: a router does not take a port that a server is getting', async () => {
  await using cloud = await testCloud()
  const { during, connect, shown } = await setUp(cloud)
  const ofServer = { bound_server: serverId, device_id: serverId, device_owner: 'compute:nova' }
  const answer = await during(ofServer, connect)
  assert.equal(answer.status === 'fulfilled' && answer.value.status, 409)
  const { device_owner, port_security_enabled } = await shown()
  assert.deepEqual([device_owner, port_security_enabled], ['compute:nova', true])
})

test('security-26: a server does not get a port that a router is taking', async () => {
  await using cloud = await testCloud()
  const { during, bind, ofRouter, shown } = await setUp(cloud)
  assert.equal((await during(ofRouter, bind)).status, 'rejected')
  assert.equal((await shown()).device_owner, 'network:router_interface')
})

test('security-26: the owner of a port does not free it while a router is taking it', async () => {
  await using cloud = await testCloud()
  const { during, change, ofRouter, shown } = await setUp(cloud)
  const answer = await during(ofRouter, () => change({ device_id: '', device_owner: '' }))
  assert.equal(answer.status === 'fulfilled' && answer.value.status, 409)
  assert.equal((await shown()).device_owner, 'network:router_interface')
})
