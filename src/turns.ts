// Work that goes on for long, or that somebody asks for again and again, gives all others in the process their turn now and then.

/** Milliseconds that such work goes on, whoever it is for, before all others get their turn. */
const sliceMs = 10

/**
 * A slice of each turn of the event loop, shared by all who ask for it: many requests at work hold the process no longer than one. What
 * it gives is asked in the midst of the work: null while the slice lasts, else what to wait for. Who has waited longest goes on first.
 */
export function createSlice(): () => Promise<void> | null {
  let began: number | null = null
  const waiting: (() => void)[] = []
  const lasts = () => performance.now() - began! < sliceMs

  function begin(): void {
    began = performance.now()
    setImmediate(end)
  }
  function end(): void {
    began = null
    if (!waiting.length) return
    begin()
    goOn()
  }
  function goOn(): void {
    if (!waiting.length || !lasts()) return
    waiting.shift()!()
    // Behind what has just been let go on.
    queueMicrotask(goOn)
  }
  return () => {
    if (began === null) begin()
    return lasts() ? null : new Promise((resolve) => waiting.push(resolve))
  }
}

/** The slice of work on what clients send and ask for. */
export const turn = createSlice()
