// What a host cannot make as it was asked, kept until it can: for `nephos status`, `nephos doctor` and the metrics.
import type { HostTrouble } from './documents.ts'

export interface Troubles {
  /** Counts one more failure of a step. */
  note(at: Pick<HostTrouble, 'kind' | 'id' | 'step'>, error: unknown): void
  /** It works, or is not asked for any more. */
  clear(kind: HostTrouble['kind'], id: string): void
  /** The oldest first, fifty at most: a broken machine has more than anybody reads. */
  list(): HostTrouble[]
}

const most = 50
const longestError = 600

export function createTroubles(now: () => number): Troubles {
  const known = new Map<string, HostTrouble>()
  return {
    note({ kind, id, step }, error) {
      const before = known.get(`${kind}/${id}`)
      const text = (error instanceof Error ? error.message : String(error)).slice(0, longestError)
      known.set(`${kind}/${id}`, { kind, id, step, error: text, since: before?.since ?? now(), times: (before?.times ?? 0) + 1 })
    },
    clear: (kind, id) => void known.delete(`${kind}/${id}`),
    list: () => [...known.values()].sort((a, b) => a.since - b.since).slice(0, most),
  }
}

/** Causes as programs and the kernel word them, and what an operator does about each. */
const mends: [RegExp, string][] = [
  [/ENOSPC|No space left/i, 'make room on the disk of the data folder'],
  [/ENOENT.*\bspawn\b|spawn \S+ ENOENT|command not found/i, 'install the program that is missing (nephos doctor names its package)'],
  [/ENOMEM|Cannot allocate memory|cannot set up guest memory/i, 'free memory: stop a guest, or give servers smaller flavors'],
  [/EMFILE|ENFILE|Too many open files/i, 'raise the limit of open files of the agent (ulimit -n)'],
  [/EROFS|Read-only file system/i, 'the disk of the data folder is read-only: look at the kernel log (dmesg) and remount it'],
  [
    /Setting the network namespace|setns|reassociate to namespace|Invalid argument.*netns|netns.*Invalid argument/i,
    'the namespace is remade by itself; if this stays, restart the agent',
  ],
  [/bridge-nf-call|br_netfilter/i, 'modprobe br_netfilter'],
  [
    /EACCES|EPERM|Permission denied|Operation not permitted/i,
    'the agent needs root with all capabilities, outside of an unprivileged container',
  ],
  [/SHA-512|cannot be fetched|came with/i, 'check the image: nephos image verify'],
  [/let go (of|within)/, 'the guest holds the device: unmount or shut it down there, or reboot the server'],
  [/takes an interface after its next start/, 'reboot the server hard'],
  [/no answer in|did not answer|hang/i, 'a program or a monitor hangs: reboot the server hard'],
  [
    /ended by itself|ended as soon as it was started|was started and does not answer/,
    'read its log (/run/nephos/*/*/log); it is started again by itself',
  ],
]

/** What to do about an error, in a sentence. */
export const mendOf = (error: string): string =>
  mends.find(([pattern]) => pattern.test(error))?.[1] ?? 'mend what the program complains of; it is tried again every ten seconds'
