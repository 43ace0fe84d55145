// Work that goes on beside other work: so many things at once, and one at a time under each key.
import { unawaited } from '../contain.ts'
import type { Log } from '../log.ts'

export interface Lanes {
  /** Whether something waits or goes on under that key. */
  has(key: string): boolean
  /** Does it when there is room. To be called only when nothing has that key. */
  add(key: string, work: () => Promise<void>): void
  readonly size: number
  idle(): Promise<void>
}

export function createLanes(atOnce: number, log: Log): Lanes {
  const known = new Set<string>()
  const queue: [string, () => Promise<void>][] = []
  const lanes = new Set<Promise<void>>()
  async function lane(): Promise<void> {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const [key, work] = next
      await work().finally(() => known.delete(key))
    }
  }
  return {
    has: (key) => known.has(key),
    add(key, work) {
      known.add(key)
      queue.push([key, work])
      if (lanes.size >= atOnce) return
      const mine = lane().finally(() => lanes.delete(mine))
      lanes.add(mine)
      unawaited(mine, log, 'work beside the passes')
    },
    get size() {
      return known.size
    },
    async idle() {
      while (lanes.size) await Promise.allSettled(lanes)
    },
  }
}
