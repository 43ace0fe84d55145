// Tasks that have to do with each other: one that a step started, and one whose end a step waits for.
import { type Database, type Db, execute, type Tx } from '../db/database.ts'
import { advisory, interrupt } from './locks.ts'
import { getTask, type TaskRow } from './store.ts'
import { unfinished } from './tables.ts'
import { endKey, type Outcome, type TaskId, Wait } from './task.ts'

export const findChild = (db: Db, parentId: string, key: string) =>
  db.selectFrom('tasks').select('id').where('parent_id', '=', parentId).where('parent_key', '=', key).executeTakeFirst()

const openChildren = (db: Db, parentId: string) =>
  db
    .selectFrom('tasks')
    .select('id')
    .where('parent_id', '=', parentId)
    .where('state', 'in', [...unfinished])

export async function interruptChildren(db: Db, parentId: string): Promise<void> {
  const children = await openChildren(db, parentId).execute()
  await interrupt(
    db,
    children.map(({ id }) => id),
  )
}

/** Throws Wait while one of them has not ended. */
export async function childrenEnded({ dialect }: Pick<Database, 'dialect'>, db: Db, parentId: string): Promise<void> {
  const child = await openChildren(db, parentId)
    // Held, so that its end comes after this one waits, and wakes it.
    .$if(dialect === 'postgres', (query) => query.forShare())
    .executeTakeFirst()
  if (child) throw new Wait(endKey(child.id), true)
}

/** How a task ended; throws Wait until it has, and an error when that would be never. */
export async function outcomeOf<R>(database: Pick<Database, 'dialect'>, { db }: Tx, mine: string, id: TaskId<R>): Promise<Outcome<R>> {
  const isPostgres = database.dialect === 'postgres'
  const asker = await getTask(db, mine)
  const other = await db
    .selectFrom('tasks')
    .selectAll()
    .where('id', '=', id)
    .$if(isPostgres, (query) => query.forShare())
    .executeTakeFirst()
  if (!asker || !other) throw new Error(`there is no task ${id}`)
  // The type came with the id, from the declaration that it was started with.
  if (other.state === 'done') return { state: 'done', result: (other.result as { value: never } | null)?.value as never }
  if (other.state === 'failed') return { state: 'failed', error: other.error ?? '' }
  if (other.seq >= asker.seq && other.parent_id !== mine)
    throw new Error(`${asker.kind} may not wait for ${other.kind}, which was started later, and not by it`)
  // Two that begin to wait for each other at the same moment would not see it: one after the other.
  if (isPostgres) await execute(db, 'select pg_advisory_xact_lock($1, 0)', [advisory])
  await noCircle(db, asker, other)
  await db
    .insertInto('task_waits')
    .values({ task_id: mine, waits_for: id })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
  throw new Wait(endKey(id), true)
}

/** Throws when the end of `other` waits, by whatever way, for that of `asker`: as it waits for a task's end, or for its turn under a lock. */
async function noCircle(db: Db, asker: TaskRow, other: TaskRow): Promise<void> {
  const seen = new Set<string>()
  const ahead = [other]
  for (let one = ahead.pop(); one; one = ahead.pop()) {
    if (one.id === asker.id) throw new Error(`${asker.kind} would wait for ${other.kind}, which waits for it`)
    if (seen.has(one.id)) continue
    seen.add(one.id)
    const awaited = /^task:(.+)$/.exec(one.wait_key ?? '')?.[1]
    ahead.push(
      ...(await db
        .selectFrom('tasks')
        .selectAll()
        .where('state', 'in', [...unfinished])
        .where(({ or, eb, selectFrom }) =>
          or([
            eb('id', '=', awaited ?? ''),
            eb(
              'id',
              'in',
              selectFrom('task_locks as mine')
                .innerJoin('task_locks as earlier', (join) =>
                  join.onRef('earlier.lock_key', '=', 'mine.lock_key').onRef('earlier.seq', '<', 'mine.seq'),
                )
                .select('earlier.task_id')
                .where('mine.seq', '=', one.seq),
            ),
          ]),
        )
        .execute()),
    )
  }
}
