import assert from 'node:assert/strict'
import { test } from 'node:test'
import { activeServer, ground } from '../../testing/compute/servers.ts'
import { testCloud } from '../../testing/test-cloud.ts'

const compute = '/compute/v2.1'

test('lists of what cannot be made yet are empty, and making it is refused as not built', async () => {
  await using cloud = await testCloud()
  const place = await ground(cloud)
  const id = await activeServer(cloud, place)
  const { admin } = cloud
  const lists = { 'os-aggregates': 'aggregates', 'os-agents': 'agents', 'os-cloudpipe': 'cloudpipes', 'os-migrations': 'migrations' }
  for (const [path, key] of Object.entries(lists)) {
    for (const base of [compute, '/compute/v2']) assert.deepEqual((await admin.get(`${base}/${path}`)).body, { [key]: [] })
    await place.member.get(`${compute}/${path}`, 403)
  }
  await admin.post(`${compute}/os-aggregates`, { aggregate: { name: 'a' } }, 501)
  await admin.post(`${compute}/os-agents`, { agent: {} }, 501)
  const { member } = place
  assert.deepEqual((await member.get(`${compute}/servers/${id}/os-volume_attachments`)).body, { volumeAttachments: [] })
  assert.deepEqual((await member.get(`${compute}/servers/${id}/os-consoles`)).body, { consoles: [] })
  await member.post(`${compute}/servers/${id}/os-volume_attachments`, { volumeAttachment: { volumeId: id } }, 501)
  await member.delete(`${compute}/servers/${id}/os-volume_attachments/${id}`, 501)
  const stranger = await cloud.as('member', 'other')
  await stranger.get(`${compute}/servers/${id}/os-volume_attachments`, 404)
  await stranger.post(`${compute}/servers/${id}/os-interface`, { interfaceAttachment: {} }, 404)
  await (await cloud.as('reader')).post(`${compute}/servers/${id}/os-interface`, { interfaceAttachment: {} }, 403)
})

test('what Nova has where the reference does not print it is told as not built', async () => {
  await using cloud = await testCloud()
  const id = await activeServer(cloud, await ground(cloud))
  const routes = [
    'DELETE os-agents/1',
    'DELETE os-aggregates/1',
    'GET os-baremetal-nodes',
    'POST os-baremetal-nodes',
    'GET os-baremetal-nodes/1',
    'DELETE os-baremetal-nodes/1',
    'POST os-baremetal-nodes/1/action',
    'POST os-cells',
    'POST os-cells/sync_instances',
    'PUT os-cells/1',
    'DELETE os-cells/1',
    'PUT os-cloudpipe/configure-project',
    'GET os-console-auth-tokens/1',
    'PUT os-floating-ips-bulk/delete',
    'DELETE os-services/1',
    'GET os-volumes_boot',
    'POST os-volumes_boot',
    'GET os-volumes_boot/detail',
    `GET os-volumes_boot/${id}`,
    `PUT os-volumes_boot/${id}`,
    `DELETE os-volumes_boot/${id}`,
    `POST os-volumes_boot/${id}/action`,
    `POST servers/${id}/consoles`,
    `GET servers/${id}/consoles/1`,
    `DELETE servers/${id}/consoles/1`,
  ]
  for (const route of routes) {
    const [method, path] = route.split(' ') as [string, string]
    const body = method === 'GET' || method === 'DELETE' ? undefined : {}
    for (const base of [compute, '/compute/v2']) await cloud.admin.request(method, `${base}/${path}`, { body, expected: 501 })
  }
  assert.deepEqual((await cloud.admin.get(`${compute}/servers/${id}/consoles`)).body, { consoles: [] })
  await cloud.admin.get(`${compute}/servers/${id}/os-volume_attachments/${id}`, 404)
})

test('an extension is told of when its operations are there', async () => {
  await using cloud = await testCloud()
  const { extensions } = (await cloud.admin.get(`${compute}/extensions`)).body
  const aliases = new Set(extensions.map(({ alias }: { alias: string }) => alias))
  for (const there of ['os-admin-actions', 'os-keypairs', 'os-services', 'os-server-password']) assert.ok(aliases.has(there), there)
  for (const not of ['os-aggregates', 'os-agents', 'os-consoles', 'os-volumes', 'os-hosts']) assert.ok(!aliases.has(not), not)
  await cloud.admin.get(`${compute}/extensions/os-admin-actions`)
  await cloud.admin.get(`${compute}/extensions/os-aggregates`, 404)
})

test('services are the hosts’ agents, and the scheduler and the conductor of the control process', async () => {
  await using cloud = await testCloud()
  const { admin } = cloud
  const { services } = (await admin.get(`${compute}/os-services`)).body
  const told = services.map(({ binary, host, zone, state }: Record<string, string>) => [binary, host, zone, state])
  assert.deepEqual(told, [
    ['nova-compute', 'fake-1', 'nova', 'up'],
    ['nova-conductor', 'fake-1', 'internal', 'up'],
    ['nova-scheduler', 'fake-1', 'internal', 'up'],
  ])
  assert.equal(new Set(services.map(({ id }: { id: number }) => id)).size, 3)
  assert.equal((await admin.get(`${compute}/os-services?binary=nova-scheduler`)).body.services.length, 1)
  await admin.put(`${compute}/os-services/disable`, { host: 'fake-1', binary: 'nova-scheduler' }, 501)
  await admin.put(`${compute}/os-services/disable`, { host: 'elsewhere', binary: 'nova-scheduler' }, 404)
  const { hosts } = (await admin.get(`${compute}/os-hosts`)).body
  assert.deepEqual(
    hosts.map(({ service, zone }: Record<string, string>) => [service, zone]),
    [
      ['compute', 'nova'],
      ['conductor', 'internal'],
      ['scheduler', 'internal'],
    ],
  )
  assert.equal((await admin.get(`${compute}/os-hosts?zone=internal`)).body.hosts.length, 2)
  const { availabilityZoneInfo } = (await admin.get(`${compute}/os-availability-zone/detail`)).body
  assert.deepEqual(Object.keys(availabilityZoneInfo[0].hosts['fake-1']), ['nova-conductor', 'nova-scheduler'])
})
