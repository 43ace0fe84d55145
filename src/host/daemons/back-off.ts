// One that ends again and again is started again later and later, and says why it does not run meanwhile.
import type { Clock } from '../../environment.ts'

export interface BackOff {
  /** It was started and serves. */
  began(name: string): void
  /** It could not be made as `target` says. */
  failed(name: string, target: string, why: string): void
  /** It ended by itself. */
  ended(name: string, target: string, why: string): void
  /** Throws why, when it is too early to try the same again; another target is tried at once. */
  check(name: string, target: string): void
  /** Names of those that may be tried again from now on; each is told once. */
  due(): string[]
  forget(name: string): void
}

const longestMs = 60_000
/** One that has run for so long has not failed for the same reason as before. */
const steadyMs = 60_000
const longestWhy = 500

interface Trouble {
  target: string
  times: number
  began: number
  /** Not before. */
  until: number
  why: string
  told: boolean
}

/** The first time at once, then after one second, and twice as long each time up to a minute. */
export const pauseAfter = (times: number): number => (times < 2 ? 0 : Math.min(longestMs, 1000 * 2 ** (times - 2)))

export function createBackOff(clock: Clock): BackOff {
  const troubles = new Map<string, Trouble>()
  const note = (name: string, target: string, why: string) => {
    const now = clock.now()
    const before = troubles.get(name)
    const isSame = before?.target === target && !(before.began > 0 && now - before.began >= steadyMs)
    const times = isSame ? before.times + 1 : 1
    const pause = pauseAfter(times)
    const again = pause ? `; ${times} times in a row, so it is tried again after ${pause / 1000} s` : ''
    troubles.set(name, { target, times, began: 0, until: now + pause, why: `${why.slice(0, longestWhy)}${again}`, told: pause === 0 })
  }
  return {
    began(name) {
      const trouble = troubles.get(name)
      if (trouble) Object.assign(trouble, { began: clock.now(), told: true })
    },
    failed: note,
    ended: note,
    check(name, target) {
      const trouble = troubles.get(name)
      if (trouble?.target === target && clock.now() < trouble.until) throw new Error(trouble.why)
    },
    due() {
      const now = clock.now()
      const names = [...troubles].flatMap(([name, trouble]) => (!trouble.told && now >= trouble.until ? [name] : []))
      for (const name of names) troubles.get(name)!.told = true
      return names
    },
    forget: (name) => void troubles.delete(name),
  }
}
