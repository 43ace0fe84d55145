import type { Database, Db, Tx } from '../db/database.ts'
import type { Environment } from '../environment.ts'
import type { Log } from '../log.ts'
import { createTurns, leaseMs } from './advance.ts'
import { createProgress, progressOf } from './progress.ts'
import { createStart } from './start.ts'
import { type OpenTask, statusOf, type TaskStatus } from './status.ts'
import { claim, dueTasks, getTask, openTasks, purgeFinished, type TaskRow, wakeWaiting } from './store.ts'
import { endKey, type Task, type TaskId } from './task.ts'

const atOnce = 32

export interface Tasks<C> {
  /** Adds a task in the caller's transaction; it runs when that has committed. Gives its id. */
  start<I, R>(tx: Tx, task: Task<I, C, R>, input: NoInfer<I>, requestId: string): Promise<TaskId<R>>
  get(db: Db, id: string): Promise<TaskStatus | undefined>
  /** Those that have not ended, oldest first, 200 at most. */
  open(db: Db): Promise<OpenTask[]>
  /** How far a task is, from work outside of its steps; may be told often, and is written at most once a second. */
  progress(id: string, percent: number, note?: string): void
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

  const { start, contextOf } = createStart({ database, environment, declarations, cloud: parts.cloud, started: kickAfter })
  const progress = createProgress({ database, clock, stop: stopping.signal })
  async function ended(tx: Tx, id: string): Promise<void> {
    await wakeWaiting(tx.db, endKey(id))
    kickAfter(tx)
  }
  const turns = createTurns({ database, environment, log, declarations, owner, contextOf, ended })

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
    start,
    async get(db, id) {
      const task = await getTask(db, id)
      return task && statusOf(task, declarations.get(task.kind))
    },
    open: async (db) =>
      (await openTasks(db)).map((task) => ({
        ...statusOf(task, declarations.get(task.kind)),
        seq: task.seq,
        locks: task.locks,
        wait_key: task.wait_key,
        wait_until: task.wait_until,
        request_id: task.request_id,
      })),
    progress: (id, percent, text) => progress.tell(id, progressOf(percent, text)),
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
      await progress.written()
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
