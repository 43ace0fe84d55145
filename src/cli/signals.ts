/**
 * Resolves at the first SIGINT, SIGTERM or SIGHUP. A second SIGINT, a second later or more, ends the process at once: Ctrl-C
 * may reach us twice, from the terminal and through npm.
 */
export function untilStopped(options: { ignoreInterrupt?: boolean } = {}): Promise<void> {
  return new Promise((resolve) => {
    let first = 0
    const stop = (signal: NodeJS.Signals) => {
      if (signal === 'SIGINT' && first > 0 && Date.now() - first > 1000) process.exit(1)
      first ||= Date.now()
      resolve()
    }
    process.on('SIGTERM', stop)
    process.on('SIGHUP', stop)
    process.on('SIGINT', options.ignoreInterrupt ? () => {} : stop)
  })
}

/** Resolves when the process that started us is gone, however it went. */
export function untilOrphaned(): Promise<void> {
  const parent = process.ppid
  return new Promise((resolve) => {
    setInterval(() => {
      if (process.ppid !== parent) resolve()
    }, 500)
  })
}

/** What may hang (a request that never ends, a host that does not answer) must not keep the process: it ends by force after so long. */
export function endWithin(ms: number): void {
  setTimeout(() => {
    process.stderr.write(`nephos: it did not end within ${ms / 1000} s, and is ended by force.\n`)
    process.exit(1)
  }, ms).unref()
}
