import assert from 'node:assert/strict'
import { test } from 'node:test'
import { activeServer, type Ground, ground } from '../../../testing/compute/servers.ts'
import { testCloud } from '../../../testing/test-cloud.ts'

const path = '/compute/v2.1/os-floating-ips'

/** A router between the ground's network and the external one. */
async function connect({ member, networkId }: Ground): Promise<void> {
  const external = (await member.get('/network/v2.0/networks?router:external=true')).body.networks[0]
  const router = (await member.post('/network/v2.0/routers', { router: { external_gateway_info: { network_id: external.id } } }, 201)).body
  const subnet = (await member.get(`/network/v2.0/subnets?network_id=${networkId}`)).body.subnets[0]
  await member.put(`/network/v2.0/routers/${router.router.id}/add_router_interface`, { subnet_id: subnet.id }, 200)
}

test('a floating IP comes from a pool, goes on a server, off it and back', async () => {
  await using cloud = await testCloud()
  const place = await ground(cloud)
  const { member } = place
  const id = await activeServer(cloud, place)
  const [pool] = (await member.get('/compute/v2.1/os-floating-ip-pools')).body.floating_ip_pools
  await member.post(path, { pool: 'nowhere' }, 404)
  const made = (await member.post(path, { pool: pool.name }, 200)).body.floating_ip
  assert.deepEqual(made, { id: made.id, ip: made.ip, fixed_ip: null, instance_id: null, pool: pool.name })
  const action = (body: object, expected: number) => member.post(`/compute/v2.1/servers/${id}/action`, body, expected)
  await action({ addFloatingIp: { address: made.ip } }, 400)
  await connect(place)
  await action({ addFloatingIp: { address: '192.0.2.1' } }, 404)
  await action({ addFloatingIp: { address: made.ip, fixed_address: '10.20.0.254' } }, 400)
  await action({ removeFloatingIp: { address: made.ip } }, 409)
  await action({ addFloatingIp: { address: made.ip } }, 202)
  const shown = (await member.get(`${path}/${made.id}`)).body.floating_ip
  const { addresses } = (await member.get(`/compute/v2.1/servers/${id}`)).body.server
  const byType = Object.fromEntries(addresses.net.map((a: Record<string, string>) => [a['OS-EXT-IPS:type'], a.addr]))
  assert.deepEqual(byType, { fixed: shown.fixed_ip, floating: made.ip })
  assert.equal(shown.instance_id, id)
  assert.deepEqual((await member.get(path)).body.floating_ips, [shown])
  await action({ removeFloatingIp: { address: made.ip } }, 202)
  assert.deepEqual((await member.get(path)).body.floating_ips, [made])
  await member.delete(`${path}/${made.id}`, 202)
  await member.get(`${path}/${made.id}`, 404)
  const anyPool = (await member.post(path, {}, 200)).body.floating_ip
  assert.equal(anyPool.pool, pool.name)
})

test('floating IPs of others are not found, and readers only look', async () => {
  await using cloud = await testCloud()
  const place = await ground(cloud)
  const { member } = place
  const theirs = await ground(cloud, 'other')
  const made = (await member.post(path, {}, 200)).body.floating_ip
  const server = await activeServer(cloud, theirs)
  await theirs.member.get(`${path}/${made.id}`, 404)
  await theirs.member.delete(`${path}/${made.id}`, 404)
  await theirs.member.post(`/compute/v2.1/servers/${server}/action`, { addFloatingIp: { address: made.ip } }, 404)
  await member.post(`/compute/v2.1/servers/${server}/action`, { addFloatingIp: { address: made.ip } }, 404)
  assert.deepEqual((await theirs.member.get(path)).body.floating_ips, [])
  const reader = await cloud.as('reader')
  assert.equal((await reader.get(path)).body.floating_ips.length, 1)
  await reader.post(path, {}, 403)
  await reader.delete(`${path}/${made.id}`, 403)
  for (const bad of [{ pool: 1 }, { pool: 'x'.repeat(256) }, { other: 'x' }]) await member.post(path, bad, 400)
})

test('of 50 at once with room for one, exactly one is made', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  await cloud.admin.put(`/network/v2.0/quotas/${await member.projectId()}`, { quota: { floatingip: 1 } }, 200)
  const answers = await Promise.all(Array.from({ length: 50 }, () => member.post(path, {})))
  assert.deepEqual(
    [200, 403].map((status) => answers.filter((answer) => answer.status === status).length),
    [1, 49],
  )
})
