import assert from 'node:assert/strict'
import { test } from 'node:test'
import { activeServer, assertNoResidue, ground, statusOf } from '../../../testing/compute/servers.ts'
import { makeServer } from '../../../testing/make.ts'
import { testCloud } from '../../../testing/test-cloud.ts'
import { until } from '../../../testing/until.ts'

const path = '/compute/v2.1/servers'

test('a server becomes ACTIVE with an address and its metadata, stops, starts, reboots, and leaves nothing behind', async () => {
  await using cloud = await testCloud()
  const place = await ground(cloud)
  const { member } = place
  const id = await activeServer(cloud, place, { metadata: { role: 'web' }, user_data: Buffer.from('#!hi').toString('base64') })
  const { server } = (await member.get(`${path}/${id}`)).body
  assert.match(server.addresses.net[0].addr, /^10\.20\.0\./)
  assert.equal(server['OS-EXT-SRV-ATTR:host'], undefined)
  assert.deepEqual(server.security_groups, [{ name: 'default' }])
  const spec = (await cloud.cloud.hosts.get(cloud.cloud.database.read, 'fake-1', 'guest', id))!
  assert.equal(JSON.parse(spec.metadata['openstack/latest/meta_data.json']!).meta.role, 'web')
  assert.equal(spec.metadata['2009-04-04/user-data'], '#!hi')
  assert.equal(JSON.parse(spec.metadata['openstack/latest/network_data.json']!).networks[0].type, 'ipv4_dhcp')
  assert.equal(spec.nics.length, 1)
  for (const [action, status] of [
    [{ 'os-stop': null }, 'SHUTOFF'],
    [{ 'os-start': null }, 'ACTIVE'],
    [{ reboot: { type: 'SOFT' } }, 'ACTIVE'],
    [{ reboot: { type: 'HARD' } }, 'ACTIVE'],
  ] as const) {
    await member.post(`${path}/${id}/action`, action, 202)
    await cloud.settled()
    assert.equal(await statusOf(member, id), status)
  }
  const { instanceActions } = (await member.get(`${path}/${id}/os-instance-actions`)).body
  assert.deepEqual(
    instanceActions.map((action: { action: string }) => action.action),
    ['reboot', 'reboot', 'start', 'stop', 'create'],
  )
  const text = (await member.post(`${path}/${id}/action`, { 'os-getConsoleOutput': { length: 1 } }, 200)).body.output
  assert.match(text, /login: $/)
  const whole = (await member.post(`${path}/${id}/action`, { 'os-getConsoleOutput': {} }, 200)).body.output
  assert.match(whole, /^(.*\r\n){10,}.*login: $/)
  await member.delete(`${path}/${id}`)
  await cloud.settled()
  await member.get(`${path}/${id}`, 404)
  await assertNoResidue(cloud)
})

test('an action in the wrong state is a conflict that says why', async () => {
  await using cloud = await testCloud()
  const place = await ground(cloud)
  const id = await activeServer(cloud, place)
  const answer = await place.member.post(`${path}/${id}/action`, { 'os-start': null }, 409)
  assert.equal(answer.body.conflictingRequest.message, `Cannot 'start' instance ${id} while it is in vm_state active`)
  await place.member.post(`${path}/${id}/action`, { 'os-getVNCConsole': { type: 'novnc' }, x: 1 }, 400)
  await place.member.post(`${path}/${id}/action`, { rebuild: {} }, 501)
  await place.member.post(`${path}/${id}/action`, { nonsense: {} }, 400)
})

test('a guest that ends by itself leaves its server stopped, and it starts again', async () => {
  await using cloud = await testCloud()
  const place = await ground(cloud)
  const id = await activeServer(cloud, place)
  cloud.host.crashGuest(id)
  await until('SHUTOFF', async () => (await statusOf(place.member, id)) === 'SHUTOFF')
  await cloud.settled()
  await place.member.post(`${path}/${id}/action`, { 'os-start': null }, 202)
  await cloud.settled()
  assert.equal(await statusOf(place.member, id), 'ACTIVE')
})

test('bad input is refused with 400 and nothing is made', async () => {
  await using cloud = await testCloud()
  const { member, imageId } = await ground(cloud)
  const good = { name: 'x', imageRef: imageId, flavorRef: '42' }
  for (const bad of [
    { ...good, name: 'x'.repeat(256) },
    { ...good, name: 'a\nb' },
    { ...good, name: '' },
    { ...good, name: 5 },
    { ...good, unknown: true },
    { ...good, flavorRef: 'none' },
    { ...good, imageRef: 'none' },
    { ...good, imageRef: '6f70656e-7374-6163-6b20-342065766572' },
    { ...good, networks: [{ uuid: 'x' }] },
    { ...good, key_name: 'none' },
    { ...good, user_data: '%%%' },
    { ...good, metadata: { a: 1 } },
    { ...good, metadata: { 'a\nb': 'c' } },
    { ...good, accessIPv4: '1.2.3' },
    { ...good, min_count: 3, max_count: 2 },
    { ...good, availability_zone: 'mars' },
    { ...good, flavorRef: '42\u0000' },
  ]) {
    await member.request('POST', path, { body: { server: bad }, expected: 400 })
  }
  await cloud.settled()
  assert.deepEqual((await member.get(path)).body.servers, [])
  await assertNoResidue(cloud)
})

test('several servers at once share a reservation, and as many are made as the quota allows', async () => {
  await using cloud = await testCloud()
  const { member, imageId, networkId } = await ground(cloud)
  const answer = await member.post(
    path,
    {
      server: {
        name: 'many',
        imageRef: imageId,
        flavorRef: '42',
        networks: [{ uuid: networkId }],
        min_count: 2,
        max_count: 50,
        return_reservation_id: true,
      },
    },
    202,
  )
  await cloud.settled()
  const listed = (await member.get(`${path}?reservation_id=${answer.body.reservation_id}`)).body.servers
  assert.equal(listed.length, 10)
  assert.ok(listed.every((server: { name: string }) => /^many-\d+$/.test(server.name)))
  await member.post(path, { server: { name: 'one more', imageRef: imageId, flavorRef: '42' } }, 403)
})

test('lists are filtered, sorted and paged', async () => {
  await using cloud = await testCloud()
  const place = await ground(cloud)
  const { member } = place
  for (const name of ['a1', 'a2', 'b1', 'b2', 'b3'])
    await makeServer(member, place.imageId, { name, networks: [{ uuid: place.networkId }] })
  await cloud.settled()
  const names = async (query: string) => (await member.get(`${path}?${query}`)).body.servers.map((server: { name: string }) => server.name)
  assert.deepEqual(await names('name=%5Ea&sort_key=display_name&sort_dir=asc'), ['a1', 'a2'])
  assert.deepEqual((await names('status=ACTIVE')).length, 5)
  assert.deepEqual(await names('status=SHUTOFF'), [])
  assert.deepEqual(await names('status=NONSENSE'), [])
  assert.equal((await names(`ip=%5E10.20.0.`)).length, 5)
  await member.get(`${path}?changes-since=yesterday`, 400)
  const seen: string[] = []
  for (let next: string | undefined = `${cloud.url}${path}/detail?limit=2&sort_key=display_name&sort_dir=desc`; next; ) {
    const { body } = await member.get(next.slice(cloud.url.length))
    seen.push(...body.servers.map((server: { name: string }) => server.name))
    next = body.servers_links?.[0].href
  }
  assert.deepEqual(seen, ['b3', 'b2', 'b1', 'a2', 'a1'])
})

test('metadata of a server is changed, limited, and read by its guest', async () => {
  await using cloud = await testCloud()
  const place = await ground(cloud)
  const { member } = place
  const id = await activeServer(cloud, place, { metadata: { a: '1' } })
  await member.post(`${path}/${id}/metadata`, { metadata: { b: '2' } }, 200)
  await member.put(`${path}/${id}/metadata/c`, { meta: { c: '3' } }, 200)
  await member.put(`${path}/${id}/metadata/c`, { meta: { d: '3' } }, 400)
  await member.delete(`${path}/${id}/metadata/a`)
  await member.delete(`${path}/${id}/metadata/a`, 404)
  assert.deepEqual((await member.get(`${path}/${id}/metadata`)).body.metadata, { b: '2', c: '3' })
  const spec = (await cloud.cloud.hosts.get(cloud.cloud.database.read, 'fake-1', 'guest', id))!
  const metaData = JSON.parse(spec.metadata['openstack/latest/meta_data.json']!)
  assert.deepEqual(metaData.meta, { b: '2', c: '3' })
  assert.ok(metaData.admin_pass && metaData.random_seed, 'what was there before stays')
  const many = Object.fromEntries(Array.from({ length: 129 }, (_, index) => [`k${index}`, 'v']))
  await member.put(`${path}/${id}/metadata`, { metadata: many }, 403)
})

test('a run from a seed gives the same ids twice', async () => {
  const run = async () => {
    await using cloud = await testCloud({ seed: 'compute' })
    const place = await ground(cloud)
    return [await activeServer(cloud, place), await activeServer(cloud, place)]
  }
  assert.deepEqual(await run(), await run())
})
