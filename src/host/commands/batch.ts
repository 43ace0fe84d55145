// Two ways to do many small things at once, so that fifty ports cost one restart of the rules and not fifty.

/** Runs `work` once for all calls that come before it starts; a call during a run waits for the next. */
export function together(work: () => Promise<void>): () => Promise<void> {
  let next: Promise<void> | null = null
  let running: Promise<void> = Promise.resolve()
  return () => {
    next ??= (async () => {
      await running.catch(() => {})
      await new Promise((resolve) => setImmediate(resolve))
      const run = work()
      running = run
      next = null
      await run
    })()
    return next
  }
}

/** Collects items and works on them as one list. When that fails each is tried alone, so that only the faulty one fails. */
export function batched<T>(work: (items: T[]) => Promise<void>): (item: T) => Promise<void> {
  let waiting: { item: T; done: () => void; failed: (error: unknown) => void }[] = []
  const flush = together(async () => {
    const taken = waiting
    waiting = []
    if (!taken.length) return
    try {
      await work(taken.map(({ item }) => item))
      for (const { done } of taken) done()
    } catch (error) {
      if (taken.length === 1) return taken[0]!.failed(error)
      for (const { item, done, failed } of taken) await work([item]).then(done, failed)
    }
  })
  return (item) =>
    new Promise((done, failed) => {
      waiting.push({ item, done, failed })
      flush().catch(failed) // faults of the work itself are told item by item
    })
}

/** Maps with at most `limit` at work at once. */
export async function mapLimit<T, R>(items: readonly T[], limit: number, work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  const next = items.entries()
  const lane = async () => {
    for (const [index, item] of next) results[index] = await work(item)
  }
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, lane))
  return results
}

/** Work that is given to the returned function is done one after the other, whether or not the one before failed. */
export function inOrder(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const result = last.then(work, work)
    last = result.catch(() => {})
    return result
  }
}
