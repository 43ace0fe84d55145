// What keeps a peer's misbehaviour at its own connection: work of listeners whose faults go no further, lines of bounded length,
// two streams that end together.
import type { EventEmitter } from 'node:events'
import type { Duplex } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'
import type { Log } from './log.ts'

/**
 * The same work for a listener: what it throws, at once or later, is given to `fault` and nobody else. Without it a fault in a
 * listener ends the process.
 */
export function contained<A extends unknown[]>(
  work: (...args: A) => unknown,
  fault: (error: Error, ...args: A) => void,
): (...args: A) => void {
  return (...args) => {
    const told = (error: unknown) => {
      try {
        fault(error instanceof Error ? error : new Error(String(error)), ...args)
      } catch {} // the peer is gone: there is nobody to tell
    }
    try {
      const result = work(...args)
      if (result instanceof Promise) result.catch(told)
    } catch (error) {
      told(error)
    }
  }
}

/** Work that nobody waits for: a fault is a line of the log. */
export function unawaited(work: Promise<unknown>, log: Log, what: string): void {
  work.catch((error: Error) => log.error({ error: error.stack ?? String(error) }, what))
}

/** A server or watcher that cannot go on for a moment (no file descriptor left for a new connection) says so and stays. */
export function tellFaults(emitter: EventEmitter, log: Log, what: string): void {
  emitter.on('error', (error: Error) => log.error({ error: error.message }, what))
}

/** So long a stream whose other side has ended may take to end as well. */
const endMs = 10_000

/**
 * Joins two streams, both ways, each held back by the other's reader. What came before an end arrives; when one breaks or is gone
 * already, the other goes too. `over` is told when both are gone, with what broke one.
 */
export function join(one: Duplex, other: Duplex, over: (fault: Error | null) => void = () => {}): void {
  let fault: Error | null = null
  let open = 2
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const) {
    from.on('error', (error) => {
      fault ??= error
      to.destroy(error)
    })
    const closed = () => {
      if (from.readableEnded) {
        to.unpipe(from)
        to.resume() // what it still says is for nobody; else its own end is not seen
        setTimeout(() => to.destroy(), endMs).unref()
      } else to.destroy(from.errored ?? undefined)
      if (--open === 0) over(fault)
    }
    if (from.closed) closed()
    else from.on('close', closed)
    if (!from.destroyed) continue
    // It broke before they met.
    fault ??= from.errored
    to.destroy(from.errored ?? undefined)
  }
  if (!one.destroyed && !other.destroyed) one.pipe(other).pipe(one)
}

/** Cuts text that comes in pieces into lines. The returned function throws when a line is longer than `maxLength`, and what `take` throws. */
export function lineReader(maxLength: number, take: (line: string) => void): (piece: Buffer | string) => void {
  const decoder = new StringDecoder('utf8') // a character may come in two pieces
  let begun: string[] = []
  let length = 0
  return (piece) => {
    const lines = (typeof piece === 'string' ? piece : decoder.write(piece)).split('\n')
    const rest = lines.pop()!
    for (const line of lines) {
      const whole = begun.length ? begun.join('') + line : line
      begun = []
      length = 0
      if (whole.length > maxLength) throw new Error('a line is too long')
      if (whole.trim()) take(whole)
    }
    if (!rest) return
    length += rest.length
    if (length > maxLength) throw new Error('a line is too long')
    begun.push(rest)
  }
}

/** A JSON object out of a peer's text; throws for anything else. */
export function jsonObject(text: string): Record<string, unknown> {
  const value: unknown = JSON.parse(text)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('not an object')
  return value as Record<string, unknown>
}
