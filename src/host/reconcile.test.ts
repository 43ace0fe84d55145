import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createEnvironment } from '../environment.ts'
import { silentLog } from '../log.ts'
import type { HostDocument, Report } from './documents.ts'
import type { Driver, Host, Step } from './driver.ts'
import type { GuestSpec } from './guests/document.ts'
import { type Kind, kinds } from './kinds.ts'
import { createReconciler } from './reconcile.ts'

/** A machine that is a map, with a gate that each step of a named id waits at. */
function machine() {
  const things = new Map<string, Map<string, string>>()
  const gates = new Map<string, Promise<void>>()
  const trace: string[] = []
  /** Ids of which a step has begun. */
  const begun: string[] = []
  const driver = <K extends Kind>(kind: K): Driver<K> => {
    const mine = new Map<string, string>()
    things.set(kind, mine)
    return {
      kind,
      jobs: {} as Driver<K>['jobs'],
      observe: async () => new Map(mine),
      plan(id, want, have): Step[] {
        const text = JSON.stringify(want)
        if (have === text) return []
        const run = async () => {
          begun.push(id)
          await gates.get(id)
          trace.push(`${want ? 'make' : 'remove'} ${kind} ${id}`)
          if (want) mine.set(id, text)
          else mine.delete(id)
        }
        return [{ name: 'change', run }]
      },
      status: () => ({}) as never,
    }
  }
  const drivers = Object.fromEntries(kinds.map((kind) => [kind, driver(kind)]))
  return { host: { drivers, facts: async () => ({}), close: async () => {} } as unknown as Host, things, gates, trace, begun }
}

const document = (kind: Kind, id: string, generation: number, spec: object | null = { generation }): HostDocument => ({
  kind,
  id,
  generation,
  spec: spec as GuestSpec | null,
})

async function withReconciler(
  work: (kit: ReturnType<typeof machine> & { reconciler: ReturnType<typeof createReconciler>; reports: Report[] }) => Promise<void>,
) {
  const kit = machine()
  const reports: Report[] = []
  const reconciler = createReconciler({
    host: kit.host,
    environment: createEnvironment(),
    log: silentLog,
    report: (report) => reports.push(report),
  })
  try {
    await work({ ...kit, reconciler, reports })
  } finally {
    await reconciler.stop()
  }
}

test('things are made in the order of their kinds, and what nobody asked for goes only when the list is complete', () =>
  withReconciler(async ({ reconciler, things, trace }) => {
    things.get('network')!.set('stray', '{}')
    reconciler.take([document('guest', 'g', 1), document('port', 'p', 1), document('network', 'n', 1)])
    await reconciler.idle()
    assert.deepEqual(trace, ['make network n', 'make port p', 'make guest g'])
    reconciler.complete()
    await reconciler.idle()
    assert.deepEqual(trace.slice(3), ['remove network stray'])
  }))

test('a guest that takes long holds up nobody, and gets its newest document afterwards', () =>
  withReconciler(async ({ reconciler, gates, trace, things }) => {
    let open = () => {}
    gates.set('slow', new Promise((resolve) => (open = resolve)))
    reconciler.take([document('guest', 'slow', 1)])
    reconciler.take([document('guest', 'quick', 1), document('network', 'n', 1)])
    while (trace.length < 2) await new Promise((resolve) => setImmediate(resolve))
    assert.deepEqual(trace.toSorted(), ['make guest quick', 'make network n'])
    reconciler.take([document('guest', 'slow', 2)])
    open()
    await reconciler.idle()
    assert.equal(things.get('guest')!.get('slow'), '{"generation":2}')
  }))

test('a look without news reports nothing, a machine that was changed is mended', () =>
  withReconciler(async ({ reconciler, things, reports }) => {
    reconciler.take([document('network', 'n', 1), document('guest', 'g', 1)])
    await reconciler.idle()
    assert.equal(reports.length, 2)
    reconciler.lookAgain()
    await reconciler.idle()
    assert.equal(reports.length, 2)
    things.get('network')!.clear()
    reconciler.lookAgain()
    await reconciler.idle()
    assert.deepEqual([...things.get('network')!.keys()], ['n'])
  }))

test('an older document never replaces a newer one', () =>
  withReconciler(async ({ reconciler, things }) => {
    reconciler.take([document('network', 'n', 2)])
    reconciler.take([document('network', 'n', 1)])
    await reconciler.idle()
    assert.equal(things.get('network')!.get('n'), '{"generation":2}')
    reconciler.take([document('network', 'n', 3, null)])
    await reconciler.idle()
    assert.equal(things.get('network')!.size, 0)
  }))

test('documents that arrive during a pass are dealt with together in the next', () =>
  withReconciler(async ({ reconciler, gates, trace, begun, things }) => {
    let open = () => {}
    gates.set('n1', new Promise((resolve) => (open = resolve)))
    reconciler.take([document('network', 'n1', 1), document('router', 'r', 1)])
    while (!begun.includes('n1')) await new Promise((resolve) => setImmediate(resolve))
    reconciler.take([document('network', 'n2', 1), document('router', 'r', 2)])
    open()
    await reconciler.idle()
    assert.deepEqual(trace, ['make network n1', 'make router r', 'make network n2', 'make router r'])
    assert.equal(things.get('router')!.get('r'), '{"generation":2}')
  }))
