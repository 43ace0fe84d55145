// Times as Swift counts them: units of 10 microseconds since the epoch, never the same twice in one process.
import type { Clock } from '../../environment.ts'

const unit = 100_000

let last = 0

/** The present time in units; later than any that was given before. */
export function nextTimestamp(clock: Clock): number {
  last = Math.max(clock.now() * 100, last + 1)
  return last
}

/** `1448049296.46224` */
export const timestampText = (at: number): string => (at / unit).toFixed(5)

/** `2015-11-20T19:54:56.462240`, the form of listings. */
export function isoText(at: number): string {
  const second = Math.floor(at / unit)
  if (second !== written.second) written = { second, text: new Date(second * 1000).toISOString().slice(0, 19) }
  return `${written.text}.${String(at % unit).padStart(5, '0')}0`
}

/** What is listed together was often made together, and a date costs more than all else of an entry. */
let written = { second: Number.NaN, text: '' }

/** Whole seconds, rounded up as Last-Modified is. */
export const lastModifiedSeconds = (at: number): number => Math.ceil(at / unit)
export const httpDate = (at: number): string => new Date(lastModifiedSeconds(at) * 1000).toUTCString()
