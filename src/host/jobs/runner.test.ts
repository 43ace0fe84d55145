import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createEnvironment, steppedClock } from '../../environment.ts'
import { silentLog } from '../../log.ts'
import { guestSpec } from '../../testing/host/guests.ts'
import { until } from '../../testing/until.ts'
import type { Report } from '../documents.ts'
import { createFakeHost, type FakeHost } from '../fake/fake-host.ts'
import type { Job, JobReport } from '../job.ts'
import { createReconciler, type Reconciler } from '../reconcile.ts'
import type { JobJournal } from './journal.ts'

const soft: Job = { id: 'j', type: 'reboot-soft', input: {}, timeoutSeconds: 9 }

interface Kit {
  host: FakeHost
  reconciler: Reconciler
  clock: ReturnType<typeof steppedClock>
  reports: Report[]
  /** Asks for a guest with these jobs, and gives what was last told of each. */
  ask(...jobs: unknown[]): Promise<JobReport[]>
}

async function withHost(work: (kit: Kit) => Promise<void>, jobs?: JobJournal, delayMs = 0): Promise<void> {
  const clock = steppedClock()
  const environment = createEnvironment({ clock, seed: 'jobs' })
  const host = createFakeHost({ name: 'h', environment, delayMs, faults: null })
  const reports: Report[] = []
  const reconciler = createReconciler({ host, environment, log: silentLog, jobs, report: (report) => void reports.push(report) })
  let generation = 0
  const ask: Kit['ask'] = async (...asked) => {
    reconciler.take([{ kind: 'guest', id: 'g', generation: ++generation, spec: guestSpec(), jobs: asked as Job[] }])
    await reconciler.idle()
    return reports.at(-1)!.jobs ?? []
  }
  try {
    await work({ host, reconciler, clock, reports, ask })
  } finally {
    await reconciler.stop()
  }
}

test('what is not written down has not begun, is told as a trouble, and is begun when it can be', async () => {
  let isFull = true
  const saved: string[] = []
  const journal: JobJournal = {
    load: () => [],
    save(_document, jobs) {
      if (isFull) throw new Error('ENOSPC: no space left on device, write')
      saved.push(jobs.map(({ state }) => state).join())
    },
  }
  await withHost(async ({ ask, reconciler, clock, reports }) => {
    assert.deepEqual(await ask(soft), [])
    assert.deepEqual(
      reconciler.troubles.list().map(({ kind, id, error }) => `${kind} ${id} ${error}`),
      ['agent jobs ENOSPC: no space left on device, write'],
    )
    isFull = false
    await until('it is done', async () => {
      await clock.advance(5000)
      return reports.at(-1)?.jobs?.[0]?.state === 'done'
    })
    assert.deepEqual([saved, reconciler.troubles.list()], [['begun', 'done'], []])
  }, journal)
})

test('security-13: a job that is none fails with the reason, and touches nothing', () =>
  withHost(async ({ ask }) => {
    let number = 0
    for (const [change, why] of [
      [{ type: 'snapshot' }, /knows no job "snapshot" of a guest/],
      [{ type: 'constructor' }, /knows no job/],
      [{ type: '__proto__' }, /knows no job/],
      [{ type: 7 }, /knows no job/],
      [{ input: { path: '/etc' } }, /does not take/],
      [{ input: null }, /does not take/],
      [{ timeoutSeconds: 0 }, /no valid time limit/],
      [{ timeoutSeconds: '9' }, /no valid time limit/],
      [{ timeoutSeconds: 1e9 }, /no valid time limit/],
    ] as const) {
      const [told] = await ask({ ...soft, id: `j${++number}`, ...change })
      assert.equal(told!.state, 'failed', JSON.stringify(change))
      assert.match(told!.error!, why)
    }
    for (const none of [null, 7, 'x', {}, { ...soft, id: '../x' }, { ...soft, id: '' }]) assert.deepEqual(await ask(none), [])
    assert.equal((await ask(soft))[0]!.state, 'done')
  }))

test('what has not begun fails when its document cannot be made, for that reason', () =>
  withHost(async ({ ask, host }) => {
    host.fail('guest.define:1')
    assert.deepEqual(await ask(soft), [
      { id: 'j', state: 'failed', error: 'The guest could not be made as asked: fault injected at guest.define' },
    ])
  }))

test('what a newer document asks for as well is not given up for the fault of an older one', () =>
  withHost(
    async ({ host, reconciler, clock, reports }) => {
      host.fail('guest.define:1')
      const ask = (generation: number, name: string) =>
        reconciler.take([{ kind: 'guest', id: 'g', generation, spec: guestSpec({ name }), jobs: [soft] }])
      ask(1, 'older')
      await new Promise((resolve) => setTimeout(resolve, 20)) // its first step waits for the clock
      ask(2, 'newer')
      await until('it has ended', async () => {
        await clock.advance(100)
        return reports.at(-1)?.jobs?.[0]?.state !== 'running' && reports.at(-1)?.jobs !== undefined
      })
      assert.equal(reports[0]!.outcome, 'failed')
      assert.deepEqual(reports.at(-1)!.jobs, [{ id: 'j', state: 'done', result: { followed: true } }])
    },
    undefined,
    50,
  ))

test('a result that is too long is not told', () =>
  withHost(async ({ ask, host }) => {
    const { jobs } = host.drivers.guest
    Object.assign(jobs, { 'reboot-soft': { ...jobs['reboot-soft'], run: async () => 'x'.repeat(20_000) } })
    const [told] = await ask(soft)
    assert.deepEqual([told!.state, told!.error], ['failed', 'What came of it is too long to be told.'])
  }))

test('progress is told at once, then once a second, and is within its bounds', () =>
  withHost(async ({ ask, host, clock, reports }) => {
    const over = Promise.withResolvers<void>()
    const { jobs } = host.drivers.guest
    const run = async (_id: string, _input: object, { progress }: { progress(percent: number, note: string): void }) => {
      for (let percent = -5; percent < 150; percent++) progress(percent + 0.5, `at ${percent}${'.'.repeat(300)}`)
      await over.promise
      return { followed: true }
    }
    Object.assign(jobs, { 'reboot-soft': { ...jobs['reboot-soft'], run } })
    const asked = ask(soft)
    const running = () => reports.flatMap((report) => (report.generation === 0 ? (report.jobs ?? []) : []))
    await until('it has begun', () => running().length > 0)
    await clock.advance(1500)
    await until('the last is told', () => running().length > 1)
    over.resolve()
    await asked
    const told = running().filter(({ state }) => state === 'running')
    assert.deepEqual(
      told.map(({ percent, note }) => [percent, note!.slice(0, 6), note!.length]),
      [
        [0, 'at -5.', 200],
        [100, 'at 149', 200],
      ],
    )
  }))
