import assert from 'node:assert/strict'
import { test } from 'node:test'
import { versionNumber } from '../../api/versions.ts'
import { activeServer, ground } from '../../testing/compute/servers.ts'
import { wrongNumbers } from '../../testing/spelled-numbers.ts'
import { testCloud } from '../../testing/test-cloud.ts'
import { maxVersion } from './versions.ts'

const compute = '/compute/v2.1'
test('security-26: no spelling of a number gets past the bounds of a count, and the quota is not turned round', async () => {
  await using cloud = await testCloud()
  const { member, imageId, networkId } = await ground(cloud)
  const server = { name: 'many', flavorRef: '42', imageRef: imageId, networks: [{ uuid: networkId }] }
  const used = async () => (await member.get(`${compute}/limits`)).body.limits.absolute.totalInstancesUsed
  const ask = (more: object, expected: number) => member.post(`${compute}/servers`, { server: { ...server, ...more } }, expected)
  for (const value of wrongNumbers(1)) {
    await ask({ min_count: value }, 400)
    await ask({ max_count: value }, 400)
    await ask({ min_count: value, max_count: value }, 400)
  }
  // A number of text is compared as a number: as texts '9' comes after '10'.
  await ask({ min_count: '9', max_count: '3' }, 400)
  const work = process.cpuUsage()
  for (const most of ['2000000', 2_000_000, '2147483647', 2_147_483_647]) {
    await ask({ min_count: most }, 403)
    await ask({ min_count: most, max_count: most }, 403)
  }
  const { user, system } = process.cpuUsage(work)
  assert.ok(user + system < 2_000_000, `${user + system} µs of processor time`)
  assert.equal(await used(), 0)
  await ask({ min_count: '1', max_count: '2' }, 202)
  assert.equal(await used(), 2)
  // Of very many that may be, as many as the quota has room for.
  await ask({ min_count: '007', max_count: '2000000' }, 202)
  assert.equal(await used(), 10)
  await cloud.settled()
})

test('security-26: at every version of the API counts are bounded alike', async () => {
  await using cloud = await testCloud()
  const { member, imageId, networkId } = await ground(cloud)
  const server = { name: 'many', flavorRef: '42', imageRef: imageId, networks: [{ uuid: networkId }] }
  const spelled: [major: string, version: string | undefined][] = [
    ['v2.1', '2.19'],
    ['v2.1', '2.37'],
    ['v2.1', '2.90'],
    ['v2', undefined],
  ]
  for (const [major, version] of spelled) {
    member.headers = version === undefined ? {} : { 'OpenStack-API-Version': `compute ${version}`, 'X-OpenStack-Nova-API-Version': version }
    const isServed = major === 'v2' || !(versionNumber(version ?? '') > versionNumber(maxVersion))
    const ask = async (more: object, status: number) => {
      const answer = await member.post(`/compute/${major}/servers`, { server: { ...server, ...more } })
      assert.equal(answer.status, isServed ? status : 406, `${major} ${version} ${JSON.stringify(more)}: ${answer.text}`)
    }
    for (const count of isServed ? wrongNumbers(1) : ['-40', 1.5]) {
      await ask({ min_count: count }, 400)
      await ask({ max_count: count }, 400)
    }
    for (const count of ['2000000', 2_000_000]) await ask({ min_count: count }, 403)
    await ask({ min_count: '11', max_count: '2000000' }, 403)
  }
  member.headers = {}
  assert.equal((await member.get(`${compute}/limits`)).body.limits.absolute.totalInstancesUsed, 0)
})

test('security-26: without a quota one request still makes a bounded number of servers', async () => {
  await using cloud = await testCloud()
  const { member, imageId, networkId } = await ground(cloud)
  await cloud.admin.put(
    `${compute}/os-quota-sets/${await member.projectId()}`,
    { quota_set: { instances: '-1', cores: -1, ram: '-1' } },
    200,
  )
  await cloud.admin.put(`/network/v2.0/quotas/${await member.projectId()}`, { quota: { port: -1 } }, 200)
  const server = { name: 'many', flavorRef: '42', imageRef: imageId, networks: [{ uuid: networkId }] }
  for (const count of [1001, '2000000', '2147483647'])
    assert.match((await member.post(`${compute}/servers`, { server: { ...server, min_count: count } }, 400)).text, /At most 1000 servers/)
  assert.equal((await member.get(`${compute}/limits`)).body.limits.absolute.totalInstancesUsed, 0)
})

test('security-26: flavors and quotas are bounded however their numbers are spelled', async () => {
  await using cloud = await testCloud()
  const { admin } = cloud
  const good = { name: 'f', ram: 64, vcpus: 1, disk: 0 }
  for (const [field, least] of [
    ['ram', 1],
    ['vcpus', 1],
    ['disk', 0],
    ['swap', 0],
    ['OS-FLV-EXT-DATA:ephemeral', 0],
  ] as const)
    for (const value of wrongNumbers(least)) await admin.post(`${compute}/flavors`, { flavor: { ...good, [field]: value } }, 400)
  for (const value of [0, '0', '0.0', '0.000', -1, '-1', '1e3', ' 1', '0x1', 'NaN', 1e39, '1.', '.5', true])
    await admin.post(`${compute}/flavors`, { flavor: { ...good, rxtx_factor: value } }, 400)
  const made = (await admin.post(`${compute}/flavors`, { flavor: { ...good, ram: '0064', swap: -0, rxtx_factor: '2.50' } }, 200)).body
    .flavor
  assert.deepEqual([made.ram, made.swap, made.rxtx_factor, made.vcpus], [64, '', 2.5, 1])
  const project = await (await cloud.as('member')).projectId()
  for (const value of wrongNumbers(-1)) await admin.put(`${compute}/os-quota-sets/${project}`, { quota_set: { instances: value } }, 400)
  const set = (await admin.put(`${compute}/os-quota-sets/${project}`, { quota_set: { instances: '7', cores: '-1' } }, 200)).body.quota_set
  assert.deepEqual([set.instances, set.cores], [7, -1])
})

test('security-26: ports of rules, lengths of consoles and orders of disks are bounded however their numbers are spelled', async () => {
  await using cloud = await testCloud()
  const place = await ground(cloud)
  const { member } = place
  const group = { name: 'g', description: '' }
  const { id } = (await member.post(`${compute}/os-security-groups`, { security_group: group }, 200)).body.security_group
  const rule = (from_port: unknown, to_port: unknown, ip_protocol = 'tcp') =>
    member.post(`${compute}/os-security-group-rules`, { security_group_rule: { parent_group_id: id, ip_protocol, from_port, to_port } })
  for (const port of [...wrongNumbers(1), 65536, '65536', '065536']) {
    assert.equal((await rule(port, port)).status, 400, JSON.stringify(port))
    assert.equal((await rule('1', port)).status, 400, JSON.stringify(port))
  }
  for (const type of [...wrongNumbers(-1), 256, '256']) assert.equal((await rule(type, -1, 'icmp')).status, 400, JSON.stringify(type))
  // As texts '9' comes after '10'.
  assert.equal((await rule('10', '9')).status, 400)
  assert.equal((await rule('9', '10')).status, 200)
  const server = await activeServer(cloud, place)
  for (const length of wrongNumbers(-1))
    await member.post(`${compute}/servers/${server}/action`, { 'os-getConsoleOutput': { length } }, 400)
  const disk = { source_type: 'image', destination_type: 'local', uuid: place.imageId }
  for (const boot_index of wrongNumbers(-0x7fffffff).filter((value) => Number.isNaN(Number(value)) || value === 2 ** 31)) {
    const block_device_mapping_v2 = [{ ...disk, boot_index }]
    await member.post(
      `${compute}/servers`,
      { server: { name: 's', flavorRef: '42', imageRef: place.imageId, block_device_mapping_v2 } },
      400,
    )
  }
  await cloud.settled()
})

test('security-26: booleans of every spelling are what they say, and nothing else is one', async () => {
  await using cloud = await testCloud()
  const { member, imageId, networkId } = await ground(cloud)
  const server = { name: 'one', flavorRef: '42', imageRef: imageId, networks: [{ uuid: networkId }] }
  for (const value of [2, 1, 0, 'maybe', 'true ', ' true', 'tRue', [], {}, '2'])
    for (const field of ['config_drive', 'return_reservation_id'])
      await member.post(`${compute}/servers`, { server: { ...server, [field]: value } }, 400)
  for (const [value, shown] of [
    ['', ''],
    [null, ''],
    ['False', ''],
    ['no', ''],
    ['0', ''],
    ['True', 'True'],
    ['on', 'True'],
  ] as const) {
    const { id } = (await member.post(`${compute}/servers`, { server: { ...server, config_drive: value } }, 202)).body.server
    assert.equal((await member.get(`${compute}/servers/${id}`)).body.server.config_drive, shown, String(value))
  }
  assert.ok((await member.post(`${compute}/servers`, { server: { ...server, return_reservation_id: 'False' } }, 202)).body.server)
  assert.ok((await member.post(`${compute}/servers`, { server: { ...server, return_reservation_id: 'yes' } }, 202)).body.reservation_id)
  const flavor = { name: 'f', ram: 64, vcpus: 1, disk: 0, 'os-flavor-access:is_public': 'False' }
  assert.equal((await cloud.admin.post(`${compute}/flavors`, { flavor }, 200)).body.flavor['os-flavor-access:is_public'], false)
  await cloud.settled()
})
