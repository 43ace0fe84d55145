// What the control process asks of a host: one document for each thing that shall exist there. The control process
// writes them, the agent makes the machine agree with them and reports. Nothing else passes between the two,
// but for the calls and streams of calls.ts.
import type { Job, JobReport } from './job.ts'
import type { Kind, SpecOf, StatusOf } from './kinds.ts'

export interface HostDocument<K extends Kind = Kind> {
  kind: K
  id: string
  /** Grows with each change of the spec. */
  generation: number
  /** null: it shall not exist (any more). */
  spec: SpecOf[K] | null
  /** What shall be done once with it, in this order; none unless given. */
  jobs?: Job[]
}

export interface Report<K extends Kind = Kind> {
  kind: K
  id: string
  /** The generation that the host has dealt with. */
  generation: number
  outcome: 'done' | 'failed' | 'removed'
  /** One sentence for the user, when failed. */
  error?: string
  /** What the host sees of it now. */
  status?: StatusOf[K]
  /** How its jobs stand; those that the document does not ask for are not told of. */
  jobs?: JobReport[]
}

/** What a host is and has, told with every contact. */
export interface HostFacts {
  hypervisorType: string
  hypervisorVersion: number
  hypervisorHostname: string
  cpus: number
  cpuModel: string
  memoryMiB: number
  memoryUsedMiB: number
  diskGiB: number
  diskFreeGiB: number
  /** kvm, tcg or fake; empty while it is being tried. */
  accelerator: string
  hostIp: string
  /** What fails there now; hosts of earlier versions do not tell. */
  troubles?: HostTrouble[]
  /** When the agent was started (milliseconds since the epoch), and whether the one before it was killed. */
  agent?: { startedAt: number; afterKill: boolean }
}

/** Something that a host cannot make as its document asks, or, with the id `machine`, cannot even look at. */
export interface HostTrouble {
  kind: Kind | 'agent'
  id: string
  /** The step that failed. */
  step: string
  /** In the words of the program that failed. */
  error: string
  /** Milliseconds since the epoch. */
  since: number
  /** Tries until now. */
  times: number
}
