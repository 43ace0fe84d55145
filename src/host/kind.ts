// How a kind of document is declared: in the folder of its driver, with the types of what is asked for and of what is told.
import type { JobType } from './job.ts'

export interface DocumentKind<Name extends string = string, Spec = unknown, Status = unknown, Jobs = Record<string, JobType>> {
  name: Name
  /** Its documents are worked on beside the passes over all kinds, each by one at a time: one that takes long holds up no other. */
  beside: boolean
  /** What may be asked for once, by its type. */
  jobs: Jobs
  /** Makes today's spec of one that an earlier version wrote; the same when it is today's. */
  upgrade?(spec: unknown): Spec
  /** Never there: what is asked for and what is told, for the types that kinds.ts derives. */
  types?: { spec: Spec; status: Status }
}

type NoJobs = Record<never, JobType>

/** Declares a kind; `Status` is what is reported with a document of it, nothing unless given. */
export const documentKind =
  <Spec, Status = Record<string, never>>() =>
  <const Name extends string, Jobs extends Record<string, JobType> = NoJobs>(declared: {
    name: Name
    beside?: boolean
    jobs?: Jobs
    upgrade?(spec: unknown): Spec
  }): DocumentKind<Name, Spec, Status, Jobs> => ({ beside: false, jobs: {} as Jobs, ...declared })
