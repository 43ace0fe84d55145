import assert from 'node:assert/strict'
import { test } from 'node:test'
import { statusText } from './cli/status.ts'
import { status } from './control.ts'
import { steppedClock } from './environment.ts'
import { activeServer, ground } from './testing/compute/servers.ts'
import { makeServer } from './testing/make.ts'
import { testCloud } from './testing/test-cloud.ts'

test('status says what each task waits for, and since when its host is away', async () => {
  const clock = steppedClock()
  await using cloud = await testCloud({ clock })
  const place = await ground(cloud)
  const { member } = place
  const running = await activeServer(cloud, place)
  assert.deepEqual((await status(cloud.cloud)).tasks, [])
  await cloud.agent.stop()
  await makeServer(member, place.imageId, { networks: [{ uuid: place.networkId }] })
  await member.post(`/compute/v2.1/servers/${running}/action`, { 'os-stop': null }, 202)
  await cloud.cloud.tasks.idle()
  await clock.advance(70_000)
  const shown = await status(cloud.cloud)
  assert.deepEqual(shown.tasks.map(({ kind }) => kind).sort(), ['compute.server.create', 'compute.server.stop'])
  const stop = shown.tasks.find(({ kind }) => kind === 'compute.server.stop')!
  assert.deepEqual(stop.locks, [`server:${running}`])
  assert.match(stop.waitsFor, new RegExp(`^guest ${running} on host fake-1, which has been away for \\d+ s$`))
  const text = statusText(shown, clock.now())
  assert.match(text, /away for \d+ s, fake/)
  assert.match(text, /for 70 s, waits for guest .* until \S+Z at the latest \(req-/)
})
