// What the tests of tasks share: a database, a clock that is stepped, and tasks whose cloud is a list of what they did.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Type } from 'typebox'
import { migrations } from '../../migrations/index.ts'
import { migrate } from '../db/migrate.ts'
import { openDatabase } from '../db/open.ts'
import { createEnvironment, steppedClock } from '../environment.ts'
import { type Log, silentLog } from '../log.ts'
import { createTasks } from '../tasks/runner.ts'
import { type StepContext, type Task, taskOf, Wait } from '../tasks/task.ts'
import { testDatabaseUrl } from './database.ts'

export interface Journal {
  trace: string[]
}
export type Context = StepContext<Journal>
export const task = taskOf<Journal>()
export const Thing = Type.Object({ thing: Type.String() })
export interface Thing {
  thing: string
}
export const locks = ({ thing }: Thing): string[] => [thing]

/** A step that leaves a line in the trace. */
export const note =
  (name: string) =>
  async ({ thing }: Thing, { cloud }: Context): Promise<void> =>
    void cloud.trace.push(`${name} ${thing}`)

/** A step that waits until the trace holds `go`. */
export const until =
  (go: string) =>
  async (_input: unknown, { cloud }: Context): Promise<void> => {
    if (!cloud.trace.includes(go)) throw new Wait(go)
  }

export async function setUp(declarations: Task<never, Journal>[], log: Log = silentLog) {
  const folder = mkdtempSync(join(tmpdir(), 'nephos-tasks-'))
  const { url, drop } = await testDatabaseUrl(migrations)
  const open = () => openDatabase({ databaseUrl: url, file: join(folder, 'test.db') })
  const database = await open()
  const clock = steppedClock()
  const environment = createEnvironment({ clock })
  await migrate(database, migrations, clock.now)
  const journal: Journal = { trace: [] }
  /** A process of its own on the same database, where that can be. */
  const make = (on = database, known = declarations) =>
    createTasks<Journal>({ database: on, environment, log, declarations: known, cloud: () => journal })
  const tasks = make()
  return {
    database,
    open,
    clock,
    journal,
    tasks,
    make,
    start: <I>(declaration: Task<I, Journal>, input: NoInfer<I>) => database.write((tx) => tasks.start(tx, declaration, input, 'req-1')),
    task: (id: string) => database.read.selectFrom('tasks').selectAll().where('id', '=', id).executeTakeFirstOrThrow(),
    /** Lets those go on that wait for `key`, and waits until nothing can. */
    async go(key: string) {
      journal.trace.push(key)
      await database.write((tx) => tasks.wake(tx, key))
      await tasks.idle()
    },
    async [Symbol.asyncDispose]() {
      await tasks.stop()
      await database.close()
      await drop()
      rmSync(folder, { recursive: true })
    },
  }
}
