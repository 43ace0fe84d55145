// Reading the data of an image from whichever store gives it: when one is away, or fails on the way, the next one goes on.
import { Readable } from 'node:stream'
import type { Log } from '../../../log.ts'
import type { Location } from '../images/locations.ts'
import type { Stores } from './index.ts'
import { MissingData } from './store.ts'

/** No store gives the data: `missing` when all of them answered that they do not have it. */
export class NoData extends Error {
  readonly missing: boolean
  constructor(missing: boolean, message: string) {
    super(message)
    this.missing = missing
  }
}

/** The locations in the order in which they are asked: by weight, the default store first among equals. */
export function inOrder<T extends { store: string }>(stores: Stores, locations: T[]): T[] {
  const rank = ({ store }: T) => [stores.get(store)?.weight ?? 0, store === stores.default.id ? 1 : 0] as const
  return locations.toSorted((a, b) => rank(b)[0] - rank(a)[0] || rank(b)[1] - rank(a)[1])
}

/** Bytes `start` to `end` (inclusive) of the data that lies at the locations. The first one is open when this resolves. Throws NoData. */
export async function readLocations(stores: Stores, log: Log, locations: Location[], start: number, end: number): Promise<Readable> {
  const left = inOrder(stores, locations)
  let missing = true
  const faults: string[] = []

  /** Opens the next location that answers. */
  async function next(from: number): Promise<{ body: Readable; free: () => void; location: Location } | null> {
    for (let location = left.shift(); location; location = left.shift()) {
      const store = stores.get(location.store)
      const free = stores.hold(location.store, location.data_key)
      try {
        if (!store) throw new Error(`The store ${location.store} is not among the settings.`)
        return { body: await store.read(location.data_key, from, end), free, location }
      } catch (error) {
        free()
        if (!(error instanceof MissingData)) missing = false
        faults.push((error as Error).message)
        log.warn({ image: location.image_id, store: location.store, error: (error as Error).message }, 'image data could not be read')
      }
    }
    return null
  }

  const first = await next(start)
  if (!first) throw new NoData(missing, faults.join(' ') || 'There is no data.')
  if (!left.length && stores.get(first.location.store)?.keepsOpen) {
    first.free()
    return first.body
  }

  async function* pieces() {
    let at = start
    for (let open: Awaited<ReturnType<typeof next>> = first; open; open = await next(at)) {
      const { body, free, location } = open
      try {
        for await (const piece of body as AsyncIterable<Buffer>) {
          at += piece.length
          yield piece
        }
        if (at > end) return
        throw new Error('the data ended early')
      } catch (error) {
        log.warn({ image: location.image_id, store: location.store, at, error: (error as Error).message }, 'reading image data broke off')
        if (!left.length) throw error
      } finally {
        body.destroy()
        free()
      }
    }
    throw new Error('no store gives the rest of the data')
  }
  // A body that nobody has begun to read yet must not keep its data for ever when it is destroyed.
  const result = Readable.from(pieces(), { objectMode: false, highWaterMark: 2 ** 20 })
  result.once('close', () => {
    first.body.destroy()
    first.free()
  })
  return result
}
