// Many at once on a network that they share: whoever makes and removes ports, floating IPs and servers takes what they need in one order,
// so that nobody waits for somebody who waits for them, and nothing is left.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertNoResidue, type Ground, ground } from '../../testing/compute/servers.ts'
import type { Answer } from '../../testing/persona.ts'
import { testCloud } from '../../testing/test-cloud.ts'

const v2 = '/network/v2.0'

test('security-26: what many do at once on one network fails for none of them, and leaves nothing', async () => {
  await using cloud = await testCloud()
  const { admin } = cloud
  const { network } = (await admin.post(`${v2}/networks`, { network: { shared: true } }, 201)).body
  const given = { network_id: network.id, ip_version: 4, cidr: '10.66.0.0/16' }
  const { subnet } = (await admin.post(`${v2}/subnets`, { subnet: given }, 201)).body
  const [external] = (await admin.get(`${v2}/networks?router:external=true`)).body.networks
  const { router } = (await admin.post(`${v2}/routers`, { router: { external_gateway_info: { network_id: external.id } } }, 201)).body
  await admin.put(`${v2}/routers/${router.id}/add_router_interface`, { subnet_id: subnet.id }, 200)
  const failed: string[] = []
  const ok = async (asked: Promise<Answer>) => {
    const answer = await asked
    if (answer.status >= 400) failed.push(answer.text)
    return answer.body
  }
  const work = async ({ member, imageId, networkId }: Ground, turn: number) => {
    const nets = turn % 2 ? [network.id, networkId] : [networkId, network.id]
    const server = { name: 's', imageRef: imageId, flavorRef: '1', networks: nets.map((uuid) => ({ uuid })) }
    const { port } = await ok(member.post(`${v2}/ports`, { port: { network_id: network.id } }))
    const { floatingip } = await ok(member.post(`${v2}/floatingips`, { floatingip: { floating_network_id: external.id } }))
    const made = (await ok(member.post('/compute/v2.1/servers', { server }))).server
    await Promise.all([
      ok(member.put(`${v2}/floatingips/${floatingip.id}`, { floatingip: { port_id: port.id } })),
      ok(member.put(`${v2}/ports/${port.id}`, { port: { security_groups: [] } })),
    ])
    const paths = [`${v2}/ports/${port.id}`, `${v2}/floatingips/${floatingip.id}`, `/compute/v2.1/servers/${made.id}`]
    await Promise.all(paths.map((path) => ok(member.request('DELETE', path))))
  }
  const grounds = await Promise.all(['one', 'two'].map((project) => ground(cloud, project)))
  await Promise.all(grounds.flatMap((place) => [0, 1, 2, 3].map((turn) => work(place, turn))))
  await cloud.settled()
  assert.deepEqual(failed, [])
  await assertNoResidue(cloud)
  const owners = await Promise.all(grounds.map(({ member }) => member.projectId()))
  const { read } = cloud.cloud.database
  const usage = await read.selectFrom('quota_usages').selectAll().where('project_id', 'in', owners).where('in_use', '<>', 0).execute()
  assert.deepEqual(
    usage.filter(({ resource }) => /port|floatingip/.test(resource)),
    [],
  )
  assert.deepEqual((await cloud.cloud.hosts.get(read, 'fake-1', 'router', router.id))!.floatingIps, [])
})
