// The control process's side of hosts: documents are written in the caller's transaction, agents fetch and report them,
// tasks wait for the reports.
import type { Database, Db, Tx } from '../db/database.ts'
import type { Environment } from '../environment.ts'
import type { Tasks } from '../tasks/runner.ts'
import { TaskFailure, Wait } from '../tasks/task.ts'
import type { HostCalls } from './calls.ts'
import type { HostDocument, HostFacts, Report } from './documents.ts'
import { createJobCalls, type JobCalls, jobKey } from './jobs/calls.ts'
import { joinStreams, type StreamAddress } from './join-streams.ts'
import type { Kind, SpecOf, StatusOf } from './kinds.ts'
import {
  applyReport,
  documentsFor,
  findDocument,
  findDocumentForChange,
  findDocumentForWaiting,
  findHolders,
  findHost,
  listHosts,
  markTaken,
  saveContact,
  saveDocument,
  setHostEnabled,
  statusAfter,
  touchHost,
} from './store.ts'
import { afterReport, openJobs, specIn, withJobs } from './stored-jobs.ts'

/** An agent that has not been in touch for so long counts as down (milliseconds). */
export const downAfterMs = 60_000

export interface SyncRequest {
  host: string
  session: string
  facts: HostFacts
  /** True at the agent's first contact: it then gets every document, and removes what none of them names. */
  all: boolean
  /** Documents that the agent has safely on its disk. */
  taken: Pick<HostDocument, 'kind' | 'id' | 'generation'>[]
  reports: Report[]
}

export interface SyncAnswer {
  documents: HostDocument[]
}

export class HostNameTaken extends Error {}

export interface HostStatus {
  name: string
  facts: HostFacts
  enabled: boolean
  disabledReason: string | null
  up: boolean
  /** Milliseconds since the epoch. */
  lastSeen: number
}

export type ReportListener<K extends Kind = Kind> = (tx: Tx, host: string, report: Report<K>) => Promise<void>

export interface Hosts extends JobCalls {
  list(db: Db): Promise<HostStatus[]>
  setEnabled(tx: Tx, name: string, enabled: boolean, reason: string | null): Promise<void>
  /** Asks `host` to have `id` as `spec` says. The same spec again changes nothing. */
  put<K extends Kind>(tx: Tx, host: string, kind: K, id: string, spec: SpecOf[K]): Promise<void>
  /** Asks `host` to have it no more. */
  remove(tx: Tx, host: string, kind: Kind, id: string): Promise<void>
  /** Throws Wait until the host has dealt with the newest generation; TaskFailure when it could not. */
  settled(db: Db, host: string, kind: Kind, id: string): Promise<void>
  get<K extends Kind>(db: Db, host: string, kind: K, id: string): Promise<SpecOf[K] | undefined>
  /** What the host has last told of it; nothing before its first report. */
  status<K extends Kind>(db: Db, host: string, kind: K, id: string): Promise<Partial<StatusOf[K]>>
  /** Hosts that shall have `id`. */
  holders(db: Db, kind: Kind, id: string): Promise<string[]>
  /** True when the host has made the newest generation true. */
  isDone(db: Db, host: string, kind: Kind, id: string): Promise<boolean>
  /** Services hear of every report in its transaction: a guest that stopped by itself. */
  onReport<K extends Kind>(kind: K, listener: ReportListener<K>): void
  /** One contact of an agent; waits up to `waitMs` for documents when there are none. Throws HostNameTaken. */
  sync(request: SyncRequest, waitMs: number, signal?: AbortSignal): Promise<SyncAnswer>
  /** Whether the host's name is that agent's: the one which has reported under it last. */
  isAgent(host: string, session: string): Promise<boolean>
  /** The agent of that host, when it is connected to this process. */
  calls(host: string): HostCalls | undefined
  connect(host: string, calls: HostCalls): () => void
  /** Joins a stream of one host to one of another, or of the same; resolves when both are over, and throws what broke one. */
  join(from: StreamAddress, to: StreamAddress): Promise<void>
  /** Tells all connected agents that an image is gone. */
  forgetImage(sha512: string): void
}

export function createHosts(parts: { database: Database; environment: Environment; tasks: () => Pick<Tasks<unknown>, 'wake'> }): Hosts {
  const { database, environment } = parts
  const { clock } = environment
  const waiting = new Map<string, () => void>()
  const connected = new Map<string, HostCalls>()
  const listeners = new Map<Kind, ReportListener[]>()
  const iso = () => new Date(clock.now()).toISOString()
  const channel = 'nephos_documents'
  const wakeAll = () => {
    for (const wake of waiting.values()) wake()
  }
  database.onNotify(channel, wakeAll)
  const changed = (tx: Tx) =>
    tx.afterCommit(() => {
      wakeAll()
      if (database.dialect === 'postgres') database.notify(channel)
    })
  const key = (host: string, kind: Kind, id: string) => `${kind}:${id}@${host}`

  return {
    async list(db) {
      return (await listHosts(db)).map((row) => ({
        name: row.name,
        facts: row.facts,
        enabled: row.enabled,
        disabledReason: row.disabled_reason,
        up: row.last_seen > clock.now() - downAfterMs,
        lastSeen: row.last_seen,
      }))
    },
    async setEnabled(tx, name, enabled, reason) {
      await setHostEnabled(tx.db, name, enabled, reason)
    },
    async put(tx, host, kind, id, spec) {
      const known = await findDocumentForChange(tx.db, database.dialect, host, kind, id)
      if (known && JSON.stringify(specIn(kind, known)) === JSON.stringify(spec)) return
      // Jobs that have ended leave the document.
      await saveDocument(tx.db, host, kind, id, withJobs(spec, known ? openJobs(known) : []), iso())
      changed(tx)
    },
    async remove(tx, host, kind, id) {
      const known = await findDocumentForChange(tx.db, database.dialect, host, kind, id)
      if (!known || known.spec === null) return
      await saveDocument(tx.db, host, kind, id, null, iso())
      for (const job of openJobs(known)) await parts.tasks().wake(tx, jobKey(host, kind, id, job.id))
      changed(tx)
    },
    ...createJobCalls({ database, tasks: parts.tasks, now: iso, changed }),
    async settled(db, host, kind, id) {
      const document = await findDocumentForWaiting(db, database.dialect, host, kind, id)
      if (!document) return
      if (document.done_generation < document.generation) throw new Wait(key(host, kind, id))
      if (document.outcome === 'failed') throw new TaskFailure(document.error ?? 'The host could not do it.')
    },
    async get<K extends Kind>(db: Db, host: string, kind: K, id: string) {
      const document = await findDocument(db, host, kind, id)
      return ((document && specIn(kind, document)) ?? undefined) as SpecOf[K] | undefined
    },
    async status<K extends Kind>(db: Db, host: string, kind: K, id: string) {
      const { jobs, ...status } = ((await findDocument(db, host, kind, id))?.host_status ?? {}) as { jobs?: unknown }
      return status as Partial<StatusOf[K]>
    },
    holders: findHolders,
    async isDone(db, host, kind, id) {
      const document = await findDocument(db, host, kind, id)
      return document !== undefined && document.done_generation >= document.generation && document.outcome === 'done'
    },
    onReport(kind, listener) {
      listeners.set(kind, [...(listeners.get(kind) ?? []), listener as ReportListener])
    },
    async sync(request, waitMs, signal) {
      const { host, session } = request
      await database.write(async (tx) => {
        const known = await findHost(tx.db, host)
        // An agent keeps its session on its disk, so one that restarts is known; a stranger with the name must wait until it is down.
        if (known && known.session !== session && known.last_seen > clock.now() - downAfterMs)
          throw new HostNameTaken(`another agent is called ${host}`)
        if (!known || known.session !== session || JSON.stringify(known.facts) !== JSON.stringify(request.facts))
          await saveContact(tx.db, host, session, request.facts, clock.now())
        else await touchHost(tx.db, host, clock.now())
        for (const document of request.taken) await markTaken(tx.db, host, document)
        for (const report of request.reports) {
          // A host speaks of what is its own: nobody hears what it says of things that no document of its asks for.
          const { kind, id } = report
          const known = await findDocument(tx.db, host, kind, id)
          if (!known) continue
          const { jobs, ended } = afterReport(known, report.jobs ?? [])
          if (await applyReport(tx.db, host, report, statusAfter(known, report, jobs))) await parts.tasks().wake(tx, key(host, kind, id))
          for (const job of ended) await parts.tasks().wake(tx, jobKey(host, kind, id, job))
          for (const listener of listeners.get(report.kind) ?? []) await listener(tx, host, report)
        }
      })
      let documents = await documentsFor(database.read, host, request.all, 500)
      // An agent with news is answered at once, so that it knows them to be safe.
      if (!documents.length && !request.all && waitMs > 0 && !request.reports.length) {
        const pause = new AbortController()
        const waiterKey = `${host} ${session}`
        waiting.set(waiterKey, () => pause.abort())
        // Looked at again after the waiter is known, so that nothing falls between the two.
        documents = await documentsFor(database.read, host, false, 500)
        if (!documents.length) await clock.sleep(waitMs, signal ? AbortSignal.any([pause.signal, signal]) : pause.signal)
        waiting.delete(waiterKey)
        if (!documents.length) documents = await documentsFor(database.read, host, false, 500)
      }
      return { documents }
    },
    isAgent: async (host, session) => (await findHost(database.read, host))?.session === session,
    calls: (host) => connected.get(host),
    join: (from, to) => joinStreams((host) => connected.get(host), from, to),
    forgetImage(sha512) {
      for (const calls of connected.values()) void calls.forgetImage({ sha512 }).catch(() => {}) // the agent prunes by itself as well
    },
    connect(host, calls) {
      connected.set(host, calls)
      return () => {
        if (connected.get(host) === calls) connected.delete(host)
      }
    },
  }
}
