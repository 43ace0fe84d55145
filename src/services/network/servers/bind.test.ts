import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Wait } from '../../../tasks/task.ts'
import type { Persona } from '../../../testing/persona.ts'
import { type TestCloud, testCloud } from '../../../testing/test-cloud.ts'
import type { NicRequests } from '../facade.ts'

const server = '11111111-1111-4111-8111-111111111111'

async function network(member: Persona, cidr = '10.0.0.0/24') {
  const { network } = (await member.post('/network/v2.0/networks', { network: { name: 'net' } }, 201)).body
  const { subnet } = (await member.post('/network/v2.0/subnets', { subnet: { network_id: network.id, cidr, ip_version: 4 } }, 201)).body
  return { network, subnet }
}

async function bind(cloud: TestCloud, member: Persona, nics: NicRequests, more: { serverId?: string; securityGroups?: string[] } = {}) {
  const projectId = await member.projectId()
  const { serverId = server, securityGroups = [] } = more
  const request = { projectId, isAdmin: false, serverId, hostname: 'My server', host: 'fake-1', zone: 'nova', nics, securityGroups }
  return cloud.cloud.database.write((tx) => cloud.cloud.network.bindPorts(tx, request))
}

test('a server gets a port, its host the documents, and both go with the server', async () => {
  await using cloud = await testCloud()
  const { database, network: facade, hosts } = cloud.cloud
  const member = await cloud.as('member')
  const { network: net, subnet } = await network(member)
  const [port] = await bind(cloud, member, [{ networkId: net.id }])
  assert.equal(port!.networkName, 'net')
  assert.deepEqual(port!.fixedIps[0]!.subnetId, subnet.id)
  assert.equal(port!.securityGroups[0]!.name, 'default')
  const again = await bind(cloud, member, [{ networkId: net.id }])
  const anyStatus = { status: '' } // the host may have made it meanwhile
  assert.deepEqual({ ...again[0], ...anyStatus }, { ...port, ...anyStatus }, 'the same again')
  assert.equal(again.length, 1)
  const spec = (await hosts.get(database.read, 'fake-1', 'port', port!.id))!
  assert.equal(spec.hostname, 'My-server')
  assert.equal(spec.guestId, server)
  assert.deepEqual(spec.fixedIps, [{ subnetId: subnet.id, ip: port!.fixedIps[0]!.ip, prefixLength: 24 }])
  assert.equal((await hosts.get(database.read, 'fake-1', 'network', net.id))!.subnets[0]!.dhcpIp, '10.0.0.2')
  const group = (await hosts.get(database.read, 'fake-1', 'security-group', spec.securityGroupIds[0]!))!
  assert.deepEqual(group.members, [port!.fixedIps[0]!.ip])
  await cloud.settled()
  await facade.portsBound(database.read, server, 'fake-1')
  assert.equal((await facade.portsOf(database.read, [server])).get(server)![0]!.status, 'ACTIVE')
  assert.deepEqual(await facade.serversWithIp(database.read, await member.projectId(), '^10\\.0\\.0\\.'), [server])
  assert.deepEqual(await facade.serversWithIp(database.read, 'another', '10'), [])
  assert.deepEqual(await facade.serversWithIp(database.read, null, '(1+)+$'), [], 'no expression that could run for hours')

  await database.write(async (tx) => {
    await facade.unbindPorts(tx, server)
    await assert.rejects(facade.portsUnbound(tx.db, server), Wait)
  })
  await cloud.settled()
  await facade.portsUnbound(database.read, server)
  await database.write((tx) => facade.unbindPorts(tx, server))
  const left = await database.read.selectFrom('host_documents').select(['kind', 'id']).execute()
  assert.deepEqual(left, [], 'nothing is left on the host')
  assert.equal((await cloud.cloud.quota.show(database.read, await member.projectId(), 'network.')).port!.in_use, 0)
})

test('a port that was given is taken over and set free, not deleted', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const { network: net } = await network(member)
  const { port } = (await member.post('/network/v2.0/ports', { port: { network_id: net.id, name: 'mine' } }, 201)).body
  const [bound] = await bind(cloud, member, [{ portId: port.id }])
  assert.equal(bound!.mac, port.mac_address)
  await cloud.settled()
  const shown = (await member.get(`/network/v2.0/ports/${port.id}`)).body.port
  assert.deepEqual([shown.status, shown.device_id, shown.device_owner], ['ACTIVE', server, 'compute:nova'])
  await cloud.cloud.database.write((tx) => cloud.cloud.network.unbindPorts(tx, server))
  await cloud.settled()
  const free = (await member.get(`/network/v2.0/ports/${port.id}`)).body.port
  assert.deepEqual([free.status, free.device_id, free.device_owner, free.name], ['DOWN', '', '', 'mine'])
})

test('what cannot be had is refused before anything is made', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const other = await cloud.as('member', 'project-2')
  const [mine, foreign] = [await network(member), await network(other)]
  const { network: bare } = (await member.post('/network/v2.0/networks', { network: {} }, 201)).body
  const external = (await member.get('/network/v2.0/networks?router:external=true')).body.networks[0]
  const { port: used } = (await member.post('/network/v2.0/ports', { port: { network_id: mine.network.id, device_id: 'x' } }, 201)).body
  const projectId = await member.projectId()
  const credentials = (await cloud.cloud.tokens.authenticate(await member.token()))!.credentials
  const check = (nics: NicRequests, more: { count?: number; securityGroups?: string[] } = {}) =>
    cloud.cloud.network.checkNics(cloud.cloud.database.read, {
      projectId,
      credentials,
      nics,
      count: 1,
      securityGroups: [],
      ...more,
    })
  const status = async (promise: Promise<void>) =>
    promise.then(
      () => 0,
      (error) => error.status,
    )
  assert.equal(await status(check([{ networkId: mine.network.id }])), 0)
  assert.equal(await status(check('none')), 0)
  assert.equal(await status(check('auto')), 409, 'two networks are possible')
  assert.equal(await status(check([{ networkId: foreign.network.id }])), 400)
  assert.equal(await status(check([{ networkId: bare.id }])), 400, 'no subnet')
  assert.equal(await status(check([{ networkId: external.id }])), 403)
  assert.equal(await status(check([{ portId: used.id }])), 409)
  assert.equal(await status(check([{ portId: 'nowhere' }])), 400)
  assert.equal(await status(check([{ networkId: mine.network.id, fixedIp: '10.0.0.2' }])), 400, 'taken')
  assert.equal(await status(check([{ networkId: mine.network.id, fixedIp: '10.0.0.9' }], { count: 2 })), 400)
  assert.equal(await status(check('none', { securityGroups: ['nothing'] })), 400)
  assert.equal(await status(check('none', { securityGroups: ['default'] })), 0)
  await cloud.admin.put(`/network/v2.0/quotas/${projectId}`, { quota: { port: 3 } }, 200)
  assert.equal(await status(check([{ networkId: mine.network.id }], { count: 2 })), 0)
  assert.equal(await status(check([{ networkId: mine.network.id }], { count: 3 })), 403)
})
