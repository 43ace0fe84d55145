// The data of an import goes to its stores, one after the other; clients see on the image which are left and which have failed.
import { Fault } from '../../../api/faults.ts'
import type { Cloud } from '../../../cloud.ts'
import { isFull } from '../data/unfinished.ts'
import { release } from '../images/locations.ts'
import { change } from '../images/store.ts'
import { place, StoreFault } from '../stores/place.ts'
import type { ImportInput } from './jobs.ts'
import { mark } from './mark.ts'
import { SourceFault } from './source.ts'

export interface Placed {
  /** Stores that have not been tried yet. */
  left: string[]
  /** Stores that did not take the data. */
  failed: string[]
}

interface Options {
  /** The first store that fails ends it all. */
  mustSucceed: boolean
  /** It is a failure when none takes the data. */
  needsOne: boolean
  /** Stores that have failed before. */
  failed: readonly string[]
  stopAtFirst: boolean
  /** What the data becomes in each store. */
  state: 'written' | 'active'
}

/** Brings the staged file to the stores. Throws StoreFault or SourceFault when one fails that must not, or none takes it. */
export async function placeIn(
  cloud: Cloud,
  { imageId, uploadId }: ImportInput,
  file: { fileId: string; size: number },
  stores: string[],
  { mustSucceed, needsOne, failed: before, stopAtFirst, state }: Options,
  signal: AbortSignal,
): Promise<Placed> {
  const left = [...stores]
  const failed = [...before]
  const now = () => new Date(cloud.environment.clock.now()).toISOString()
  let taken = 0
  for (const store of stores) {
    if (taken && stopAtFirst) break
    signal.throwIfAborted()
    try {
      await place(cloud, { imageId, uploadId, ...file, store, state, signal })
      taken++
    } catch (error) {
      if (signal.aborted || error instanceof Fault) throw error
      const full = isFull(error)
      if (!(error instanceof StoreFault) && !full) throw error
      if (mustSucceed) throw full ? new SourceFault(`There is not enough space left in the store ${store}.`) : error
      failed.push(store)
    }
    left.shift()
    await cloud.database.write(async ({ db, afterCommit }) => {
      if (!(await db.selectFrom('images').select('id').where('id', '=', imageId).executeTakeFirst())) return
      await change(db, imageId, now())
      if (failed.at(-1) === store) {
        await release(db, imageId, now(), { uploadId, store })
        afterCommit(cloud.image.scrubber.kick)
      }
      await mark(db, imageId, left.join(','), failed.join(','))
    })
  }
  if (needsOne && stores.length && !taken) throw new SourceFault(`No store took the data: ${failed.join(', ')}.`)
  return { left, failed }
}
