// How a kind of thing is kept as its documents say. The linux host and the fake one have a driver for each kind,
// and reconcile.ts drives both with the same loop.
import type { HostCalls } from './calls.ts'
import type { HostDocument, HostFacts } from './documents.ts'

import type { JobInput, JobName, JobResult, Kind, SpecOf, StatusOf } from './kinds.ts'

/** One small idempotent change of the machine; `name` stands in the log. */
export interface Step {
  name: string
  run(signal: AbortSignal): Promise<void>
}

/** What a running job is given. */
export interface JobContext<Spec = unknown> {
  /** The document's, as of the begin of the job. */
  spec: Spec
  /** Tells whoever waits how far it is; `percent` of 100. May be called as often as one likes. */
  progress(percent: number, note: string): void
  /** Aborted when its time is over, when nobody wants it any more, or when the agent ends. */
  signal: AbortSignal
}

export interface JobDriver<Spec = unknown, Input = unknown, Result = unknown> {
  /** What becomes of one that the end of the agent cut off: it is begun again from its start, or counts as failed. */
  whenCutOff: 'begin again' | 'fail'
  /** Does it; what is thrown is why it failed. Nothing else is done with the document meanwhile. */
  run(id: string, input: Input, at: JobContext<Spec>): Promise<Result>
}

/** One for each type of jobs of the kind. */
export type JobDrivers<K extends Kind> = { [N in JobName<K>]: JobDriver<SpecOf[K], JobInput<K, N>, JobResult<K, N>> }

export interface Driver<K extends Kind = Kind, Have = unknown> {
  kind: K
  /** Everything of this kind on the machine, by document id: also what no document asks for (it will be removed). */
  observe(): Promise<Map<string, Have>>
  /** The steps from `have` to `want`; none when they agree. Pure but for what the steps' `run` does later. */
  plan(id: string, want: SpecOf[K] | undefined, have: Have | undefined): Step[]
  /** What is reported with the document, from a fresh look. */
  status?(id: string, have: Have | undefined): StatusOf[K]
  jobs: JobDrivers<K>
}

/** A host: its drivers and, in calls.ts, what the control process may call on it. */
export interface Host extends HostCalls {
  drivers: { [K in Kind]: Driver<K> }
  facts(): Promise<HostFacts>
  /** The documents that reconcile works from, told before a pass (drivers whose rules depend on others' documents keep them). */
  documents?(all: Map<string, HostDocument>): void
  /** Called by the drivers' own watchers when the machine changed by itself (a guest ended, dnsmasq died): look again. */
  onChange?(listener: (kind: Kind, id: string) => void): void
  /** Stops watching; guests and networks stay as they are. */
  close(): Promise<void>
}
