// What hosts are told is made of all changes, also of two that are made at once: an address that its owner has given back must not
// stay open in a filter, nor led on by a router, for whoever gets it next.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Tx } from '../../db/database.ts'
import { activeServer, ground } from '../../testing/compute/servers.ts'
import { type TestCloud, testCloud } from '../../testing/test-cloud.ts'
import { changePort, removePort } from './ports/make.ts'
import { deleteNetwork, updateNetwork } from './store/networks.ts'
import { findPort } from './store/ports.ts'
import { updateRouter } from './store/routers.ts'
import { deleteGroupRow } from './store/security-groups.ts'

const v2 = '/network/v2.0'
const now = () => new Date().toISOString()

/** Does `work` while a transaction that has made the change is not committed yet. */
async function during<T>({ cloud }: TestCloud, change: (tx: Tx) => Promise<unknown>, work: () => Promise<T>): Promise<T> {
  let pending: Promise<T> | undefined
  await cloud.database.write(async (tx) => {
    await change(tx)
    pending ??= work()
    await sleep(300)
  })
  return pending!
}

async function routed(cloud: TestCloud) {
  const { member, networkId } = await ground(cloud)
  const [external] = (await member.get(`${v2}/networks?router:external=true`)).body.networks
  const [subnet] = (await member.get(`${v2}/subnets?network_id=${networkId}`)).body.subnets
  const info = { network_id: external.id }
  const { router } = (await member.post(`${v2}/routers`, { router: { external_gateway_info: info } }, 201)).body
  await member.put(`${v2}/routers/${router.id}/add_router_interface`, { subnet_id: subnet.id }, 200)
  const port = async () => (await member.post(`${v2}/ports`, { port: { network_id: networkId } }, 201)).body.port
  const floating = async () =>
    (await member.post(`${v2}/floatingips`, { floatingip: { floating_network_id: external.id } }, 201)).body.floatingip
  const { database, hosts } = cloud.cloud
  const told = async () => (await hosts.get(database.read, 'fake-1', 'router', router.id))!.floatingIps.map(({ id }) => id).sort()
  return { member, external, router, port, floating, told }
}

test('security-12: an address that leaves a group is no member, also when another comes at the same time', async () => {
  await using cloud = await testCloud()
  const own = await ground(cloud)
  await activeServer(cloud, own)
  const { member, networkId } = own
  const make = async () => (await member.post(`${v2}/ports`, { port: { network_id: networkId } }, 201)).body.port
  const [leaving, staying] = [await make(), await make()]
  const pair = { ip_address: '10.20.0.200' }
  const leave = async (tx: Tx) =>
    changePort(cloud.cloud, tx, (await findPort(tx.db, leaving.id))!, { security_groups: [], port_security_enabled: false }, now())
  const come = () => member.put(`${v2}/ports/${staying.id}`, { port: { allowed_address_pairs: [pair] } }, 200)
  await during(cloud, leave, come)
  const { database, hosts } = cloud.cloud
  const { members } = (await hosts.get(database.read, 'fake-1', 'security-group', staying.security_groups[0]))!
  assert.deepEqual(
    [
      members.includes(pair.ip_address),
      members.includes(staying.fixed_ips[0].ip_address),
      members.includes(leaving.fixed_ips[0].ip_address),
    ],
    [true, true, false],
  )
})

test('security-12: a router no longer leads a floating IP on that is deleted while it is moved', async () => {
  await using cloud = await testCloud()
  const { member, port, floating, told } = await routed(cloud)
  const [{ id: port_id }, { id }] = [await port(), await floating()]
  const hold = ({ db }: Tx) => db.updateTable('network_floating_ips').set({ id }).where('id', '=', id).execute()
  const [, gone] = await during(cloud, hold, () => {
    const moved = member.put(`${v2}/floatingips/${id}`, { floatingip: { port_id } })
    return Promise.all([moved, sleep(100).then(() => member.delete(`${v2}/floatingips/${id}`))])
  })
  assert.equal(gone.status, 204)
  assert.deepEqual(await told(), [])
})

test('security-12: a router leads all floating IPs on that are put on ports at the same time', async () => {
  await using cloud = await testCloud()
  const { member, port, floating, told } = await routed(cloud)
  const [one, two] = [await floating(), await floating()]
  const [first, second] = [await port(), await port()]
  const put = (id: string, port_id: string) => member.put(`${v2}/floatingips/${id}`, { floatingip: { port_id } }, 200)
  const { id } = (await member.get(`${v2}/routers`)).body.routers[0]
  const hold = async ({ db }: Tx) => {
    await db.updateTable('host_documents').set({ pending: false }).where('kind', '=', 'router').where('id', '=', id).execute()
  }
  await during(cloud, hold, () => Promise.all([put(one.id, first.id), put(two.id, second.id)]))
  assert.deepEqual(await told(), [one.id, two.id].sort())
})

test('security-12: no floating IP is put on a port that goes, nor through a router whose gateway goes', async () => {
  await using cloud = await testCloud()
  const { member, external, router, port } = await routed(cloud)
  const [{ id: port_id }, { id: other }] = [await port(), await port()]
  const make = (to: string) => () => member.post(`${v2}/floatingips`, { floatingip: { floating_network_id: external.id, port_id: to } })
  const removed = await during(cloud, async (tx) => removePort(cloud.cloud, tx, (await findPort(tx.db, port_id))!), make(port_id))
  assert.equal(removed.body.NeutronError?.type, 'PortNotFound')
  const closed = { gateway_port_id: null, gateway_network_id: null }
  const unreachable = await during(cloud, ({ db }) => updateRouter(db, router.id, closed, now()), make(other))
  assert.equal(unreachable.body.NeutronError?.type, 'ExternalGatewayForFloatingIPNotFound')
})

test('security-12: a port whose group or network goes while it is made is refused', async () => {
  await using cloud = await testCloud()
  const { member, networkId } = await ground(cloud)
  const { security_group } = (await member.post(`${v2}/security-groups`, { security_group: { name: 'g' } }, 201)).body
  const make = (more: object) => () => member.post(`${v2}/ports`, { port: { network_id: networkId, ...more } })
  const withGroup = await during(cloud, ({ db }) => deleteGroupRow(db, security_group.id), make({ security_groups: [security_group.id] }))
  assert.ok([404, 409].includes(withGroup.status), withGroup.text)
  const { network } = (await member.post(`${v2}/networks`, { network: {} }, 201)).body
  const onNetwork = await during(cloud, ({ db }) => deleteNetwork(db, network.id), make({ network_id: network.id }))
  assert.ok([404, 409].includes(onNetwork.status), onNetwork.text)
})

test('security-12: nobody gets a port on a network of others while it ceases to be shared', async () => {
  await using cloud = await testCloud()
  const { member } = await ground(cloud)
  const { network } = (await cloud.admin.post(`${v2}/networks`, { network: { shared: true } }, 201)).body
  const make = () => member.post(`${v2}/ports`, { port: { network_id: network.id } })
  const refused = await during(cloud, ({ db }) => updateNetwork(db, network.id, { shared: false }, now()), make)
  assert.ok([404, 409].includes(refused.status), refused.text)
})
