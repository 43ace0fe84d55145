import type { Database, Tx } from '../db/database.ts'
import type { Environment } from '../environment.ts'
import type { Log } from '../log.ts'
import { createTurns, leaseMs } from './advance.ts'
import { inputFault } from './input.ts'
import { insertLocks, interruptBefore, takeTurn } from './locks.ts'
import { claim, dueTasks, purgeFinished, type TaskRow, wakeWaiting } from './store.ts'
import type { StepContext, Task } from './task.ts'

const atOnce = 32

export interface Tasks<C> {
  /** Adds a task in the caller's transaction; it runs when that has committed. Gives its id. */
  start<I>(tx: Tx, task: Task<I, C>, input: NoInfer<I>, requestId: string): Promise<string>
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

export function createTasks<C>(parts: {
  database: Database
  environment: Environment
  log: Log
  declarations: readonly Task<never, C>[]
  /** Made later than the tasks, so it is asked for. */
  cloud: () => C
}): Tasks<C> {
  const { database, environment, log } = parts
  const { clock } = environment
  const declarations = byKind(parts.declarations)
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

  const contextOf = (tx: Tx, task: Pick<TaskRow, 'id' | 'request_id' | 'error' | 'interrupted'>): StepContext<C> => ({
    ...tx,
    cloud: parts.cloud(),
    environment,
    taskId: task.id,
    requestId: task.request_id,
    results: {},
    error: task.error,
    interrupted: task.interrupted,
  })
  const turns = createTurns({ database, environment, log, declarations, owner, contextOf, ended: kickAfter })

  async function work(task: TaskRow): Promise<void> {
    const taken = await database.write(({ db }) => claim(db, task.id, owner, clock.now(), leaseMs))
    if (!taken) return
    for (let more = true; more && !dead && !stopping.signal.aborted; ) {
      more = await turns.advance(task.id) // one transaction a turn
      if (death?.kind === task.kind && --death.left === 0) {
        dead = true
        death.tell()
      }
    }
  }

  async function look(): Promise<void> {
    if (dead) return
    looking = true
    try {
      await turns.timeOut()
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
    async start(tx, task, input, requestId) {
      const fault = inputFault(task, input)
      if (fault) throw new Error(fault)
      if (declarations.get(task.kind) === undefined) throw new Error(`nothing knows how to do ${task.kind}`)
      const id = environment.uuid()
      const locks = [...new Set(task.locks(input))]
      await takeTurn(database, tx.db, locks)
      const { seq } = await tx.db
        .insertInto('tasks')
        .values({
          id,
          kind: task.kind,
          input,
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
      await insertLocks(tx.db, { id, seq }, locks)
      await interruptBefore(tx.db, locks, seq, task.interrupts)
      await task.begin?.(input, contextOf(tx, { id, request_id: requestId, error: null, interrupted: false }))
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

/** Throws for two tasks of one name, and for a name among `interrupts` that no task has. */
function byKind<C>(list: readonly Task<never, C>[]): ReadonlyMap<string, Task<never, C>> {
  const declarations = new Map(list.map((task) => [task.kind, task]))
  if (declarations.size < list.length) throw new Error('two tasks have the same name')
  for (const { kind, interrupts } of list) {
    for (const name of interrupts === true ? [] : interrupts)
      if (!declarations.has(name)) throw new Error(`${kind} interrupts ${name}, which is no task`)
  }
  return declarations
}
