// How a kind of thing is kept as its documents say. The linux host and the fake one have a driver for each kind,
// and reconcile.ts drives both with the same loop.
import type { HostCalls } from './calls.ts'
import type { HostDocument, HostFacts } from './documents.ts'

import type { Kind, SpecOf, StatusOf } from './kinds.ts'

/** One small idempotent change of the machine; `name` stands in the log. */
export interface Step {
  name: string
  run(signal: AbortSignal): Promise<void>
}

export interface Driver<K extends Kind = Kind, Have = unknown> {
  kind: K
  /** Everything of this kind on the machine, by document id: also what no document asks for (it will be removed). */
  observe(): Promise<Map<string, Have>>
  /** The steps from `have` to `want`; none when they agree. Pure but for what the steps' `run` does later. */
  plan(id: string, want: SpecOf[K] | undefined, have: Have | undefined): Step[]
  /** What is reported with the document, from a fresh look. */
  status?(id: string, have: Have | undefined): StatusOf[K]
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
