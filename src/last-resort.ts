// What nobody caught. Everything acknowledged is in the database and survives kill -9, so ending is always safe, but one fault that
// a peer can provoke must not end the cloud of all others: it is logged, and the process goes on where it still works.
import type { Log } from './log.ts'

/** BSD's EX_SOFTWARE: a supervisor starts the process again. */
const internalError = 70
const checkMs = 10_000

/**
 * Takes what was thrown outside of any request or task of this process. `works`: resolves when the process can still do its work;
 * where it does not within ten seconds (a transaction that was open holds the database, say) the process ends with code 70.
 */
export function guardProcess(log: Log, works: () => Promise<unknown> = async () => {}): void {
  const survive = (what: string) => (error: unknown) => {
    log.error({ error: (error as Error)?.stack ?? String(error) }, what)
    const end = (why: string) => {
      log.error({ why }, 'the process cannot go on and ends')
      process.exit(internalError)
    }
    const timer = setTimeout(() => end('it no longer does its work'), checkMs)
    works().then(
      () => clearTimeout(timer),
      (failure: Error) => {
        clearTimeout(timer)
        end(failure.message)
      },
    )
  }
  process.on('uncaughtException', survive('uncaught exception'))
  process.on('unhandledRejection', survive('unhandled rejection'))
}
