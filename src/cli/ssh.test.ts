import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { serveControl } from '../control.ts'
import { makeImage } from '../testing/make.ts'
import { testCloud } from '../testing/test-cloud.ts'
import { connectClient } from './client.ts'
import { nephosProgram } from './clone.ts'
import { closedGroups } from './ssh.ts'

test('a server whose groups let no SSH in is told with the group and the mend', async () => {
  await using cloud = await testCloud()
  const { admin } = cloud
  const { body: made } = await admin.post('/network/v2.0/networks', { network: { name: 'net' } }, 201)
  const network_id = made.network.id
  await admin.post('/network/v2.0/subnets', { subnet: { network_id, ip_version: 4, cidr: '10.0.0.0/24' } }, 201)
  const server = { name: 'one', imageRef: await makeImage(admin), flavorRef: '42', networks: [{ uuid: network_id }] }
  const { id } = (await admin.post('/compute/v2.1/servers', { server }, 202)).body.server
  await cloud.settled()
  const client = await connectClient({
    authUrl: `${cloud.url}/identity/v3`,
    username: 'admin',
    password: 'test-admin',
    projectName: 'admin',
    userDomain: 'Default',
    projectDomain: 'Default',
  })
  const { ports } = (await admin.get(`/network/v2.0/ports?device_id=${id}`)).body
  const group = ports[0].security_groups[0]
  const rule = (more: object) =>
    admin.post(
      '/network/v2.0/security-group-rules',
      { security_group_rule: { security_group_id: group, direction: 'ingress', ethertype: 'IPv4', ...more } },
      201,
    )
  // A port that only says that it is the server's is not asked.
  await admin.post('/network/v2.0/ports', { port: { network_id, device_id: id, port_security_enabled: false, security_groups: [] } }, 201)
  const closed = new RegExp(`security group default lets SSH .* Mend: openstack security group rule create .* ${group}$`)
  assert.match((await closedGroups(client, id))!, closed)
  for (const more of [
    { protocol: 'udp' },
    { protocol: 'tcp', port_range_min: 80, port_range_max: 80 },
    { protocol: 'tcp', ethertype: 'IPv6' },
  ])
    await rule(more)
  assert.match((await closedGroups(client, id))!, closed)
  await rule({ protocol: 'tcp', port_range_min: 20, port_range_max: 30 })
  assert.equal(await closedGroups(client, id), undefined)
})

test('on the fake host nephos ssh says in one sentence that there is no guest to log in to', async () => {
  await using cloud = await testCloud()
  const { admin, url } = cloud
  const { network } = (await admin.post('/network/v2.0/networks', { network: { name: 'net' } }, 201)).body
  await admin.post('/network/v2.0/subnets', { subnet: { network_id: network.id, ip_version: 4, cidr: '10.0.0.0/24' } }, 201)
  const server = { name: 'one', imageRef: await makeImage(admin), flavorRef: '42', networks: [{ uuid: network.id }] }
  await admin.post('/compute/v2.1/servers', { server }, 202)
  await cloud.settled()
  const { dataDir } = cloud.cloud.config
  mkdirSync(join(dataDir, 'run'), { recursive: true })
  const control = await serveControl(cloud.cloud)
  try {
    const env = {
      PATH: process.env.PATH,
      HOME: dataDir,
      NEPHOS_DATA_DIR: dataDir,
      OS_AUTH_URL: `${url}/identity/v3`,
      OS_PASSWORD: 'test-admin',
    }
    const nephos = (...args: string[]) =>
      new Promise<{ code: unknown; err: string }>((resolve) =>
        execFile(nephosProgram(), ['ssh', ...args], { env }, (error, _out, err) => resolve({ code: error?.code, err })),
      )
    const { code, err } = await nephos('one')
    assert.match(err, /^nephos: The server one is on the fake host, which has no guests to log in to: [^\n]*\n$/)
    assert.equal(code, 1)
    // What stands behind the server is the command for it, and none begins with a dash.
    const late = await nephos('one', '--data-dir', '/srv/cloud')
    assert.match(late.err, /^nephos: --data-dir stands behind the server.* nephos ssh --data-dir \.\.\. one\n$/)
    assert.equal(late.code, 2)
    assert.match((await nephos('one', '--', 'id')).err, /on the fake host/)
  } finally {
    await control.close()
  }
})
