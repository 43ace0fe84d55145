import type { Selectable } from 'kysely'
import type { Database, Db } from '../db/database.ts'
import { statement } from '../db/statement.ts'
import type { ToldEvent } from './event.ts'
import type { EventTable } from './tables.ts'

const atOnce = 1000

const givePlaces = statement<{ seq: number }>(
  `with batch as (select seq, row_number() over (order by seq) as n from events where place is null order by seq limit ${atOnce})
   update events set place = ? + (select n from batch where batch.seq = events.seq) where seq in (select seq from batch) returning seq`,
)

/**
 * Gives places to the events that were committed since the last time. On PostgreSQL a number of a sequence is seen at commit, so one may
 * come after a higher one has been read; a place is given only to what is committed, by one transaction at a time, so it never does.
 */
export async function placeEvents({ dialect }: Pick<Database, 'dialect'>, db: Db): Promise<void> {
  const { last_place } = await db
    .selectFrom('event_places')
    .select('last_place')
    .where('id', '=', 1)
    .$if(dialect === 'postgres', (query) => query.forUpdate())
    .executeTakeFirstOrThrow()
  let last = last_place
  for (let given = atOnce; given === atOnce; last += given) given = (await givePlaces(db, [last])).length
  if (last > last_place) await db.updateTable('event_places').set({ last_place: last }).where('id', '=', 1).execute()
}

export const lastPlace = async (db: Db): Promise<number> =>
  (await db.selectFrom('event_places').select('last_place').where('id', '=', 1).executeTakeFirstOrThrow()).last_place

/** True when one of the readers is not at the end, or an event has no place yet. */
export async function isNews(db: Db, readers: readonly string[]): Promise<boolean> {
  if (await db.selectFrom('events').select('seq').where('place', 'is', null).limit(1).executeTakeFirst()) return true
  const known = await db.selectFrom('event_readers').select(['name', 'position']).where('name', 'in', readers).execute()
  const last = await lastPlace(db)
  return known.length < readers.length || known.some(({ position }) => position < last)
}

const told = ({ seq: _, resource_kind, resource_id, ...row }: Selectable<EventTable>): ToldEvent => ({
  ...row,
  place: row.place!,
  resource: { kind: resource_kind, id: resource_id },
})

/** Events with places after `after`, in order. */
export async function eventsAfter(
  db: Db,
  after: number,
  more: { upTo?: number; types?: readonly string[]; limit: number },
): Promise<ToldEvent[]> {
  const { upTo, types, limit } = more
  let query = db.selectFrom('events').selectAll().where('place', '>', after)
  if (upTo !== undefined) query = query.where('place', '<=', upTo)
  if (types) query = query.where('type', 'in', types)
  return (await query.orderBy('place').limit(limit).execute()).map(told)
}

/** The newest, oldest of them first. */
export async function lastEvents(db: Db, types: readonly string[] | undefined, limit: number): Promise<ToldEvent[]> {
  let query = db.selectFrom('events').selectAll().where('place', 'is not', null)
  if (types) query = query.where('type', 'in', types)
  return (await query.orderBy('place', 'desc').limit(limit).execute()).map(told).reverse()
}

/** How far the reader has come; no other process reads for it until the transaction has ended. */
export async function takePosition({ dialect }: Pick<Database, 'dialect'>, db: Db, name: string, now: string): Promise<number> {
  await db
    .insertInto('event_readers')
    .values({ name, seen_at: now })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
  const { position } = await db
    .selectFrom('event_readers')
    .select('position')
    .where('name', '=', name)
    .$if(dialect === 'postgres', (query) => query.forUpdate())
    .executeTakeFirstOrThrow()
  return position
}

export const savePosition = (db: Db, name: string, position: number, now: string) =>
  db.updateTable('event_readers').set({ position, seen_at: now }).where('name', '=', name).execute()

/** Forgets readers that no process has had since `forgotten`, and events from before `before` that every other reader has read. */
export async function purgeEvents(
  db: Db,
  times: { now: string; before: string; forgotten: string },
  registered: readonly string[],
): Promise<void> {
  if (registered.length) await db.updateTable('event_readers').set({ seen_at: times.now }).where('name', 'in', registered).execute()
  await db.deleteFrom('event_readers').where('seen_at', '<', times.forgotten).execute()
  const { least } = await db
    .selectFrom('event_readers')
    .select(({ fn }) => fn.min('position').as('least'))
    .executeTakeFirstOrThrow()
  let old = db.deleteFrom('events').where('told_at', '<', times.before).where('place', 'is not', null)
  if (least !== null) old = old.where('place', '<=', least)
  await old.execute()
}
