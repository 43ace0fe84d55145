// The agent: fetches its documents from the control process, keeps the machine as they say, reports. The same code runs
// in a process of its own (over link-client.ts) and inside the control process (fake host, called directly).
import type { Environment } from '../environment.ts'
import type { Log } from '../log.ts'
import type { SyncAnswer, SyncRequest } from './client.ts'
import type { HostDocument, Report } from './documents.ts'
import type { Host } from './driver.ts'
import type { DocumentJournal } from './journal.ts'
import type { Kind } from './kinds.ts'
import { createReconciler, type Reconciler } from './reconcile.ts'

/** How the agent reaches the control process. */
export interface Link {
  sync(request: SyncRequest, signal: AbortSignal): Promise<SyncAnswer>
}

export interface Agent {
  reconciler: Reconciler
  /** Resolves when nothing is being done and the control process has all reports, or the agent was stopped. */
  idle(): Promise<void>
  /** Reports what the host sees of a thing now; resolves when the control process has it. */
  tell(kind: Kind, id: string): Promise<void>
  stop(): Promise<void>
}

export function startAgent(parts: {
  name: string
  host: Host
  link: Link
  journal: DocumentJournal | null
  /** The agent before this one on the machine was ended without a goodbye. */
  afterKill?: boolean
  environment: Environment
  log: Log
}): Agent {
  const { host, link, journal, environment, log } = parts
  const startedAt = environment.clock.now()
  const stopping = new AbortController()
  let reports: Report[] = []
  let sending: Report[] = []
  let waiters: (() => void)[] = []
  /** Told when the control process has heard anything. */
  let heard: (() => void)[] = []
  let contact = new AbortController()
  let inContact = false
  const reconciler = createReconciler({
    host,
    environment,
    log,
    jobs: journal?.jobs,
    report(report) {
      if (report.outcome === 'removed') journal?.forget(report)
      reports.push(report)
      // A report need not wait for the long poll to end.
      if (inContact) contact.abort()
    },
  })
  const known = journal?.load() ?? []
  if (known.length) reconciler.take(known) // the machine is restored before the control process is asked

  /** What is not safe on the disk is not acknowledged, and comes again. */
  function writeDown(documents: HostDocument[]): void {
    try {
      journal?.save(documents)
      reconciler.troubles.clear('agent', 'journal')
    } catch (error) {
      reconciler.troubles.note({ kind: 'agent', id: 'journal', step: 'write documents down' }, error)
      throw new Error(`documents could not be written down: ${(error as Error).message}`)
    }
  }

  const loop = (async () => {
    let all = true
    let taken: HostDocument[] = []
    // `nephos up` starts both: that the other one is not there yet is nothing to tell.
    let patience = environment.clock.now() + 15_000
    let down = false
    while (!stopping.signal.aborted) {
      sending = reports
      reports = []
      const told = waiters
      waiters = []
      contact = new AbortController()
      try {
        const facts = {
          ...(await host.facts()),
          troubles: reconciler.troubles.list(),
          agent: { startedAt, afterKill: parts.afterKill ?? false },
        }
        inContact = true
        if (reports.length) contact.abort()
        const answer = await link.sync(
          {
            host: parts.name,
            session: journal?.session ?? 'inside',
            facts,
            all,
            taken: taken.map(({ kind, id, generation }) => ({ kind, id, generation })),
            reports: sending,
          },
          AbortSignal.any([contact.signal, stopping.signal]),
        )
        inContact = false
        sending = []
        for (const resolve of [...told, ...heard]) resolve()
        heard = []
        if (down) log.info({}, 'documents come from the control process again')
        down = false
        patience = 0
        taken = answer.documents
        writeDown(taken)
        if (all) {
          const wanted = new Set(taken.map((d) => `${d.kind}/${d.id}`))
          for (const document of reconciler.documents.values()) {
            if (!wanted.has(`${document.kind}/${document.id}`)) taken.push({ ...document, spec: null })
          }
        }
        reconciler.take(taken)
        if (all) reconciler.complete()
        all = false
      } catch (error) {
        inContact = false
        reports = [...sending, ...reports]
        sending = []
        waiters = [...told, ...waiters]
        if (stopping.signal.aborted) break
        if (!down && environment.clock.now() >= patience) {
          log.warn({ error: (error as Error).message }, 'no documents from the control process; guests and networks stay as they are')
          down = true
        }
        taken = []
        all = true
        await environment.clock.sleep(1000, stopping.signal)
      }
    }
  })()

  return {
    reconciler,
    async idle() {
      await reconciler.idle()
      while (!stopping.signal.aborted && (reports.length || sending.length)) {
        await new Promise<void>((resolve) => heard.push(resolve))
        await reconciler.idle()
      }
    },
    async tell(kind, id) {
      const driver = host.drivers[kind]
      const status = driver.status?.(id, (await driver.observe()).get(id))
      // Generation 0 is older than any document's: only the status is news.
      await new Promise<void>((resolve) => {
        reports.push({ kind, id, generation: 0, outcome: 'done', status })
        waiters.push(resolve)
        if (inContact) contact.abort()
      })
    },
    async stop() {
      stopping.abort()
      for (const resolve of heard) resolve()
      await loop
      await reconciler.stop()
      await host.close()
    },
  }
}
