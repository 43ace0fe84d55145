import type { Db } from '../db/database.ts'
import './tables.ts'
import type { Selectable, Updateable } from 'kysely'
import type { TaskRow } from './tables.ts'

export type Task = Selectable<TaskRow>

export const unfinished = ['ready', 'waiting', 'undoing'] as const

/** Tasks that have something to do now, first under their lock, whether a process is at it or not. */
export const runnableTasks = (db: Db, now: number) =>
  db
    .selectFrom('tasks as t')
    .selectAll()
    .where('state', 'in', ['ready', 'undoing'])
    .where('run_at', '<=', now)
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('tasks as e')
            .select('e.seq')
            .whereRef('e.lock_key', '=', 't.lock_key')
            .whereRef('e.seq', '<', 't.seq')
            .where('e.state', 'in', [...unfinished]),
        ),
      ),
    )

/** Tasks that may run now: due, not owned by a live process, and first under their lock. */
export const dueTasks = (db: Db, now: number, limit: number): Promise<Task[]> =>
  runnableTasks(db, now).where('lease_until', '<', now).orderBy('seq').limit(limit).execute()

/** Takes a task for this process; false when another was faster. */
export async function claim(db: Db, id: string, owner: string, now: number, leaseMs: number): Promise<boolean> {
  const result = await db
    .updateTable('tasks')
    .set({ owner, lease_until: now + leaseMs })
    .where('id', '=', id)
    .where('state', 'in', ['ready', 'undoing'])
    .where('lease_until', '<', now)
    .executeTakeFirst()
  return result.numUpdatedRows === 1n
}

export const updateTask = (db: Db, id: string, set: Updateable<TaskRow>) => db.updateTable('tasks').set(set).where('id', '=', id).execute()

export const getTask = (db: Db, id: string) => db.selectFrom('tasks').selectAll().where('id', '=', id).executeTakeFirst()

/** Waiting tasks with that key become runnable; gives how many. */
export async function wakeWaiting(db: Db, key: string): Promise<number> {
  // A task that is being undone waits in state 'waiting' as well: `error` tells which way it goes on.
  const forward = await db
    .updateTable('tasks')
    .set({ state: 'ready', wait_key: null, lease_until: 0 })
    .where('wait_key', '=', key)
    .where('state', '=', 'waiting')
    .where('error', 'is', null)
    .executeTakeFirst()
  const backward = await db
    .updateTable('tasks')
    .set({ state: 'undoing', wait_key: null, lease_until: 0 })
    .where('wait_key', '=', key)
    .where('state', '=', 'waiting')
    .where('error', 'is not', null)
    .executeTakeFirst()
  return Number(forward.numUpdatedRows + backward.numUpdatedRows)
}

/** Tells the unfinished tasks under `lockKey` before `seq` to stop; those that wait forward wake up for it. */
export async function interruptBefore(db: Db, lockKey: string, seq: number): Promise<void> {
  await db
    .updateTable('tasks')
    .set({ interrupted: true })
    .where('lock_key', '=', lockKey)
    .where('seq', '<', seq)
    .where('state', 'in', [...unfinished])
    .execute()
  await db
    .updateTable('tasks')
    .set({ state: 'ready', wait_key: null, lease_until: 0 })
    .where('lock_key', '=', lockKey)
    .where('seq', '<', seq)
    .where('state', '=', 'waiting')
    .where('error', 'is', null)
    .execute()
}

export const overdueTasks = (db: Db, now: number) =>
  db.selectFrom('tasks').selectAll().where('state', '=', 'waiting').where('wait_until', '<=', now).execute()

export const finishedSteps = (db: Db, taskId: string) =>
  db.selectFrom('task_steps').select(['step', 'result']).where('task_id', '=', taskId).execute()

/** Finished tasks are kept for a day, for `nephos status` and for reading after trouble. */
export async function purgeFinished(db: Db, before: string): Promise<void> {
  await db
    .deleteFrom('task_steps')
    .where('task_id', 'in', (q) =>
      q.selectFrom('tasks').select('id').where('state', 'in', ['done', 'failed']).where('finished_at', '<', before),
    )
    .execute()
  await db.deleteFrom('tasks').where('state', 'in', ['done', 'failed']).where('finished_at', '<', before).execute()
}

export async function countOpenTasks(db: Db): Promise<number> {
  const { count } = await db
    .selectFrom('tasks')
    .select(({ fn }) => fn.countAll().as('count'))
    .where('state', 'in', [...unfinished])
    .executeTakeFirstOrThrow()
  return Number(count)
}

/** Unfinished tasks and what each waits for, oldest first. */
export const openTasks = (db: Db) =>
  db
    .selectFrom('tasks')
    .select(['id', 'kind', 'lock_key', 'state', 'wait_key', 'wait_until', 'error', 'request_id', 'created_at'])
    .where('state', 'in', [...unfinished])
    .orderBy('seq')
    .limit(200)
    .execute()

export type OpenTask = Awaited<ReturnType<typeof openTasks>>[number]
