import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createEnvironment, steppedClock, systemClock } from '../../environment.ts'
import { silentLog } from '../../log.ts'
import { hostContract } from '../../testing/host/contract.ts'
import { guestSpec, testImage } from '../../testing/host/guests.ts'
import { network, subnet } from '../../testing/host/machine.ts'
import type { HostDocument } from '../documents.ts'
import { createReconciler } from '../reconcile.ts'
import { createFakeHost } from './fake-host.ts'

hostContract(async () => {
  const host = createFakeHost({ name: 'fake', environment: createEnvironment(), delayMs: 50, faults: null })
  return {
    host,
    image: testImage,
    impossible() {
      host.fail('guest.define:1')
      return {}
    },
    async failSoftReboot() {
      host.fail('guest.reboot-soft:1')
      return () => {}
    },
    async keepDevices() {
      host.fail('guest.detach:1')
      return () => {}
    },
    tooShortSeconds: 0.01,
    kill: async (id) => host.crashGuest(id),
    dispose: () => host.close(),
  }
})

test('its delay is that of the clock that is passed in: a run takes the same time twice', async () => {
  const run = async () => {
    const clock = steppedClock()
    const environment = createEnvironment({ clock, seed: 'timing' })
    const host = createFakeHost({ name: 'fake', environment, delayMs: 700, faults: 'guest.start:1' })
    const told: string[] = []
    const reconciler = createReconciler({
      host,
      environment,
      log: silentLog,
      report: ({ kind, id, outcome }) => void told.push(`${clock.now()} ${kind} ${id} ${outcome}`),
    })
    const documents: HostDocument[] = [
      {
        generation: 1,
        kind: 'network',
        id: environment.uuid(),
        spec: network({ subnets: [subnet('10.0.0')].map((s) => ({ ...s, id: 's' })) }),
      },
      { generation: 1, kind: 'guest', id: environment.uuid(), spec: guestSpec() },
    ]
    reconciler.take(documents)
    for (let seconds = 0; seconds < 20; seconds++) {
      await new Promise((resolve) => setImmediate(resolve)) // what needs no time is done
      await clock.advance(1000)
    }
    await reconciler.stop()
    await host.close()
    return told
  }
  const first = await run()
  assert.deepEqual(
    first.map((line) => line.split(' ').at(-1)),
    ['done', 'failed', 'done'],
  )
  assert.deepEqual(await run(), first)
})

test('where no delay is asked for, a reboot lasts long enough for clients that look once a second', async () => {
  const slept: number[] = []
  const clock = { ...systemClock, sleep: async (ms: number) => void slept.push(ms) }
  const host = createFakeHost({ name: 'fake', environment: createEnvironment({ clock }), delayMs: null, faults: null })
  const { guest } = host.drivers
  const { signal } = new AbortController()
  const spec = guestSpec()
  for (const step of guest.plan('one', spec, undefined)) await step.run(signal)
  const made = slept.splice(0).reduce((sum, ms) => sum + ms, 0)
  assert.ok(made > 0 && made < 500, String(made))
  await guest.jobs['reboot-soft'].run('one', {}, { spec, progress() {}, signal })
  assert.ok(slept.reduce((sum, ms) => sum + ms, 0) > 1000)
  await host.close()
})
