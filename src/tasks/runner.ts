import type { Database, Db, Tx } from '../db/database.ts'
import type { Environment } from '../environment.ts'
import type { Log } from '../log.ts'
import {
  claim,
  dueTasks,
  finishedSteps,
  getTask,
  interruptBefore,
  overdueTasks,
  purgeFinished,
  type Task,
  updateTask,
  wakeWaiting,
} from './store.ts'
import { type StepContext, type TaskDeclaration, TaskFailure, Wait } from './task.ts'

const leaseMs = 30_000
const atOnce = 32
const defaultTimeoutSeconds = 300

// biome-ignore lint/suspicious/noExplicitAny: declarations of all inputs in one table
type AnyTask = TaskDeclaration<any, any>

/** What the log says of a step. */
interface StepLine {
  /** The request that began the task. */
  req: string
  task: string
  kind: string
  step: string
  waitsFor?: string
}

export interface Tasks {
  /** Adds a task in the caller's transaction; it runs when that has committed. Gives its id. */
  start<I>(tx: Tx, declaration: TaskDeclaration<I, never>, input: I, requestId: string): Promise<string>
  /** In the caller's transaction: tasks that wait for `key` go on. */
  wake(tx: Tx, key: string): Promise<void>
  /** Does `work` every `everyMs` milliseconds of the cloud's clock, one run at a time. */
  periodic(name: string, everyMs: number, work: () => Promise<void>): void
  run(): void
  /** For tests: after the `count`-th transaction of a task of that kind no task goes on, as if the process had died; resolves then. */
  dieAfter(kind: string, count: number): Promise<void>
  /** Resolves when no task can run now: for tests, all others wait for the machine or for time. Gives false after `dieAfter`. */
  idle(): Promise<boolean>
  stop(): Promise<void>
}

export function createTasks<Cloud>(parts: {
  database: Database
  environment: Environment
  log: Log
  declarations: TaskDeclaration<never, Cloud>[]
  /** Made later than the tasks, so it is asked for. */
  cloud: () => Cloud
}): Tasks {
  const { database, environment, log } = parts
  const { clock } = environment
  const declarations = new Map<string, AnyTask>(parts.declarations.map((d) => [d.kind, d as AnyTask]))
  const owner = environment.uuid()
  const running = new Map<string, Promise<void>>()
  const periodics: { name: string; everyMs: number; work: () => Promise<void>; next: number; busy: boolean }[] = []
  const stopping = new AbortController()
  let death: { kind: string; left: number; tell: () => void } | null = null
  let dead = false
  let loop: Promise<void> | null = null
  let wakeUp = () => {}
  let woken = false
  let looking = false
  const iso = () => new Date(clock.now()).toISOString()
  const kick = () => {
    woken = true
    wakeUp()
  }
  database.onNotify('nephos_tasks', kick)
  const kickAfter = (tx: Tx) =>
    tx.afterCommit(() => {
      kick()
      if (database.dialect === 'postgres') database.notify('nephos_tasks')
    })

  const contextOf = (
    tx: Tx,
    task: Pick<Task, 'id' | 'request_id' | 'error' | 'interrupted'>,
    results: Record<string, unknown>,
  ): StepContext<Cloud> => ({
    ...tx,
    cloud: parts.cloud(),
    environment,
    taskId: task.id,
    requestId: task.request_id,
    results,
    error: task.error,
    interrupted: task.interrupted,
  })

  const journal = (db: Db, id: string, step: string, result: unknown) =>
    db
      .insertInto('task_steps')
      .values({ task_id: id, step, result, finished_at: iso() })
      .onConflict((c) => c.columns(['task_id', 'step']).doNothing())
      .execute()

  /** Runs one step (or undo, or the end) of a task. True when there is more to do at once. */
  async function advance(id: string): Promise<boolean> {
    let failure: unknown = null
    let about: StepLine = { req: '', task: id, kind: '', step: '' }
    const started = clock.now()
    const more = await database
      .write(async (tx) => {
        const { db } = tx
        const task = await getTask(db, id)
        if (!task || task.owner !== owner || (task.state !== 'ready' && task.state !== 'undoing')) return false
        const declaration = declarations.get(task.kind)
        if (!declaration) throw new TaskFailure(`nothing knows how to do ${task.kind}`)
        const names = Object.keys(declaration.steps)
        const finished = await finishedSteps(db, id)
        const context = contextOf(tx, task, Object.fromEntries(finished.map((s) => [s.step, s.result])))
        const release = { owner: null, lease_until: 0 }
        if (task.state === 'ready' && task.interrupted) {
          await updateTask(db, id, { state: 'undoing', error: 'The operation was interrupted.', step: task.step, wait_until: null })
          return true
        }
        const undoing = task.state === 'undoing'
        const step = undoing ? `undo ${names[task.step] ?? 'end'}` : (names[task.step] ?? 'end')
        about = { req: task.request_id, task: id, kind: task.kind, step }
        try {
          if (undoing) {
            const step = task.step < names.length ? declaration.steps[names[task.step]!] : undefined
            if (step?.undo) await step.undo(task.input, context)
            if (task.step > 0) {
              await updateTask(db, id, { step: task.step - 1, wait_until: null })
              return true
            }
            await declaration.failed?.(task.input, context)
            await updateTask(db, id, { state: 'failed', finished_at: iso(), ...release })
            kickAfter(tx)
            return false
          }
          const name = names[task.step]
          if (name === undefined) {
            await declaration.done?.(task.input, context)
            await updateTask(db, id, { state: 'done', finished_at: iso(), ...release })
            kickAfter(tx)
            return false
          }
          const result = await declaration.steps[name]!.run(task.input, context)
          await journal(db, id, name, result === undefined ? null : { value: result })
          await updateTask(db, id, { step: task.step + 1, wait_until: null })
          return true
        } catch (error) {
          if (!(error instanceof Wait)) throw error
          const seconds = declaration.steps[names[task.step] ?? '']?.timeout ?? defaultTimeoutSeconds
          about.waitsFor = error.key
          await updateTask(db, id, {
            state: 'waiting',
            wait_key: error.key,
            wait_until: task.wait_until ?? clock.now() + seconds * 1000,
            ...release,
          })
          return false
        }
      })
      .catch((error) => {
        failure = error
        return true
      })
    if (failure) return failed(about, failure)
    if (about.step) log.info({ ...about, ms: clock.now() - started }, 'task step')
    return more
  }

  /** A step threw: its transaction is gone; the task turns round, or ends when it was already going back. */
  async function failed(about: StepLine, error: unknown): Promise<boolean> {
    const { task: id } = about
    const message = error instanceof Error ? error.message : String(error)
    const expected = error instanceof TaskFailure
    log[expected ? 'warn' : 'error']({ ...about, error: expected ? message : (error as Error)?.stack }, 'task step failed')
    return database.write(async (tx) => {
      const task = await getTask(tx.db, id)
      if (!task) return false
      if (task.state === 'undoing') {
        // An undo that fails must not leave the task for ever: go on with the next one, keep the first reason.
        if (task.step > 0) {
          await updateTask(tx.db, id, { step: task.step - 1 })
          return true
        }
        await updateTask(tx.db, id, {
          state: 'failed',
          finished_at: iso(),
          owner: null,
          lease_until: 0,
          error: `${task.error}; undoing it: ${message}`,
        })
        kickAfter(tx)
        return false
      }
      const shown = expected ? message : 'An unexpected error occurred.'
      await updateTask(tx.db, id, { state: 'undoing', error: shown, wait_until: null })
      return true
    })
  }

  async function work(task: Task): Promise<void> {
    const taken = await database.write(({ db }) => claim(db, task.id, owner, clock.now(), leaseMs))
    if (!taken) return
    for (let more = true; more && !dead && !stopping.signal.aborted; ) {
      more = await advance(task.id) // one transaction a turn
      if (death?.kind === task.kind && --death.left === 0) {
        dead = true
        death.tell()
      }
    }
  }

  async function timeOut(): Promise<void> {
    for (const task of await overdueTasks(database.read, clock.now())) {
      await database.write(async ({ db }) => {
        const now = await getTask(db, task.id)
        if (now?.state !== 'waiting' || now.wait_until === null || now.wait_until > clock.now()) return
        const steps = Object.entries((declarations.get(now.kind) as AnyTask | undefined)?.steps ?? {})
        const [name, step] = steps[now.step] ?? []
        if (now.error === null && name !== undefined && step?.late === 'go-on') {
          log.warn({ task: now.id, step: name, waitsFor: now.wait_key }, 'waited long enough: goes on without')
          await journal(db, now.id, name, null)
          await updateTask(db, task.id, { state: 'ready', step: now.step + 1, wait_key: null, wait_until: null })
        } else if (now.error !== null) {
          // Undoing waited too long: the host has the document and will do it when it is back; go on.
          await updateTask(db, task.id, { state: 'undoing', step: Math.max(0, now.step - 1), wait_key: null, wait_until: null })
        } else {
          await updateTask(db, task.id, {
            state: 'undoing',
            error: `Timed out: ${now.wait_key} did not become ready.`,
            wait_key: null,
            wait_until: null,
          })
        }
      })
    }
  }

  async function look(): Promise<void> {
    if (dead) return
    looking = true
    try {
      await timeOut()
      if (running.size < atOnce) {
        for (const task of await dueTasks(database.read, clock.now(), atOnce * 2)) {
          if (running.has(task.id) || running.size >= atOnce) continue
          const promise = work(task)
            .catch((error) => log.error({ task: task.id, error: error.stack }, 'task runner'))
            .finally(() => {
              running.delete(task.id)
              kick()
            })
          running.set(task.id, promise)
        }
      }
      for (const periodic of periodics) {
        if (periodic.busy || periodic.next > clock.now()) continue
        periodic.busy = true
        periodic.next = clock.now() + periodic.everyMs
        void periodic
          .work()
          .catch((error) => log.error({ periodic: periodic.name, error: error.stack }, 'periodic work'))
          .finally(() => {
            periodic.busy = false
          })
      }
    } finally {
      looking = false
    }
  }

  return {
    async start(tx, declaration, input, requestId) {
      const id = environment.uuid()
      const lockKey = (declaration as AnyTask).lock(input)
      const interrupts = declaration.interrupts ?? false
      const row = await tx.db
        .insertInto('tasks')
        .values({
          id,
          kind: declaration.kind,
          input,
          lock_key: lockKey,
          interrupts,
          state: 'ready',
          run_at: clock.now(),
          request_id: requestId,
          created_at: iso(),
          error: null,
          wait_key: null,
          wait_until: null,
          owner: null,
          finished_at: null,
        })
        .returning('seq')
        .executeTakeFirstOrThrow()
      if (interrupts) await interruptBefore(tx.db, lockKey, row.seq)
      await (declaration as AnyTask).begin?.(input, contextOf(tx, { id, request_id: requestId, error: null, interrupted: false }, {}))
      kickAfter(tx)
      return id
    },
    async wake(tx, key) {
      if ((await wakeWaiting(tx.db, key)) > 0) kickAfter(tx)
    },
    periodic(name, everyMs, periodicWork) {
      periodics.push({ name, everyMs, work: periodicWork, next: clock.now() + everyMs, busy: false })
    },
    run() {
      // Leases of a process that died under this database file are void: SQLite has only one process.
      const recover =
        database.dialect === 'sqlite'
          ? database.write(({ db }) => db.updateTable('tasks').set({ lease_until: 0, owner: null }).where('lease_until', '>', 0).execute())
          : Promise.resolve()
      this.periodic('purge finished tasks', 3600_000, () =>
        database.write(({ db }) => purgeFinished(db, new Date(clock.now() - 86_400_000).toISOString())),
      )
      loop = recover.then(async () => {
        while (!stopping.signal.aborted) {
          woken = false
          await look().catch((error) => log.error({ error: error.stack }, 'task runner'))
          if (woken || stopping.signal.aborted) continue
          const pause = new AbortController()
          wakeUp = () => pause.abort()
          await clock.sleep(500, AbortSignal.any([pause.signal, stopping.signal]))
        }
      })
    },
    dieAfter: (kind, count) =>
      new Promise((tell) => {
        death = { kind, left: count, tell }
      }),
    async idle() {
      for (;;) {
        if (dead) return false
        await new Promise((resolve) => setImmediate(resolve))
        if (running.size || woken || looking) continue
        const due = await dueTasks(database.read, clock.now(), 1)
        if (!due.length && !running.size && !woken && !looking) return true
        kick()
      }
    },
    async stop() {
      stopping.abort()
      wakeUp()
      await loop
      await Promise.all(running.values())
    },
  }
}
