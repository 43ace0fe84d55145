// Every read of compute is asked for something that there is, in its versions: each answer is checked against its declaration.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { activeServer, ground } from '../../testing/compute/servers.ts'
import { testCloud } from '../../testing/test-cloud.ts'
import { compute as service } from './index.ts'

const base = '/compute/v2.1'

test('every read answers what it declares, in v2 and in the first and last microversion', async () => {
  await using cloud = await testCloud()
  const { admin } = cloud
  const place = await ground(cloud, 'admin')
  const serverId = await activeServer(cloud, place, { metadata: { colour: 'red' } })
  const project = await admin.projectId()
  const make = async (path: string, name: string, body: object) => (await admin.post(`${base}/${path}`, { [name]: body }, 200)).body[name]
  const group = await make('os-security-groups', 'security_group', { name: 'web', description: '' })
  await make('os-security-group-rules', 'security_group_rule', {
    parent_group_id: group.id,
    ip_protocol: 'tcp',
    from_port: 80,
    to_port: 80,
  })
  await make('os-security-group-rules', 'security_group_rule', { parent_group_id: group.id, group_id: group.id })
  await make('os-keypairs', 'keypair', { name: 'key' })
  const flavor = await make('flavors', 'flavor', { name: 'f', vcpus: 1, ram: 64, disk: 1, 'os-flavor-access:is_public': false })
  await make(`flavors/${flavor.id}/os-extra_specs`, 'extra_specs', { key: 'value' })
  const { floating_ip: floatingIp } = (await admin.post(`${base}/os-floating-ips`, {}, 200)).body
  const serverGroup = await make('os-server-groups', 'server_group', { name: 'g', policies: ['affinity'] })
  const [hypervisor] = (await admin.get(`${base}/os-hypervisors`)).body.hypervisors
  const [attached] = (await admin.get(`${base}/servers/${serverId}/os-interface`)).body.interfaceAttachments
  const [done] = (await admin.get(`${base}/servers/${serverId}/os-instance-actions`)).body.instanceActions
  const params: Record<string, string> = {
    server_id: serverId,
    flavor_id: flavor.id,
    keypair_name: 'key',
    hypervisor_id: `${hypervisor.id}`,
    ServerGroup_id: serverGroup.id,
    security_group_id: group.id,
    request_id: done.request_id,
    port_id: attached.port_id,
    network_label: 'net',
    alias: 'os-keypairs',
  }
  const paramOf = (name: string, path: string): string => {
    if (name === 'id') return path.includes('quota') ? project : path.includes('floating') ? floatingIp.id : place.networkId
    if (name === 'key') return path.includes('metadata') ? 'colour' : 'key'
    if (name === 'hypervisor_id' && !path.endsWith('}')) return hypervisor.hypervisor_hostname
    return params[name] ?? assert.fail(`${path} needs ${name}`)
  }
  let reads = 0
  for (const { method, path, id, majors, since } of service.operations) {
    if (method !== 'GET' || majors?.includes('') || id === 'server-volumes.show') continue
    const at = path.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(paramOf(name, path)))
    for (const [major, version] of [['v2'], ['v2.1', '2.1'], ['v2.1', '2.19']]) {
      if ((since && major === 'v2') || (majors && !majors.includes(major!))) continue
      const headers: Record<string, string> = version ? { 'x-openstack-nova-api-version': version } : {}
      const { status, text } = await admin.request('GET', `/compute/${major}${at}`, { headers })
      assert.equal(status, 200, `${id} ${major} ${version}: ${text}`)
      reads++
    }
  }
  assert.ok(reads > 150, `${reads}`)
})

test('the sums over no hypervisor are zeros', async () => {
  await using cloud = await testCloud()
  const { admin } = cloud
  await admin.request('PUT', `${base}/os-services/disable`, { body: { host: 'fake-1', binary: 'nova-compute' }, expected: 200 })
  const { hypervisor_statistics: sums } = (await admin.get(`${base}/os-hypervisors/statistics`, 200)).body
  assert.deepEqual([sums.count, sums.vcpus, sums.memory_mb], [0, 0, 0])
})
