// Which task is first. Every task has a number (`seq`), and a row for each of its locks until it has ended; it may run when no lower number
// stands under any of them. One order for all locks, so tasks that need several never wait for each other in a circle.
import type { ExpressionBuilder } from 'kysely'
import type { Database, Db } from '../db/database.ts'
import { execute } from '../db/database.ts'
import type { Tables } from '../db/tables.ts'
import { unfinished } from './tables.ts'

/** First of the two numbers of the advisory locks of tasks on PostgreSQL. */
export const advisory = 8776

/**
 * Keeps others from starting a task under these locks until the transaction has ended. On PostgreSQL a number is drawn at once and seen
 * at commit: without this a task with a higher number could be seen, and run, before one with a lower number was there.
 */
export async function takeTurn({ dialect }: Pick<Database, 'dialect'>, db: Db, keys: readonly string[]): Promise<void> {
  if (dialect !== 'postgres') return
  // In the same order for all; those who start several tasks in one transaction may still meet, which PostgreSQL ends and `write` repeats.
  for (const key of [...keys].sort()) await execute(db, 'select pg_advisory_xact_lock($1, hashtext($2))', [advisory, key])
}

export async function insertLocks(db: Db, task: { id: string; seq: number }, keys: readonly string[]): Promise<void> {
  if (!keys.length) return
  await db
    .insertInto('task_locks')
    .values(keys.map((lock_key) => ({ lock_key, seq: task.seq, task_id: task.id })))
    .execute()
}

/** Condition on `tasks as t`: no unfinished earlier task holds one of its locks. */
export const isFirst = ({ not, exists, selectFrom }: ExpressionBuilder<Tables & { t: Tables['tasks'] }, 't'>) =>
  not(
    exists(
      selectFrom('task_locks as mine')
        .innerJoin('task_locks as earlier', (join) =>
          join.onRef('earlier.lock_key', '=', 'mine.lock_key').onRef('earlier.seq', '<', 'mine.seq'),
        )
        .select('earlier.seq')
        .whereRef('mine.seq', '=', 't.seq'),
    ),
  )

/** Tells unfinished tasks before `seq` that share a lock to stop, all or those of some kinds; those that wait forward wake up for it. */
export async function interruptBefore(db: Db, keys: readonly string[], seq: number, kinds: true | readonly string[]): Promise<void> {
  if (!keys.length || (kinds !== true && !kinds.length)) return
  const rows = await db.selectFrom('task_locks').select('task_id').where('lock_key', 'in', keys).where('seq', '<', seq).execute()
  await interrupt(
    db,
    rows.map(({ task_id }) => task_id),
    kinds,
  )
}

/** The same for tasks by their ids. */
export async function interrupt(db: Db, ids: readonly string[], kinds: true | readonly string[] = true): Promise<void> {
  if (!ids.length) return
  const among = db
    .updateTable('tasks')
    .where('id', 'in', ids)
    .$if(kinds !== true, (query) => query.where('kind', 'in', kinds as readonly string[]))
  await among
    .set({ interrupted: true })
    .where('state', 'in', [...unfinished])
    .execute()
  await among.set({ state: 'ready', wait_key: null, lease_until: 0 }).where('state', '=', 'waiting').where('error', 'is', null).execute()
}
