// How a kind of thing is kept as its documents say. The linux host and the fake one have a driver for each kind,
// and reconcile.ts drives both with the same loop.
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

/** A host: its drivers and what the control process may call on it. */
export interface Host {
  drivers: { [K in Kind]: Driver<K> }
  facts(): Promise<HostFacts>
  /** The documents that reconcile works from, told before a pass (drivers whose rules depend on others' documents keep them). */
  documents?(all: Map<string, HostDocument>): void
  /** Called by the drivers' own watchers when the machine changed by itself (a guest ended, dnsmasq died): look again. */
  onChange?(listener: (kind: Kind, id: string) => void): void
  /** Last `lines` lines of the serial console (all that is kept when undefined). */
  consoleLog(guestId: string, lines?: number): Promise<string>
  /** Removes a deleted image from what is kept of images; best effort, unused ones go by themselves after a while. */
  forgetImage(sha512: string): Promise<void>
  /** A byte stream to the guest's VNC server, or to an address that is reached from the outside namespace. */
  stream(target: StreamTarget): Promise<import('node:stream').Duplex>
  /** Stops watching; guests and networks stay as they are. */
  close(): Promise<void>
}

export type StreamTarget = { type: 'vnc'; guestId: string } | { type: 'tcp'; address: string; port: number }
