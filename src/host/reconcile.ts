// The loop that makes a machine agree with its documents: look, plan, do, report. It knows no kind by name but their order.

import type { Environment } from '../environment.ts'
import type { Log } from '../log.ts'
import type { HostDocument, Report } from './documents.ts'
import type { Driver, Host } from './driver.ts'
import type { JobJournal } from './jobs/journal.ts'
import { createJobRunner } from './jobs/runner.ts'
import { documentKey, type Kind, kindOf, kinds } from './kinds.ts'
import { createLanes } from './lanes.ts'
import { createTold } from './told.ts'
import { createTroubles, type Troubles } from './troubles.ts'

export interface Reconciler {
  /** Adds or replaces documents and works on them. */
  take(documents: HostDocument[]): void
  /** From now on documents are complete: what the machine has beyond them is removed. */
  complete(): void
  /** Looks at everything again, as after trouble. */
  lookAgain(): void
  /** What fails now. */
  troubles: Troubles
  /** Documents as known now. */
  documents: Map<string, HostDocument>
  /** Resolves when nothing is being done. */
  idle(): Promise<void>
  stop(): Promise<void>
}

const stepTimeoutMs = 240_000
const retryMs = 10_000
/** Stands for a kind as a whole where the id of a document would. */
const wholeMachine = 'machine'

export function createReconciler(parts: {
  host: Host
  environment: Environment
  log: Log
  /** Called for each document dealt with, and when the machine changed by itself. */
  report(report: Report): void
  /** Where the agent remembers what became of jobs; only as long as it lives unless given. */
  jobs?: JobJournal | undefined
  /** How often the whole machine is looked at without cause, milliseconds. */
  lookEveryMs?: number
  /** Documents worked on at once. */
  atOnce?: number
}): Reconciler {
  const { host, environment, log } = parts
  const documents = new Map<string, HostDocument>()
  const dirty = new Set<string>()
  const troubles = createTroubles(environment.clock.now)
  let lookAgainAt = Number.POSITIVE_INFINITY
  const stopping = new AbortController()
  let isComplete = false
  let fullPass = true
  let wake = () => {}
  let busy = false
  const kick = () => wake()
  /** Keys of documents that are to be looked at again when what is being done with them is over. */
  const again = new Set<string>()
  const atOnce = parts.atOnce ?? 8
  const told = createTold(parts.report)
  const lanes = createLanes(atOnce, log)
  const jobs = createJobRunner({
    host,
    environment,
    log,
    troubles,
    journal: parts.jobs ?? null,
    // Generation 0 is older than any document's: only what is told of the jobs is news.
    news: ({ kind, id }) => parts.report({ kind, id, generation: 0, outcome: 'done', jobs: jobs.of({ kind, id }) ?? [] }),
    free({ kind, id }, inMs) {
      const key = documentKey(kind, id)
      if (inMs > 0) retry.set(key, environment.clock.now() + inMs)
      else touch(key)
      again.delete(key)
    },
  })

  function touch(key: string): void {
    if (!documents.has(key)) return
    dirty.add(key)
    kick()
  }

  async function settle(driver: Driver, document: HostDocument, have: unknown): Promise<void> {
    const { kind, id, generation } = document
    const key = documentKey(kind, id)
    const signal = AbortSignal.any([stopping.signal, AbortSignal.timeout(stepTimeoutMs)])
    let at = 'plan'
    try {
      const steps = driver.plan(id, document.spec ?? undefined, have)
      for (const step of steps) {
        const started = environment.clock.now()
        at = step.name
        await step.run(signal)
        log.debug({ kind, id, step: step.name, ms: environment.clock.now() - started }, 'host step')
      }
      troubles.clear(kind, id)
      if (document.spec === null) {
        if (documents.get(key)?.generation === generation) {
          documents.delete(key)
          jobs.forget(document)
        }
        told.tell({ kind, id, generation, outcome: 'removed' })
        return
      }
      const after = steps.length && driver.status ? (await driver.observe()).get(id) : have
      told.tell({ kind, id, generation, outcome: 'done', status: driver.status?.(id, after), jobs: jobs.of(document) })
      // With a newer document the machine is made to agree first.
      if (documents.get(key) === document) jobs.begin(document)
    } catch (error) {
      if (stopping.signal.aborted) return
      log.error({ kind, id, step: at, error: (error as Error).message }, 'host step failed')
      troubles.note({ kind, id, step: at }, error)
      if (documents.get(key) === document) jobs.refuse(document, (error as Error).message)
      told.tell({ kind, id, generation, outcome: 'failed', error: (error as Error).message, jobs: jobs.of(document) })
      retry.set(key, environment.clock.now() + retryMs)
    }
  }
  // What failed is tried again later: the cause may be gone (a full disk, a program that was missing).
  const retry = new Map<string, number>()

  async function kindPass(
    kind: Kind,
    removing: boolean,
    keys: Set<string>,
    full: boolean,
    known: Map<string, HostDocument>,
  ): Promise<void> {
    const mine = [...keys]
      .filter((key) => key.startsWith(`${kind}/`))
      .map((key) => known.get(key))
      .filter((d) => d !== undefined)
    const chosen = mine.filter((document) => (document.spec === null) === removing)
    const driver = host.drivers[kind] as Driver
    if (!chosen.length && !(full && removing && isComplete)) return
    const have = await driver.observe()
    const work = chosen.map((document) => ({ document, have: have.get(document.id) }))
    if (full && removing && isComplete) {
      for (const id of have.keys()) {
        if (!documents.has(documentKey(kind, id))) work.push({ document: { kind, id, generation: 0, spec: null }, have: have.get(id) })
      }
    }
    // What changes while a document is being worked on is looked at again afterwards.
    const untaken = work.filter(({ document }) => {
      const key = documentKey(kind, document.id)
      const isTaken = lanes.has(key) || jobs.isBusy(document)
      if (isTaken) again.add(key)
      return !isTaken
    })
    if (kindOf(kind).beside) {
      for (const { document } of untaken) workBeside(driver, document)
      return
    }
    const next = untaken[Symbol.iterator]()
    const lane = async () => {
      for (const { document, have } of next) await settle(driver, document, have)
    }
    await Promise.all(Array.from({ length: Math.min(atOnce, untaken.length) }, lane))
  }

  function workBeside(driver: Driver, document: HostDocument): void {
    const key = documentKey(document.kind, document.id)
    lanes.add(key, async () => {
      const newest = documents.get(key) ?? document
      const work = async () => settle(driver, newest, (await driver.observe()).get(document.id))
      if (!stopping.signal.aborted) await work().catch((error) => cannotLook(document.kind, [key], error))
      if (again.delete(key)) touch(key)
    })
  }

  async function pass(): Promise<void> {
    const full = fullPass
    fullPass = false
    const keys = new Set(full ? documents.keys() : dirty)
    for (const key of dirty) keys.add(key)
    dirty.clear()
    // What arrives during the pass waits for the next one, together with what it needs: a router must not meet its network's absence.
    const known = new Map(documents)
    host.documents?.(known)
    const blind = new Set<Kind>()
    const order = [...[...kinds].reverse().map((kind) => [kind, true] as const), ...kinds.map((kind) => [kind, false] as const)]
    for (const [kind, removing] of order) {
      try {
        await kindPass(kind, removing, keys, full, known)
      } catch (error) {
        // A kind that cannot be looked at must not keep the others from being made.
        blind.add(kind)
        const mine = [...keys].filter((key) => key.startsWith(`${kind}/`))
        cannotLook(kind, mine, error as Error)
      }
    }
    if (full) for (const kind of kinds) if (!blind.has(kind)) troubles.clear(kind, wholeMachine)
  }

  /** The documents are looked at again later; only a look that works tells what became of them. */
  function cannotLook(kind: Kind, keys: readonly string[], error: Error): void {
    if (stopping.signal.aborted) return
    log.error({ kind, error: error.stack }, 'the machine could not be looked at')
    troubles.note({ kind, id: wholeMachine, step: 'look at the machine' }, error)
    for (const key of keys) retry.set(key, environment.clock.now() + retryMs)
    lookAgainAt = environment.clock.now() + retryMs
  }

  host.onChange?.((kind, id) => touch(documentKey(kind, id)))

  const loop = (async () => {
    let nextLook = environment.clock.now() + (parts.lookEveryMs ?? 30_000)
    while (!stopping.signal.aborted) {
      const now = environment.clock.now()
      if (now >= nextLook || now >= lookAgainAt) {
        fullPass = true
        lookAgainAt = Number.POSITIVE_INFINITY
        nextLook = now + (parts.lookEveryMs ?? 30_000)
      }
      for (const [key, at] of retry) {
        if (at > now) continue
        retry.delete(key)
        touch(key)
      }
      if (dirty.size || (fullPass && documents.size + Number(isComplete) > 0)) {
        busy = true
        await pass().catch((error) => log.error({ error: error.stack }, 'reconcile'))
        busy = false
        continue
      }
      const pause = new AbortController()
      wake = () => pause.abort()
      if (dirty.size) continue
      await environment.clock.sleep(1000, AbortSignal.any([pause.signal, stopping.signal]))
    }
  })()

  return {
    documents,
    troubles,
    take(fresh) {
      for (const document of fresh) {
        const key = documentKey(document.kind, document.id)
        const known = documents.get(key)
        if (known && known.generation > document.generation) continue
        documents.set(key, document)
        told.forget(key)
        jobs.take(document)
        dirty.add(key)
        retry.delete(key)
      }
      kick()
    },
    complete() {
      jobs.keepOnly(documents)
      isComplete = true
      fullPass = true
      kick()
    },
    lookAgain() {
      fullPass = true
      kick()
    },
    async idle() {
      do {
        await new Promise((resolve) => setImmediate(resolve))
        await jobs.idle()
      } while (busy || lanes.size || dirty.size || (fullPass && documents.size > 0))
    },
    async stop() {
      stopping.abort()
      wake()
      await Promise.all([loop, jobs.stop()])
      await lanes.idle()
    },
  }
}
