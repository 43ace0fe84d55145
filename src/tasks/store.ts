import type { Db } from '../db/database.ts'
import './tables.ts'
import type { Selectable, Updateable } from 'kysely'
import { isFirst } from './locks.ts'
import { type TaskTable, unfinished } from './tables.ts'

export type TaskRow = Selectable<TaskTable>

/** Tasks that have something to do now, first under their locks, whether a process is at it or not. */
export const runnableTasks = (db: Db, now: number) =>
  db.selectFrom('tasks as t').selectAll('t').where('t.state', 'in', ['ready', 'undoing']).where('t.run_at', '<=', now).where(isFirst)

/** Tasks that may run now: due, not owned by a live process, and first under their locks. */
export const dueTasks = (db: Db, now: number, limit: number): Promise<TaskRow[]> =>
  runnableTasks(db, now).where('t.lease_until', '<', now).orderBy('t.seq').limit(limit).execute()

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

/** Another process has taken the task: what this one did in the transaction must not stay. */
export class TaskTaken extends Error {}

/** Changes a task that `owner` works at. Throws TaskTaken when it is another's: this process was away for longer than its lease. */
export async function updateTask(db: Db, { id, owner }: Pick<TaskRow, 'id' | 'owner'>, set: Updateable<TaskTable>): Promise<void> {
  const { numUpdatedRows } = await db.updateTable('tasks').set(set).where('id', '=', id).where('owner', '=', owner).executeTakeFirst()
  if (numUpdatedRows !== 1n) throw new TaskTaken(`another process works at task ${id}`)
}

/** Changes a task that still waits until then; false when it was woken meanwhile. */
export async function updateWaiting(db: Db, { id, wait_until }: TaskRow, set: Updateable<TaskTable>): Promise<boolean> {
  const waiting = db.updateTable('tasks').where('id', '=', id).where('state', '=', 'waiting').where('wait_until', '=', wait_until)
  return (await waiting.set({ wait_key: null, wait_until: null, ...set }).executeTakeFirst()).numUpdatedRows === 1n
}

export const getTask = (db: Db, id: string) => db.selectFrom('tasks').selectAll().where('id', '=', id).executeTakeFirst()

/** A task that was told to stop while its step came to wait does not begin to wait. */
export const wakeInterrupted = (db: Db, id: string) =>
  db
    .updateTable('tasks')
    .set({ state: 'ready', wait_key: null })
    .where('id', '=', id)
    .where('state', '=', 'waiting')
    .where('interrupted', '=', true)
    .where('error', 'is', null)
    .execute()

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

export const overdueTasks = (db: Db, now: number) =>
  db.selectFrom('tasks').selectAll().where('state', '=', 'waiting').where('wait_until', '<=', now).execute()

export const finishedSteps = (db: Db, taskId: string) =>
  db.selectFrom('task_steps').select(['step', 'result']).where('task_id', '=', taskId).execute()

/** The step is done: a task never does one twice. */
export const insertStep = (db: Db, taskId: string, step: string, result: unknown, finished_at: string) =>
  db
    .insertInto('task_steps')
    // In an object, so that nothing, null and false are three things.
    .values({ task_id: taskId, step, result: result === undefined ? null : { value: result }, finished_at })
    .onConflict((conflict) => conflict.columns(['task_id', 'step']).doNothing())
    .execute()

/** The task has ended, so its locks are free. */
export async function endTask(
  db: Db,
  task: Pick<TaskRow, 'id' | 'owner'>,
  set: Updateable<TaskTable> & { state: 'done' | 'failed' },
): Promise<void> {
  await updateTask(db, task, { ...set, owner: null, lease_until: 0 })
  await db.deleteFrom('task_locks').where('task_id', '=', task.id).execute()
  await db.deleteFrom('task_waits').where('task_id', '=', task.id).execute()
}

/** Finished tasks are kept for a day, for `nephos status` and for reading after trouble, and as long as another may ask how they ended. */
export async function purgeFinished(db: Db, before: string): Promise<void> {
  const old = db
    .selectFrom('tasks as t')
    .select('t.id')
    .where('t.state', 'in', ['done', 'failed'])
    .where('t.finished_at', '<', before)
    .where(({ not, exists, selectFrom }) =>
      not(exists(selectFrom('task_waits as w').select('w.task_id').whereRef('w.waits_for', '=', 't.id'))),
    )
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('tasks as p')
            .select('p.id')
            .whereRef('p.id', '=', 't.parent_id')
            .where('p.state', 'in', [...unfinished]),
        ),
      ),
    )
  await db.deleteFrom('task_steps').where('task_id', 'in', old).execute()
  await db.deleteFrom('tasks').where('id', 'in', old).execute()
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
export async function openTasks(db: Db) {
  const tasks = await db
    .selectFrom('tasks')
    .selectAll()
    .where('state', 'in', [...unfinished])
    .orderBy('seq')
    .limit(200)
    .execute()
  const locks = tasks.length
    ? await db
        .selectFrom('task_locks')
        .select(['seq', 'lock_key'])
        .where('seq', '>=', tasks[0]!.seq)
        .where('seq', '<=', tasks.at(-1)!.seq)
        .orderBy('lock_key')
        .execute()
    : []
  return tasks.map((task) => ({ ...task, locks: locks.filter(({ seq }) => seq === task.seq).map(({ lock_key }) => lock_key) }))
}
