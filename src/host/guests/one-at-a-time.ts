import type { Duplex } from 'node:stream'

/** The same, but refuses who comes while the stream of that guest is open: what two people type and read would be mixed. */
export function oneAtATime(open: (id: string) => Promise<Duplex>): (id: string) => Promise<Duplex> {
  const taken = new Set<string>()
  return async (id) => {
    if (taken.has(id)) throw new Error('somebody else is at the serial console of this guest')
    taken.add(id)
    const free = () => void taken.delete(id)
    const stream = await open(id).catch((error) => {
      free()
      throw error
    })
    stream.once('close', free)
    if (stream.closed) free()
    return stream
  }
}
