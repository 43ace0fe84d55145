// When one port of a pass is at a change, the same change is begun for all ports that need it: fifty taps are then made by one
// call of ip, whatever number of documents is worked on at once.
import type { PortChange } from './plan.ts'

export interface Ahead {
  /** Forgets the pass before and takes the changes that this one needs, by port id. */
  plan(changes: ReadonlyMap<string, readonly PortChange[]>): void
  /** Resolves when this change of this port is made; each is made once a pass. */
  done(id: string, change: PortChange): Promise<void>
}

/** `perform` makes one change; calls in the same turn of the event loop are to be worked on together. */
export function createAhead(perform: (id: string, change: PortChange) => Promise<void>): Ahead {
  let planned: ReadonlyMap<string, readonly PortChange[]> = new Map()
  let begun = new Map<string, { made: Promise<void>; ok: boolean }>()
  /** Kinds of change that were begun for all. */
  let swept = new Set<string>()
  const key = (id: string, change: PortChange) => `${id} ${JSON.stringify(change)}`

  function begin(id: string, change: PortChange): Promise<void> {
    const known = begun.get(key(id, change))
    if (known) return known.made
    const entry = { made: perform(id, change), ok: false }
    begun.set(key(id, change), entry)
    // Who asks for this change hears of the fault; when nobody does, the next pass finds it undone.
    entry.made.then(
      () => (entry.ok = true),
      () => {},
    )
    return entry.made
  }

  return {
    plan(changes) {
      planned = changes
      begun = new Map()
      swept = new Set()
    },
    async done(id, change) {
      const own = begin(id, change)
      if (!swept.has(change.do)) {
        swept.add(change.do)
        for (const [other, changes] of planned) {
          const at = changes.findIndex((each) => each.do === change.do)
          // Only where all that comes before is made: the order within a port holds.
          const isNext = at >= 0 && changes.slice(0, at).every((before) => shared.has(before.do) || begun.get(key(other, before))?.ok)
          if (isNext) void begin(other, changes[at]!).catch(() => {})
        }
      }
      await own
    },
  }
}

/** These are made for all ports by whoever comes first. */
const shared: ReadonlySet<PortChange['do']> = new Set(['put filter in force', 'write dhcp entries'])
