// The events of the cloud, and those who read them: each reader has a name and a position in the database, and every event comes to it once,
// in order, whatever process dies when.
import type { Database, Tx } from '../db/database.ts'
import type { Environment } from '../environment.ts'
import type { Log } from '../log.ts'
import type { EventOf, EventType, Telling, ToldEvent } from './event.ts'
import { eventsAfter, isNews, lastEvents, lastPlace, placeEvents, purgeEvents, savePosition, takePosition } from './store.ts'
import './tables.ts'

const batchSize = 100
/** How long to wait for events of other processes on the same database. */
const pollMs = 1000
/** After a reader failed: from the first to the last, each twice as long as the one before. */
const patienceMs = [1000, 60_000] as const
const dayMs = 86_400_000

interface Reader {
  name: string
  types: readonly string[] | undefined
  handle(tx: Tx, batch: ToldEvent[]): Promise<void>
  failures: number
  notBefore: number
}

export interface Events {
  /** Writes down what happened, in the transaction in which it does: told with it, or not at all. */
  tell<Payload>(tx: Tx, type: EventType<string, Payload>, event: Telling<NoInfer<Payload>>): Promise<void>
  /**
   * Has `handle` read every event (of the types that are named), oldest first, in a transaction together with the reader's position: what
   * it writes in it happens once for each event. What it throws is logged, and it is given the same events again later, none after them
   * before. A new reader begins with the oldest event that is kept. The name is the reader's own for ever.
   */
  reader<T extends EventType = EventType>(
    name: string,
    more: { types?: readonly T[]; handle(tx: Tx, batch: EventOf<T>[]): Promise<void> },
  ): void
  /** The newest `last`, or those after a place. Nobody's position changes. */
  list(which: ({ last: number } | { after: number }) & { types?: readonly string[] }): Promise<{ events: ToldEvent[]; place: number }>
  /** Removes what has been kept for long enough and every reader has read. */
  purge(): Promise<void>
  run(): void
  /** Resolves when every reader that works has read all: for tests. */
  idle(): Promise<void>
  stop(): Promise<void>
}

export function createEvents(parts: {
  database: Database
  environment: Environment
  log: Log
  /** Seconds that events are kept at least. */
  kept: number
}): Events {
  const { database, log } = parts
  const { clock } = parts.environment
  const readers = new Map<string, Reader>()
  const stopping = new AbortController()
  let wakeUp = () => {}
  let woken = false
  let reading = false
  let loop: Promise<void> | null = null
  const iso = (before = 0) => new Date(clock.now() - before).toISOString()
  const kick = () => {
    woken = true
    wakeUp()
  }

  /** One batch. True when there may be more. */
  const readBatch = (reader: Reader) =>
    database.write(async (tx) => {
      const { db } = tx
      const position = await takePosition(database, db, reader.name, iso())
      const upTo = await lastPlace(db)
      if (position >= upTo) return false
      const batch = await eventsAfter(db, position, { upTo, types: reader.types, limit: batchSize })
      if (batch.length) await reader.handle(tx, batch)
      const isFull = batch.length === batchSize
      await savePosition(db, reader.name, isFull ? batch.at(-1)!.place : upTo, iso())
      return isFull
    })

  async function readAll(): Promise<void> {
    const names = [...readers.keys()]
    if (!names.length || !(await isNews(database.read, names))) return
    await database.write(({ db }) => placeEvents(database, db))
    for (const reader of readers.values()) {
      if (reader.notBefore > clock.now()) continue
      try {
        while (!stopping.signal.aborted && (await readBatch(reader)));
        reader.failures = 0
      } catch (error) {
        const [first, last] = patienceMs
        reader.notBefore = clock.now() + Math.min(last, first * 2 ** reader.failures++)
        log.error({ reader: reader.name, failures: reader.failures, error: (error as Error).stack }, 'events were not read: tried again')
      }
    }
  }

  async function purge(): Promise<void> {
    const keptMs = parts.kept * 1000
    // A program of before, or beside, this one may have readers that this one has not.
    const times = { now: iso(), before: iso(keptMs), forgotten: iso(Math.max(keptMs, 7 * dayMs)) }
    await database.write(
      async ({ db }) => {
        await placeEvents(database, db)
        await purgeEvents(db, times, [...readers.keys()])
      },
      { frees: true },
    )
  }

  return {
    async tell(tx, { type }, { resource, ...event }) {
      await tx.db
        .insertInto('events')
        .values({
          type,
          place: null,
          project_id: event.project_id,
          user_id: event.user_id === undefined ? (tx.cause?.user_id ?? null) : event.user_id,
          resource_kind: resource.kind,
          resource_id: resource.id,
          request_id: event.request_id ?? tx.cause?.request_id ?? null,
          payload: event.payload,
          told_at: iso(),
        })
        .execute()
      if (readers.size) tx.afterCommit(kick)
    },
    reader(name, { types, handle }) {
      if (readers.has(name)) throw new Error(`two readers of events are called ${name}`)
      // Of the types nothing is left here: rows of these types were told with payloads of these types.
      const read = handle as (tx: Tx, batch: ToldEvent[]) => Promise<void>
      readers.set(name, { name, types: types?.map(({ type }) => type), handle: read, failures: 0, notBefore: 0 })
    },
    async list({ types, ...which }) {
      await database.write(({ db }) => placeEvents(database, db))
      const place = await lastPlace(database.read)
      const events =
        'last' in which
          ? await lastEvents(database.read, types, which.last)
          : await eventsAfter(database.read, which.after, { upTo: place, types, limit: 1000 })
      return { events, place: events.length === 1000 ? events.at(-1)!.place : place }
    },
    purge,
    run() {
      loop = (async () => {
        while (!stopping.signal.aborted) {
          woken = false
          reading = true
          await readAll().catch((error) => log.error({ error: error.stack }, 'events'))
          reading = false
          if (woken || stopping.signal.aborted) continue
          const pause = new AbortController()
          wakeUp = () => pause.abort()
          await clock.sleep(pollMs, AbortSignal.any([pause.signal, stopping.signal]))
        }
      })()
    },
    async idle() {
      for (;;) {
        const names = [...readers.values()].filter(({ notBefore }) => notBefore <= clock.now()).map(({ name }) => name)
        if (names.length && (await isNews(database.read, names))) kick()
        else if (!reading && !woken) return
        await new Promise((resolve) => setImmediate(resolve))
      }
    },
    async stop() {
      stopping.abort()
      wakeUp()
      await loop
    },
  }
}
