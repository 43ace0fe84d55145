// Heavy work of imports goes two at a time: each conversion may fill a processor, and take memory and disk bandwidth.

export interface Turns {
  /** Does the work when it is its turn. Throws the signal's reason when it aborts before that. */
  take<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T>
}

/** Turns for each owner and in all: one owner does not take all of them. */
export function createOwnedTurns(mostOfOne: number, mostInAll: number): (owner: string) => Turns {
  const all = createTurns(mostInAll)
  const owned = new Map<string, { turns: Turns; users: number }>()
  return (owner) => ({
    async take(signal, work) {
      const entry = owned.get(owner) ?? { turns: createTurns(mostOfOne), users: 0 }
      owned.set(owner, entry)
      entry.users++
      try {
        return await entry.turns.take(signal, () => all.take(signal, work))
      } finally {
        if (--entry.users === 0) owned.delete(owner)
      }
    },
  })
}

export function createTurns(most: number): Turns {
  let running = 0
  const waiting = new Set<() => void>()
  return {
    async take(signal, work) {
      while (running >= most) {
        signal.throwIfAborted()
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
