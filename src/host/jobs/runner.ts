// Does the jobs of documents, in their order, one at a time of each document, and remembers on the disk which it began and how they ended.
import Value from 'typebox/value'
import { unawaited } from '../../contain.ts'
import type { Environment } from '../../environment.ts'
import type { Log } from '../../log.ts'
import type { HostDocument } from '../documents.ts'
import type { Host, JobDriver } from '../driver.ts'
import { type Job, type JobReport, longestJobError, longestNote, longestResult } from '../job.ts'
import { documentKey, type Kind, kindOf } from '../kinds.ts'
import type { Troubles } from '../troubles.ts'
import type { JobJournal, JobRecord } from './journal.ts'

type Named = Pick<HostDocument, 'kind' | 'id'>

export interface JobRunner {
  /** A document came: what it asks for no more is given up, and what it names no more is forgotten. */
  take(document: HostDocument): void
  /** Whether a job of it runs: nothing else may be done with it meanwhile. */
  isBusy(document: Named): boolean
  /** Begins the first job that is not ended. To be called when the machine agrees with the document, and nothing is being done with it. */
  begin(document: HostDocument): void
  /** The machine cannot be made to agree with the document: what has not begun fails for that reason. */
  refuse(document: HostDocument, reason: string): void
  /** How the document's jobs stand; undefined when there are none. */
  of(document: Named): JobReport[] | undefined
  /** The document is gone. */
  forget(document: Named): void
  /** These are all documents that there are, by their keys. */
  keepOnly(documents: ReadonlyMap<string, unknown>): void
  /** Resolves when no job runs. */
  idle(): Promise<void>
  /** Cuts off what runs; resolves when nothing does any more. */
  stop(): Promise<void>
}

interface Running {
  id: string
  percent: number
  note: string
  /** Why it was cut short. */
  why: Error | null
  isTakenBack: boolean
  stop: AbortController
  /** News were told just now; `more` have come since. */
  isQuiet: boolean
  more: boolean
  over: Promise<void>
}

const notBegun = { percent: 0, note: '', why: null, isTakenBack: false, isQuiet: false, more: false, over: Promise.resolve() }
const quietMs = 1000
const againMs = 10_000
/** A job that was cut short has so long to end by itself. */
const graceMs = 10_000
const mostSeconds = 7 * 86_400
const idPattern = /^[\w-]{1,64}$/

const keyOf = ({ kind, id }: Named) => documentKey(kind, id)
const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error)).slice(0, longestJobError)
/** What has no id could not be told of. */
const jobsOf = ({ spec, jobs }: HostDocument): Job[] =>
  spec && Array.isArray(jobs) ? jobs.filter((job) => typeof job?.id === 'string' && idPattern.test(job.id)) : []

export function createJobRunner(parts: {
  host: Host
  environment: Environment
  log: Log
  troubles: Troubles
  journal: JobJournal | null
  /** There is news of a job, which `of` gives. */
  news(document: Named): void
  /** The document is free again, `inMs` milliseconds from now. */
  free(document: Named, inMs: number): void
}): JobRunner {
  const { host, log, troubles, journal } = parts
  const { clock } = parts.environment
  const records = new Map<string, JobRecord[]>(journal?.load() ?? [])
  const running = new Map<string, Running>()
  const stopping = new AbortController()
  const recordsOf = (document: Named) => records.get(keyOf(document)) ?? []

  const without = (document: Named, job: string) => recordsOf(document).filter(({ id }) => id !== job)

  /** Gives whether it is safe on the disk; what is not is true all the same while this agent lives. */
  function remember(document: Named, list: JobRecord[]): boolean {
    if (list.length) records.set(keyOf(document), list)
    else records.delete(keyOf(document))
    try {
      journal?.save(document, list)
      troubles.clear('agent', 'jobs')
      return true
    } catch (error) {
      troubles.note({ kind: 'agent', id: 'jobs', step: 'write down which jobs were begun and ended' }, error)
      return false
    }
  }
  const end = (document: Named, record: JobRecord) => remember(document, [...without(document, record.id), record])

  function tell(document: Named, at: Running): void {
    if (at.isQuiet) {
      at.more = true
      return
    }
    at.isQuiet = true
    at.more = false
    parts.news(document)
    const pause = clock.sleep(quietMs, at.stop.signal).then(() => {
      at.isQuiet = false
      if (at.more && running.get(keyOf(document)) === at) tell(document, at)
    })
    unawaited(pause, log, 'news of a job')
  }

  /** Gives what the driver gives; throws why it failed, or why it was cut short. */
  async function perform(driver: JobDriver, document: HostDocument, job: Job, at: Running): Promise<unknown> {
    const signal = AbortSignal.any([at.stop.signal, stopping.signal])
    const late = clock.sleep(job.timeoutSeconds * 1000, signal).then(() => {
      if (signal.aborted) return
      at.why = new Error(`It was not done within ${job.timeoutSeconds} seconds.`)
      at.stop.abort()
    })
    unawaited(late, log, 'the time limit of a job')
    const progress = (percent: number, note: string) => {
      if (running.get(keyOf(document)) !== at) return
      at.percent = Math.max(0, Math.min(100, Math.floor(percent) || 0))
      at.note = note.slice(0, longestNote)
      tell(document, at)
    }
    const deaf = Promise.withResolvers<never>()
    const giveUp = () => {
      const grace = clock.sleep(graceMs).then(() => deaf.reject(new Error('It was given up and does not end.')))
      unawaited(grace, log, 'the end of a job')
    }
    signal.addEventListener('abort', giveUp, { once: true })
    deaf.promise.catch(() => {})
    try {
      const result =
        (await Promise.race([driver.run(document.id, job.input, { spec: document.spec, progress, signal }), deaf.promise])) ?? null
      if (JSON.stringify(result).length > longestResult) throw new Error('What came of it is too long to be told.')
      return result
    } catch (error) {
      throw at.why ?? error
    } finally {
      signal.removeEventListener('abort', giveUp)
      at.stop.abort() // the limit is not waited for any more
    }
  }

  /** Why it cannot be done at all; null when it can. */
  function faultOf({ kind }: Named, job: Job, driver: JobDriver | null): string | null {
    if (!driver) return `This host knows no job ${JSON.stringify(job.type)?.slice(0, 60)} of a ${kind}.`
    const { timeoutSeconds } = job
    if (typeof timeoutSeconds !== 'number' || !(timeoutSeconds > 0 && timeoutSeconds <= mostSeconds))
      return 'The job has no valid time limit.'
    return Value.Check(kindOf(kind).jobs[job.type]!.input, job.input) ? null : `The job ${job.type} was asked with what it does not take.`
  }

  async function run(driver: JobDriver, document: HostDocument, job: Job, at: Running): Promise<void> {
    const started = clock.now()
    const { kind, id } = document
    const about = { kind, id, job: job.id, type: job.type }
    let record: JobRecord
    try {
      record = { id: job.id, type: job.type, state: 'done', result: await perform(driver, document, job, at) }
    } catch (error) {
      record = { id: job.id, type: job.type, state: 'failed', error: messageOf(error) }
    }
    running.delete(keyOf(document))
    // What the agent's own end cut off has not ended: the next agent says what becomes of it.
    if (stopping.signal.aborted && record.state === 'failed') return
    if (record.state === 'failed') log.error({ ...about, error: record.error }, 'host job failed')
    else log.info({ ...about, ms: clock.now() - started }, 'host job')
    if (at.isTakenBack) remember(document, without(document, job.id))
    else end(document, record)
    parts.news(document)
    parts.free(document, 0)
  }

  function begin(document: HostDocument): void {
    const { kind } = document
    if (running.has(keyOf(document)) || stopping.signal.aborted) return
    for (const job of jobsOf(document)) {
      const known = recordsOf(document).find(({ id }) => id === job.id)
      if (known && known.state !== 'begun') continue
      const drivers = host.drivers[kind].jobs as Record<string, JobDriver>
      const driver = Object.hasOwn(drivers, job.type) ? drivers[job.type]! : null
      const isCutOff = known !== undefined && driver?.whenCutOff === 'fail'
      const fault = isCutOff ? 'The agent of the host was ended while it was being done.' : faultOf(document, job, driver)
      if (fault !== null) {
        end(document, { id: job.id, type: String(job.type), state: 'failed', error: fault })
        parts.news(document)
        continue
      }
      const before = recordsOf(document)
      if (!remember(document, [...without(document, job.id), { id: job.id, type: job.type, state: 'begun' }])) {
        // What is not written down would be done twice after a crash.
        records.set(keyOf(document), before)
        parts.free(document, againMs)
        return
      }
      const at: Running = { ...notBegun, id: job.id, stop: new AbortController() }
      running.set(keyOf(document), at)
      at.over = run(driver!, document, job, at)
      if (!at.isQuiet) tell(document, at)
      return
    }
  }

  return {
    begin,
    take(document) {
      const asked = new Set(jobsOf(document).map(({ id }) => id))
      const at = running.get(keyOf(document))
      if (at && !asked.has(at.id)) {
        at.isTakenBack = true
        at.stop.abort()
      }
      const known = recordsOf(document)
      const kept = known.filter(({ id }) => asked.has(id) || id === at?.id)
      if (kept.length < known.length) remember(document, kept)
    },
    isBusy: (document) => running.has(keyOf(document)),
    refuse(document, reason) {
      const error = `The ${document.kind} could not be made as asked: ${reason}`.slice(0, longestJobError)
      for (const { id, type } of jobsOf(document)) {
        const known = recordsOf(document).find((record) => record.id === id)
        if (!known || known.state === 'begun') end(document, { id, type: String(type), state: 'failed', error })
      }
    },
    of(document) {
      const list = recordsOf(document)
      const at = running.get(keyOf(document))
      const reports = list.map(({ id, state, result, error }): JobReport => {
        if (state === 'done') return { id, state, result }
        if (state === 'failed') return { id, state, error }
        return { id, state: 'running', ...(at?.id === id ? { percent: at.percent, note: at.note } : {}) }
      })
      return reports.length ? reports : undefined
    },
    forget(document) {
      if (records.has(keyOf(document))) remember(document, [])
    },
    keepOnly(documents) {
      for (const key of records.keys()) {
        const [kind = '', id = ''] = key.split('/')
        if (!documents.has(key)) remember({ kind: kind as Kind, id }, [])
      }
    },
    async idle() {
      while (running.size) await Promise.all([...running.values()].map(({ over }) => over))
    },
    async stop() {
      stopping.abort()
      await this.idle()
    },
  }
}
