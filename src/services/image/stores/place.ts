// Bringing a staged file into a store, and data that is wanted no more out of it.
import { Fault } from '../../../api/faults.ts'
import type { Cloud } from '../../../cloud.ts'
import { intend, type Location, setWritten } from '../images/locations.ts'
import { change, removeImage } from '../images/store.ts'

const iso = (ms: number) => new Date(ms).toISOString()
const firstRetryMs = 10_000
const lastRetryMs = 3600_000
/** A store that fails so often in one sweep is away: the rest of what is to go from there waits for the next one. */
const maxFailures = 3

/** Why a store did not take data, in words for the user. */
export class StoreFault extends Error {
  readonly store: string
  constructor(store: string, message: string, cause?: unknown) {
    super(message, { cause })
    this.store = store
  }
}

/** Copies the staged file of that id to where the row says. Throws StoreFault, or what a full disk throws. */
export async function fill(cloud: Cloud, location: Location, fileId: string, size: number, signal?: AbortSignal): Promise<void> {
  const { stores, store: staging } = cloud.image
  const store = stores.get(location.store)
  if (!store) throw new StoreFault(location.store, `There is no store ${location.store} any more.`)
  const free = stores.hold(location.store, location.data_key)
  try {
    await store.put(location.data_key, staging.incoming(fileId), size, signal)
  } catch (error) {
    if (['ENOSPC', 'EDQUOT', 'ABORT_ERR'].includes((error as NodeJS.ErrnoException).code ?? '') || signal?.aborted) throw error
    cloud.log.error({ image: location.image_id, store: location.store, error: (error as Error).message }, 'a store did not take image data')
    throw new StoreFault(location.store, `The store ${location.store} did not take the data.`, error)
  } finally {
    free()
  }
}

/** The staged file of the upload into one more store, noted before and after; nothing happens when it is there. Throws 410 when the image is gone meanwhile, and as `fill`. */
export async function place(
  cloud: Cloud,
  parts: {
    imageId: string
    uploadId: string
    fileId: string
    store: string
    size: number
    state: 'written' | 'active'
    signal?: AbortSignal
  },
): Promise<void> {
  const now = () => iso(cloud.environment.clock.now())
  const location = await cloud.database.write(({ db }) => intend(db, { ...parts, now: now() }))
  if (location.state !== 'writing' && location.state !== parts.state) return
  if (location.state === 'writing') await fill(cloud, location, parts.fileId, parts.size, parts.signal)
  await cloud.database.write(async ({ db }) => {
    await change(db, parts.imageId, now())
    if (!(await setWritten(db, location, parts.size, parts.state))) throw new Fault(410, `Image ${parts.imageId} has been deleted.`)
  })
}

export interface Scrubber {
  /** Removes what is due; resolves when there is no more that can be removed now. */
  run(): Promise<void>
  /** The same, by itself, soon. */
  kick(): void
}

export function createScrubber(cloud: Cloud): Scrubber {
  const running = new Map<string, { again: boolean; work: Promise<void> }>()

  /** Gives whether it is gone now. */
  async function removeOne(row: Location): Promise<boolean> {
    const { stores } = cloud.image
    const store = stores.get(row.store)
    const now = () => cloud.environment.clock.now()
    try {
      if (!store) throw new Error('the store is not among the settings')
      await store.remove(row.data_key)
    } catch (error) {
      cloud.log.error(
        { image: row.image_id, store: row.store, error: (error as Error).message },
        'image data not removed, it is tried again',
      )
      const wait = Math.min(lastRetryMs, firstRetryMs * 2 ** Math.min(row.tries, 20))
      await cloud.database.write(({ db }) =>
        db
          .updateTable('image_locations')
          .set({ due_at: iso(now() + wait), tries: row.tries + 1 })
          .where('store', '=', row.store)
          .where('data_key', '=', row.data_key)
          .execute(),
      )
      return false
    }
    await cloud.database.write(async ({ db }) => {
      // Locks the row of a deleted image: of two stores that are cleared at once, the later one sees that it is the last.
      const { numUpdatedRows } = await db
        .updateTable('images')
        .set((eb) => ({ revision: eb('revision', '+', 1) }))
        .where('id', '=', row.image_id)
        .where('status', '=', 'pending_delete')
        .executeTakeFirst()
      await db.deleteFrom('image_locations').where('store', '=', row.store).where('data_key', '=', row.data_key).execute()
      if (numUpdatedRows === 0n) return
      const left = await db.selectFrom('image_locations').select('store').where('image_id', '=', row.image_id).executeTakeFirst()
      if (!left) await removeImage(db, row.image_id, iso(now()))
    })
    return true
  }

  async function sweepStore(store: string): Promise<void> {
    const { stores } = cloud.image
    const tried = new Set<string>()
    let failures = 0
    for (;;) {
      const rows = await cloud.database.read
        .selectFrom('image_locations')
        .selectAll()
        .where('store', '=', store)
        .where('state', '=', 'removing')
        .where('due_at', '<=', iso(cloud.environment.clock.now()))
        .orderBy('due_at')
        .limit(200)
        .execute()
      // What is being read or written waits until that has ended.
      const ready = rows.filter(({ data_key }) => !stores.isHeld(store, data_key) && !tried.has(data_key))
      if (!ready.length) return
      for (const row of ready) {
        tried.add(row.data_key)
        if (!(await removeOne(row)) && ++failures === maxFailures) return
      }
    }
  }

  /** One sweep of a store at a time, and another one when that was asked for meanwhile. */
  function clear(store: string): Promise<void> {
    const known = running.get(store)
    if (known) {
      known.again = true
      return known.work
    }
    const entry = { again: true, work: Promise.resolve() }
    running.set(store, entry)
    entry.work = (async () => {
      try {
        while (entry.again) {
          entry.again = false
          await sweepStore(store)
        }
      } finally {
        running.delete(store)
      }
    })()
    return entry.work
  }

  async function run(): Promise<void> {
    const due = await cloud.database.read
      .selectFrom('image_locations')
      .select('store')
      .distinct()
      .where('state', '=', 'removing')
      .where('due_at', '<=', iso(cloud.environment.clock.now()))
      .execute()
    // Side by side: a store that is away does not keep the others waiting.
    await Promise.all(due.map(({ store }) => clear(store)))
  }
  return {
    run,
    kick: () => void run().catch((error: Error) => cloud.log.warn({ error: error.message }, 'image data not removed')),
  }
}
