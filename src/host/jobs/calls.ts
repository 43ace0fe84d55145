// The control process's side of jobs: they are asked for in the caller's transaction, and tasks wait for how they end.
import type { Database, Db, Tx } from '../../db/database.ts'
import type { Tasks } from '../../tasks/runner.ts'
import { TaskFailure, Wait } from '../../tasks/task.ts'
import type { JobReport } from '../job.ts'
import type { JobInput, JobName, JobResult, Kind } from '../kinds.ts'
import { findDocument, findDocumentForChange, findDocumentForWaiting, saveDocument } from '../store.ts'
import { askedJobs, openJobs, specIn, toldJobs, withJobs } from '../stored-jobs.ts'

export interface JobCalls {
  /**
   * Asks `host` to do something once with what it has as `id`. The same id again changes nothing. It begins when the host has made the
   * document true, and fails where it cannot. Throws TaskFailure when the host shall not have it.
   */
  startJob<K extends Kind, N extends JobName<K>>(
    tx: Tx,
    host: string,
    kind: K,
    id: string,
    job: { id: string; type: N; input: JobInput<K, N>; timeoutSeconds: number },
  ): Promise<void>
  /** Takes it back: it is cut short, or never begun. Nothing happens when it has ended. */
  withdrawJob(tx: Tx, host: string, kind: Kind, id: string, jobId: string): Promise<void>
  /** What came of it. Throws Wait until it has ended; TaskFailure with the reason when it failed, was taken back, or its document is gone. */
  jobResult<K extends Kind, N extends JobName<K>>(
    db: Db,
    host: string,
    kind: K,
    id: string,
    job: { id: string; type: N },
  ): Promise<JobResult<K, N>>
  /** How it stands; undefined when nobody asked for it. */
  jobState(db: Db, host: string, kind: Kind, id: string, jobId: string): Promise<JobReport | 'waiting' | undefined>
}

/** What tasks wait for that wait for a job. */
export const jobKey = (host: string, kind: Kind, id: string, jobId: string): string => `${kind}:${id}/${jobId}@${host}`

export function createJobCalls(parts: {
  database: Database
  tasks: () => Pick<Tasks<unknown>, 'wake'>
  now(): string
  /** Documents were written. */
  changed(tx: Tx): void
}): JobCalls {
  const { dialect } = parts.database

  return {
    async startJob(tx, host, kind, id, { id: jobId, type, input, timeoutSeconds }) {
      const known = await findDocumentForChange(tx.db, dialect, host, kind, id)
      const spec = known && specIn(kind, known)
      if (!spec) throw new TaskFailure(`The ${kind} is not on host ${host}.`)
      if ([...askedJobs(known), ...toldJobs(known)].some((job) => job.id === jobId)) return
      const jobs = [...openJobs(known), { id: jobId, type, input, timeoutSeconds }]
      await saveDocument(tx.db, host, kind, id, withJobs(spec, jobs), parts.now())
      parts.changed(tx)
    },
    async withdrawJob(tx, host, kind, id, jobId) {
      const known = await findDocumentForChange(tx.db, dialect, host, kind, id)
      const spec = known && specIn(kind, known)
      const open = known ? openJobs(known) : []
      if (!spec || !open.some((job) => job.id === jobId)) return
      const left = open.filter((job) => job.id !== jobId)
      await saveDocument(tx.db, host, kind, id, withJobs(spec, left), parts.now())
      await parts.tasks().wake(tx, jobKey(host, kind, id, jobId))
      parts.changed(tx)
    },
    async jobResult<K extends Kind, N extends JobName<K>>(db: Db, host: string, kind: K, id: string, job: { id: string; type: N }) {
      const document = await findDocumentForWaiting(db, dialect, host, kind, id)
      const told = document && toldJobs(document).find((one) => one.id === job.id)
      if (told?.state === 'done') return told.result as JobResult<K, N>
      if (told?.state === 'failed') throw new TaskFailure(told.error ?? 'The host could not do it.')
      if (!document || !askedJobs(document).some((one) => one.id === job.id))
        throw new TaskFailure(`The ${kind} is asked for ${job.type} no more.`)
      throw new Wait(jobKey(host, kind, id, job.id))
    },
    async jobState(db, host, kind, id, jobId) {
      const document = await findDocument(db, host, kind, id)
      if (!document) return undefined
      const told = toldJobs(document).find((job) => job.id === jobId)
      return told ?? (askedJobs(document).some((job) => job.id === jobId) ? 'waiting' : undefined)
    },
  }
}
