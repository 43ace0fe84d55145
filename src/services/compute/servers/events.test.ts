import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { eventLine } from '../../../cli/events.ts'
import { events } from '../../../control.ts'
import type { EventType } from '../../../events/event.ts'
import { activeServer, ground } from '../../../testing/compute/servers.ts'
import { makeServer } from '../../../testing/make.ts'
import { survivesCrashes } from '../../../testing/survives-crashes.ts'
import { type TestCloud, testCloud } from '../../../testing/test-cloud.ts'
import { imageEvents } from '../../image/events.ts'
import { networkEvents } from '../../network/events.ts'
import { serverEvents } from './events.ts'

const declared: EventType[] = [
  ...Object.values(serverEvents).flatMap(({ end, error }) => [end, error]),
  ...Object.values(networkEvents).flatMap(({ created, deleted }) => [created, deleted]),
  ...Object.values(imageEvents),
]

/** All that was told, oldest first; each fits what its type declares. */
async function told(cloud: TestCloud, query = 'last=1000') {
  const page = await events(cloud.cloud, new URLSearchParams(query))
  const ajv = new Ajv2020({ strict: false })
  for (const { type, payload } of page.events) {
    const schema = declared.find((one) => one.type === type)?.schema
    assert.ok(schema, type)
    assert.ok(ajv.validate(schema, payload), `${type}: ${ajv.errorsText()}`)
    const extra = Object.keys(payload as object).filter(
      (name) => !Object.hasOwn((schema as unknown as { properties: object }).properties, name),
    )
    assert.deepEqual(extra, [], type)
  }
  return page.events
}

test('what happens to servers, images and networks is told with who did it, in order', async () => {
  await using cloud = await testCloud()
  const place = await ground(cloud)
  const { member } = place
  const server = await activeServer(cloud, place)
  const act = async (body: object) => {
    await member.post(`/compute/v2.1/servers/${server}/action`, body, 202)
    await cloud.settled()
  }
  await act({ 'os-stop': null })
  await act({ 'os-start': null })
  await act({ reboot: { type: 'HARD' } })
  const router = (await member.post('/network/v2.0/routers', { router: { name: 'r' } }, 201)).body.router.id
  const { networks } = (await member.get('/network/v2.0/networks?router:external=true')).body
  const floating = await member.post('/network/v2.0/floatingips', { floatingip: { floating_network_id: networks[0].id } }, 201)
  await member.delete(`/network/v2.0/floatingips/${floating.body.floatingip.id}`, 204)
  await member.delete(`/network/v2.0/routers/${router}`, 204)
  await member.delete(`/compute/v2.1/servers/${server}`, 204)
  await cloud.settled()
  await member.delete(`/network/v2.0/networks/${place.networkId}`, 204)
  await member.delete(`/image/v2/images/${place.imageId}`, 204)
  const all = await told(cloud)
  const { id: user } = (await cloud.cloud.database.read.selectFrom('compute_servers').select('user_id as id').executeTakeFirst())!
  const others = all.filter(({ user_id, type }) => user_id !== user && !type.startsWith('image.activate'))
  assert.deepEqual(
    others.map(({ type }) => type),
    ['port.create.end', 'port.delete.end'],
    'the ports of a server are its task that makes them; all else has a user',
  )
  assert.ok(all.every(({ request_id, type }) => type === 'image.activate' || request_id?.startsWith('req-')))
  const types = all.map(({ type }) => type)
  assert.deepEqual([...types].sort(), [
    'compute.instance.create.end',
    'compute.instance.delete.end',
    'compute.instance.power_off.end',
    'compute.instance.power_on.end',
    'compute.instance.reboot.end',
    'floatingip.create.end',
    'floatingip.delete.end',
    'image.activate',
    'image.create',
    'image.delete',
    'network.create.end',
    'network.delete.end',
    'port.create.end',
    'port.delete.end',
    'router.create.end',
    'router.delete.end',
    'subnet.create.end',
    'subnet.delete.end',
  ])
  assert.deepEqual(
    all.filter(({ resource }) => resource.id === server).map(({ type }) => type.split('.')[2]),
    ['create', 'power_off', 'power_on', 'reboot', 'delete'],
  )
  const { place: last } = all.at(-1)!
  assert.deepEqual(await told(cloud, `after=${last - 1}&type=image.delete`), [all.at(-1)])
  assert.deepEqual(await told(cloud, `after=${last}`), [])
  const line = eventLine(all.find(({ type }) => type === 'router.create.end')!)
  assert.match(line, new RegExp(`^\\S+Z router\\.create\\.end +router ${router} \\(r\\) project \\S+ user ${user} req-\\S+\\n$`))
})

test('a server that could not be made is told with the reason', async () => {
  await using cloud = await testCloud({ settings: { fakeFaults: 'guest.start:*' } })
  const place = await ground(cloud)
  await makeServer(place.member, place.imageId, { networks: [{ uuid: place.networkId }] })
  await cloud.settled()
  const [failure] = (await told(cloud)).filter(({ resource }) => resource.kind === 'server')
  assert.equal(failure!.type, 'compute.instance.create.error')
  assert.ok((failure!.payload as { message: string }).message)
})

test('the end of a server is told once, whenever the process dies', async () => {
  const deaths = await survivesCrashes({
    make: () => testCloud(),
    kind: 'compute.server.create',
    async begin(cloud) {
      const place = await ground(cloud)
      return (await makeServer(place.member, place.imageId, { networks: [{ uuid: place.networkId }] })).id
    },
    async check(cloud, id) {
      const mine = (await told(cloud)).filter(({ resource }) => resource.id === id)
      assert.deepEqual(
        mine.map(({ type }) => type),
        ['compute.instance.create.end'],
      )
    },
  })
  assert.ok(deaths > 3)
})
