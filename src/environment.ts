// What the program may not take from thin air: time, randomness and ids are passed in, so that tests can freeze
// and step time and a seed repeats a run.
import { createHash, randomBytes } from 'node:crypto'

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  /** Resolves after `ms` milliseconds of this clock, early (without error) when `signal` aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

export interface Random {
  bytes(count: number): Buffer
  /** A number in [0, 1). */
  float(): number
}

export interface Environment {
  clock: Clock
  random: Random
  /** A random UUID in the dashed form. */
  uuid(): string
  /** A random UUID as 32 hex digits, the form of identity's ids. */
  hexId(): string
}

export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve()
      const done = () => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', done)
        resolve()
      }
      const timer = setTimeout(done, Math.min(ms, 2 ** 31 - 1))
      signal?.addEventListener('abort', done, { once: true })
    }),
}

// A call for random bytes costs more than a request may: small ones are cut from a pool, each byte handed out once.
let pool = Buffer.alloc(0)
let used = 0

export const systemRandom: Random = {
  bytes(count) {
    if (count > 256) return randomBytes(count)
    if (used + count > pool.length) {
      pool = randomBytes(8192)
      used = 0
    }
    used += count
    return Buffer.from(pool.subarray(used - count, used))
  },
  float: () => randomBytes(4).readUInt32BE() / 2 ** 32,
}

/** A stream of SHA-256 blocks: the same seed gives the same bytes. Never for a cloud that holds real secrets. */
export function seededRandom(seed: string): Random {
  let counter = 0
  let pool = Buffer.alloc(0)
  const bytes = (count: number) => {
    while (pool.length < count) pool = Buffer.concat([pool, createHash('sha256').update(`${seed}:${counter++}`).digest()])
    const taken = pool.subarray(0, count)
    pool = pool.subarray(count)
    return Buffer.from(taken)
  }
  return { bytes, float: () => bytes(4).readUInt32BE() / 2 ** 32 }
}

/** A clock that stands still until `advance` is called; sleepers wake in the order of their times. */
export function steppedClock(start = Date.UTC(2026, 0, 1)): Clock & { advance(ms: number): Promise<void> } {
  let now = start
  let sleepers: { at: number; wake: () => void }[] = []
  return {
    now: () => now,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) return resolve()
        const entry = { at: now + ms, wake: () => resolve() }
        sleepers.push(entry)
        signal?.addEventListener(
          'abort',
          () => {
            sleepers = sleepers.filter((s) => s !== entry)
            resolve()
          },
          { once: true },
        )
      }),
    async advance(ms) {
      const end = now + ms
      for (;;) {
        const next = sleepers.filter((s) => s.at <= end).sort((a, b) => a.at - b.at)[0]
        if (!next) break
        sleepers = sleepers.filter((s) => s !== next)
        now = Math.max(now, next.at)
        next.wake()
        await new Promise((r) => setImmediate(r))
      }
      now = end
    },
  }
}

export function createEnvironment(parts: { clock?: Clock; seed?: string } = {}): Environment {
  const random = parts.seed ? seededRandom(parts.seed) : systemRandom
  const uuid = () => {
    const b = random.bytes(16)
    b[6] = (b[6]! & 0x0f) | 0x40
    b[8] = (b[8]! & 0x3f) | 0x80
    const hex = b.toString('hex')
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
  }
  return { clock: parts.clock ?? systemClock, random, uuid, hexId: () => uuid().replaceAll('-', '') }
}
