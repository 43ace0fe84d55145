// How a task comes to be, in the transaction of whoever starts it: a request, or the step of another task.
import type { Database, Tx } from '../db/database.ts'
import type { Environment } from '../environment.ts'
import { findChild, outcomeOf } from './family.ts'
import { inputFault } from './input.ts'
import { insertLocks, interruptBefore, takeTurn } from './locks.ts'
import { type Progress, progressOf } from './progress.ts'
import type { TaskRow } from './store.ts'
import type { StepContext, Task, TaskId } from './task.ts'

export function createStart<C>(parts: {
  database: Database
  environment: Environment
  declarations: ReadonlyMap<string, Task<never, C>>
  cloud: () => C
  /** There is a new task, once the transaction has been committed. */
  started(tx: Tx): void
}) {
  const { database, environment, declarations } = parts
  const { clock } = environment

  async function start<I, R>(
    tx: Tx,
    task: Task<I, C, R>,
    input: NoInfer<I>,
    requestId: string,
    parent: { id: string; key: string } | null = null,
  ): Promise<TaskId<R>> {
    const { kind } = task
    if (!declarations.has(kind)) throw new Error(`nothing knows how to do ${kind}`)
    const fault = inputFault(task, input)
    if (fault) throw new Error(fault)
    const id: TaskId<R> = environment.uuid()
    const locks = [...new Set(task.locks(input))]
    await takeTurn(database, tx.db, locks)
    const row = await tx.db
      .insertInto('tasks')
      .values({
        id,
        kind,
        input,
        state: 'ready',
        run_at: clock.now(),
        request_id: requestId,
        created_at: new Date(clock.now()).toISOString(),
        error: null,
        wait_key: null,
        wait_until: null,
        owner: null,
        finished_at: null,
        parent_id: parent?.id ?? null,
        parent_key: parent?.key ?? null,
        result: null,
        progress: null,
        progress_note: null,
      })
      .returningAll()
      .executeTakeFirstOrThrow()
    await insertLocks(tx.db, row, locks)
    await interruptBefore(tx.db, locks, row.seq, task.interrupts)
    let told: Progress | null = null
    const context = contextOf(tx, row, 'begin', (progress) => {
      told = progress
    })
    await task.begin?.(input, context)
    if (told) await tx.db.updateTable('tasks').set(told).where('id', '=', id).execute()
    parts.started(tx)
    return id
  }

  function contextOf(tx: Tx, task: TaskRow, step: string, tell: (progress: Progress) => void): StepContext<C> {
    const given = new Set<string>()
    return {
      ...tx,
      cause: tx.cause ?? { request_id: task.request_id, user_id: null },
      cloud: parts.cloud(),
      environment,
      taskId: task.id,
      requestId: task.request_id,
      results: {},
      error: task.error,
      interrupted: task.interrupted,
      progress: (percent, note) => tell(progressOf(percent, note)),
      async start(child, input, name = child.kind) {
        if (given.has(name)) throw new Error(`${task.kind} starts two tasks ${name} in step ${step}: give each a key`)
        given.add(name)
        const key = `${step} ${name}`
        return (await findChild(tx.db, task.id, key))?.id ?? start(tx, child, input, task.request_id, { id: task.id, key })
      },
      ended: (id) => outcomeOf(database, tx, task.id, id),
    }
  }

  return {
    start: <I, R>(tx: Tx, task: Task<I, C, R>, input: NoInfer<I>, requestId: string) => start(tx, task, input, requestId),
    contextOf,
  }
}
