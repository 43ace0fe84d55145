// One turn of a task: a step, an undo, or an end, as one transaction with what the journal says of it.
import type { Database, Db, Tx } from '../db/database.ts'
import type { Environment } from '../environment.ts'
import type { Log } from '../log.ts'
import { childrenEnded, interruptChildren } from './family.ts'
import { inputFault } from './input.ts'
import type { Progress } from './progress.ts'
import {
  endTask,
  finishedSteps,
  getTask,
  insertStep,
  overdueTasks,
  type TaskRow,
  TaskTaken,
  updateTask,
  updateWaiting,
  wakeInterrupted,
} from './store.ts'
import { type StepContext, type Task, TaskFailure, Wait } from './task.ts'

export const leaseMs = 30_000
const defaultTimeoutSeconds = 300

/** What the log says of a step. */
interface StepLine {
  /** The request that began the task. */
  req: string
  task: string
  kind: string
  step: string
  waitsFor?: string
}

export interface Turns {
  /** Does the next turn of a task of ours. True when there is more to do at once. */
  advance(id: string): Promise<boolean>
  /** Tasks that have waited for too long turn round, or go on without what they waited for. */
  timeOut(): Promise<void>
}

export function createTurns<C>(parts: {
  database: Database
  environment: Environment
  log: Log
  declarations: ReadonlyMap<string, Task<never, C>>
  /** Who this process is, in the rows of its tasks. */
  owner: string
  /** `tell` gets what the step says of how far it is. */
  contextOf(tx: Tx, task: TaskRow, step: string, tell: (progress: Progress) => void): StepContext<C>
  /** The task is over, as others may now see. */
  ended(tx: Tx, id: string): Promise<void>
}): Turns {
  const { database, log, declarations, owner, ended } = parts
  const { clock } = parts.environment
  const iso = () => new Date(clock.now()).toISOString()

  /**
   * What the functions of a task take. Here and nowhere else the types that were forgotten in `Task` come back: the input has just been
   * checked against the schema that its type was made from, and results are those that the steps of this declaration have given.
   */
  async function remembered(tx: Tx, task: TaskRow, context: StepContext<C>): Promise<{ input: never; context: StepContext<C, never> }> {
    const finished = await finishedSteps(tx.db, task.id)
    const results = Object.fromEntries(finished.map(({ step, result }) => [step, (result as { value: unknown } | null)?.value]))
    return { input: task.input as never, context: { ...context, results: results as never } }
  }

  async function turnRound(db: Db, task: TaskRow, set: { error: string; wait_until: null }): Promise<void> {
    await updateTask(db, task, { ...set, state: 'undoing' })
    if (declarations.get(task.kind)?.interruptChildren) await interruptChildren(db, task.id)
  }

  async function advance(id: string): Promise<boolean> {
    let about: StepLine = { req: '', task: id, kind: '', step: '' }
    const started = clock.now()
    try {
      const more = await database.write(async (tx) => {
        const { db } = tx
        const task = await getTask(db, id)
        if (!task || task.owner !== owner || (task.state !== 'ready' && task.state !== 'undoing')) return false
        const declaration = declarations.get(task.kind)
        const undoing = task.state === 'undoing'
        const current = declaration?.steps[task.step]
        const step = current ? `${undoing ? 'undo ' : ''}${current.name}` : undoing && task.step >= 0 ? 'undo end' : 'end'
        about = { req: task.request_id, task: id, kind: task.kind, step }
        if (!declaration) throw new TaskFailure(`nothing knows how to do ${task.kind}`)
        const next = { owner, lease_until: clock.now() + leaseMs, wait_until: null }
        if (!undoing && task.interrupted) {
          await turnRound(db, task, { ...next, error: 'The operation was interrupted.' })
          return true
        }
        const fault = inputFault(declaration, task.input)
        if (fault && !undoing) throw new TaskFailure(fault)
        const told: Partial<Progress> = {}
        const made = parts.contextOf(tx, task, step, (progress) => Object.assign(told, progress))
        const { input, context } = await remembered(tx, task, made)
        try {
          if (undoing && declaration.interruptChildren) await childrenEnded(database, db, id)
          if (undoing && task.step >= 0) {
            await current?.undo?.(input, context)
            // The last of them and the end are one: nobody sees what is undone without being told why.
            if (task.step > 0) {
              await updateTask(db, task, { ...next, ...told, step: task.step - 1 })
              return true
            }
          }
          if (!undoing && current) {
            await insertStep(db, id, current.name, await current.run(input, context), iso())
            await updateTask(db, task, { ...next, ...told, step: task.step + 1 })
            return true
          }
          if (undoing) await declaration.failed?.(input, context)
          const result = undoing ? undefined : await declaration.done?.(input, context)
          const last = { ...told, result: result === undefined ? null : { value: result }, finished_at: iso() }
          await endTask(db, task, { state: undoing ? 'failed' : 'done', ...last })
          await ended(tx, id)
          return false
        } catch (error) {
          if (!(error instanceof Wait)) throw error
          about.waitsFor = error.key
          const seconds = current?.timeout ?? (error.limited ? null : defaultTimeoutSeconds)
          await updateTask(db, task, {
            ...told,
            state: 'waiting',
            wait_key: error.key,
            wait_until: task.wait_until ?? (seconds === null ? null : clock.now() + seconds * 1000),
            owner: null,
            lease_until: 0,
          })
          await wakeInterrupted(db, id)
          return false
        }
      })
      if (about.step) log.info({ ...about, ms: clock.now() - started }, 'task step')
      return more
    } catch (error) {
      if (!(error instanceof TaskTaken)) return failed(about, error)
      log.warn({ ...about }, error.message)
      return false
    }
  }

  /** A step threw: its transaction is gone; the task turns round, or ends when it was already going back. */
  async function failed(about: StepLine, error: unknown): Promise<boolean> {
    const message = error instanceof Error ? error.message : String(error)
    const expected = error instanceof TaskFailure
    log[expected ? 'warn' : 'error']({ ...about, error: expected ? message : (error as Error)?.stack }, 'task step failed')
    return database.write(async (tx) => {
      const task = await getTask(tx.db, about.task)
      if (task?.owner !== owner) return false
      if (task.state !== 'undoing') {
        const shown = expected ? message : 'An unexpected error occurred.'
        await turnRound(tx.db, task, { error: shown, wait_until: null })
        return true
      }
      // An undo that fails must not leave the task for ever: go on with the next one, keep the first reason.
      if (task.step >= 0) {
        await updateTask(tx.db, task, { step: task.step - 1, wait_until: null })
        return true
      }
      await endTask(tx.db, task, { state: 'failed', finished_at: iso(), error: `${task.error}; undoing it: ${message}` })
      await ended(tx, task.id)
      return false
    })
  }

  async function timeOut(): Promise<void> {
    for (const task of await overdueTasks(database.read, clock.now())) {
      const step = declarations.get(task.kind)?.steps[task.step]
      await database.write(async ({ db }) => {
        // Undoing waited too long: the host has the document and will do it when it is back; go on.
        if (task.error !== null) return void (await updateWaiting(db, task, { state: 'undoing', step: Math.max(-1, task.step - 1) }))
        if (step?.late !== 'go-on') {
          const error = `Timed out: ${task.wait_key} did not become ready.`
          const late = await updateWaiting(db, task, { state: 'undoing', error })
          if (late && declarations.get(task.kind)?.interruptChildren) await interruptChildren(db, task.id)
          return
        }
        if (!(await updateWaiting(db, task, { state: 'ready', step: task.step + 1 }))) return
        log.warn({ task: task.id, step: step.name, waitsFor: task.wait_key }, 'waited long enough: goes on without')
        await insertStep(db, task.id, step.name, undefined, iso())
      })
    }
  }

  return { advance, timeOut }
}
