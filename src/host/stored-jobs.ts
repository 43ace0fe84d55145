// How jobs stand in the control process's database: those that are asked for in the document's spec, those that were told of in the
// status that the host gives of it. Both are columns of their own kind (JSON), and services never see the jobs in either.

import { isEnded, type Job, type JobReport, longestJobError, longestNote, longestResult } from './job.ts'
import { type Kind, upgraded } from './kinds.ts'

/** The columns of a document that say something of jobs. */
export interface Stored {
  spec: unknown
  host_status: unknown
}

/** Ended jobs of a document that are remembered for whoever has yet to read how they ended. */
const mostEnded = 20

const object = (value: unknown) => (typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {})

/** What a service asked for, without jobs; null when the document asks for nothing. */
export function specIn(kind: Kind, { spec }: Pick<Stored, 'spec'>): object | null {
  if (spec === null) return null
  const { jobs, ...rest } = object(spec)
  return upgraded(kind, rest)
}

export const askedJobs = ({ spec }: Pick<Stored, 'spec'>): Job[] => (object(spec).jobs as Job[] | undefined) ?? []
export const toldJobs = ({ host_status }: Pick<Stored, 'host_status'>): JobReport[] =>
  (object(host_status).jobs as JobReport[] | undefined) ?? []

/** Asked for, and not known to have ended. */
export function openJobs(document: Stored): Job[] {
  const ended = new Set(toldJobs(document).flatMap((job) => (isEnded(job) ? [job.id] : [])))
  return askedJobs(document).filter(({ id }) => !ended.has(id))
}

export const withJobs = (spec: object, jobs: Job[]): object => (jobs.length ? { ...spec, jobs } : spec)

/** What is known of a document's jobs after a report, and which of them it says have ended. */
export function afterReport(document: Stored, reported: JobReport[]): { jobs: JobReport[]; ended: string[] } {
  const known = toldJobs(document)
  const asked = new Set([...askedJobs(document), ...known].map(({ id }) => id))
  const ended: string[] = []
  const jobs = new Map(known.map((job) => [job.id, job]))
  for (const job of reported) {
    const before = jobs.get(job.id)
    // A host speaks of what it was asked for, and an end is an end.
    if (!asked.has(job.id) || (before && isEnded(before))) continue
    const now = bounded(job)
    jobs.set(job.id, now)
    if (isEnded(now)) ended.push(job.id)
  }
  // One that was taken back is not told of again.
  const open = new Set(askedJobs(document).map(({ id }) => id))
  const all = [...jobs.values()].filter((job) => isEnded(job) || open.has(job.id))
  return { jobs: [...all.filter(isEnded).slice(-mostEnded), ...all.filter((job) => !isEnded(job))], ended }
}

/** As much of it as an honest host says. */
function bounded({ id, state, percent, note, result, error }: JobReport): JobReport {
  if (state === 'failed') return { id, state, error: String(error).slice(0, longestJobError) }
  if (state !== 'done') return { id, state: 'running', percent: Number(percent) || 0, note: String(note ?? '').slice(0, longestNote) }
  const isLong = JSON.stringify(result ?? null).length > longestResult
  return isLong ? { id, state: 'failed', error: 'What came of it is too long to be told.' } : { id, state, result }
}
