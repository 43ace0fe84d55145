// What a listener throws, now or later, ends neither the process nor anything but its own connection.
import type { Log } from '../log.ts'

/** Runs a listener's work; a failure, also one of the promise that it gives, is logged as `what` and told to `failed`. */
export function contained(log: Log, what: string, work: () => unknown, failed?: () => void): void {
  const fail = (error: unknown) => {
    log.error({ listener: what, error: (error as Error)?.stack ?? String(error) }, 'listener failed')
    try {
      failed?.()
    } catch (second) {
      log.error({ listener: what, error: (second as Error)?.stack ?? String(second) }, 'listener failed')
    }
  }
  try {
    const made = work()
    if (made instanceof Promise) made.catch(fail)
  } catch (error) {
    fail(error)
  }
}
