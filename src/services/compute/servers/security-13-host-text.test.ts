import assert from 'node:assert/strict'
import { test } from 'node:test'
import { activeServer, ground } from '../../../testing/compute/servers.ts'
import { makeImage } from '../../../testing/make.ts'
import { testCloud } from '../../../testing/test-cloud.ts'

const path = '/compute/v2.1/servers'

test('security-13: no text with a line break or a NUL gets into what a host is told', async () => {
  await using cloud = await testCloud()
  const place = await ground(cloud)
  const { member, imageId } = place
  const good = { name: 'x', imageRef: imageId, flavorRef: '42', networks: [{ uuid: place.networkId }] }
  for (const text of ['x\ny', 'x\ry', 'x\u0000y', '\n', 'x\u001by']) {
    const bad: object[] = [
      { name: text },
      { imageRef: text },
      { imageRef: `${imageId}${text}` },
      { flavorRef: text },
      { adminPass: text },
      { key_name: text },
      { availability_zone: text },
      { availability_zone: `nova:${text}` },
      { security_groups: [{ name: text }] },
      { networks: [{ uuid: text }] },
      { networks: [{ port: text }] },
      { networks: [{ uuid: place.networkId, fixed_ip: text }] },
      { metadata: { [text]: 'x' } },
      { personality: [{ path: text, contents: '' }] },
      { accessIPv4: text },
      { config_drive: text },
    ]
    for (const change of bad)
      assert.equal((await member.post(path, { server: { ...good, ...change } })).status, 400, JSON.stringify(change))
    const image = await makeImage(member, { kernel_id: imageId, os_command_line: `quiet${text}init=/bin/sh` }).catch(() => null)
    if (image) await member.post(path, { server: { ...good, imageRef: image } }, 400)
    const pair = await member.post('/compute/v2.1/os-keypairs', { keypair: { name: text } })
    assert.equal(pair.status, 400)
  }
  const id = await activeServer(cloud, place)
  for (const name of ['x\ny', 'x\u0000y']) await member.put(`${path}/${id}`, { server: { name } }, 400)
  await cloud.settled()
  assert.deepEqual(cloud.host.inventory().guest, [id])
})

test('security-13: the host name of a guest is letters, digits and hyphens, whatever its server is called', async () => {
  await using cloud = await testCloud()
  const place = await ground(cloud)
  for (const name of ['$(reboot)', '../../etc', 'a,b=c "d"', '-rf', 'ü ß', '"><script>']) {
    const id = await activeServer(cloud, place, { name })
    const { read } = cloud.cloud.database
    const spec = (await cloud.cloud.hosts.get(read, 'fake-1', 'guest', id))!
    const { hostname } = JSON.parse(spec.metadata['openstack/latest/meta_data.json']!)
    assert.match(hostname, /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9.-]+)?$/, name)
    const port = (await cloud.cloud.hosts.get(read, 'fake-1', 'port', spec.nics[0]!.portId))!
    assert.match(port.hostname, /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/, name)
  }
})
