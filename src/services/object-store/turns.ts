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

const groupSize = 200

/** The text that `make` gives for each of many items, as bytes in pieces, with turns for others in between. */
export async function bytesInTurns<Item>(items: Item[], separator: string, make: (item: Item) => string): Promise<Buffer[]> {
  const turn = createTurns()
  const pieces: Buffer[] = []
  for (let from = 0; from < items.length; from += groupSize) {
    await turn()
    const text = items
      .slice(from, from + groupSize)
      .map(make)
      .join(separator)
    pieces.push(Buffer.from(from ? separator + text : text))
  }
  return pieces
}
