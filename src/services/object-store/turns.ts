// Long work in this process gives all others their turn now and then.

/** Milliseconds that work goes on before others get their turn. */
const sliceMs = 10

/** To be awaited in the midst of long work: mostly does nothing, and lets all others run when it is time. */
export function createTurns(): () => Promise<void> | undefined {
  let began = performance.now()
  return () => {
    if (performance.now() - began < sliceMs) return undefined
    return new Promise((resolve) =>
      setImmediate(() => {
        began = performance.now()
        resolve()
      }),
    )
  }
}
