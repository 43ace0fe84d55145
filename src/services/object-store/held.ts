// Memory in which requests hold long bodies until they are whole: by one asker, and of all, there is so much.
import { Fault } from '../../api/faults.ts'
import type { BaseContext } from '../../api/operation.ts'
import type { Who } from '../../auth/who.ts'

const MiB = 1024 * 1024
/** What every request may hold without being asked. */
const free = MiB / 4
const most = { byOne: 96 * MiB, inAll: 384 * MiB }

let all = 0
const byAsker = new Map<string, number>()

export interface Held {
  /** Throws 503 where there is no room for so many bytes more. */
  add(bytes: number): void
  /** To be called once, when nothing of it is needed any more. */
  release(): void
}

/** The account of what a request holds. */
export function held({ who }: Pick<BaseContext, 'who'>): Held {
  const asker = (who as Who | null)?.user.id ?? ''
  let [size, counted] = [0, 0]
  const change = (bytes: number) => {
    all += bytes
    const now = (byAsker.get(asker) ?? 0) + bytes
    if (now) byAsker.set(asker, now)
    else byAsker.delete(asker)
    counted += bytes
  }
  return {
    add(bytes) {
      size += bytes
      const more = size - free - counted
      if (more <= 0) return
      if ((byAsker.get(asker) ?? 0) + more > most.byOne || all + more > most.inAll)
        throw new Fault(503, 'Too many long lists at once. Try again later.', { type: 'plain', headers: { 'retry-after': '10' } })
      change(more)
    },
    release: () => change(-counted),
  }
}
