// Heavy work of imports goes two at a time: each conversion may fill a processor, and take memory and disk bandwidth.

export interface Turns {
  /** Does the work when it is its turn. Throws the signal's reason when it aborts before that. */
  take<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T>
}

export function createTurns(most: number): Turns {
  let running = 0
  const waiting = new Set<() => void>()
  return {
    async take(signal, work) {
      while (running >= most) {
        const { promise, resolve } = Promise.withResolvers<void>()
        waiting.add(resolve)
        signal.addEventListener('abort', () => resolve(), { once: true })
        await promise
        waiting.delete(resolve)
        if (signal.aborted) passOn()
        signal.throwIfAborted()
      }
      running++
      try {
        return await work()
      } finally {
        running--
        passOn()
      }
    },
  }

  function passOn(): void {
    const [next] = waiting
    if (next && running < most) {
      waiting.delete(next)
      next()
    }
  }
}
