import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { migrations } from '../../migrations/index.ts'
import { migrate } from '../db/migrate.ts'
import { openDatabase } from '../db/open.ts'
import { createEnvironment, steppedClock } from '../environment.ts'
import { type Log, silentLog } from '../log.ts'
import { testDatabaseUrl } from '../testing/database.ts'
import { createTasks } from './runner.ts'
import { type TaskDeclaration, TaskFailure, Wait } from './task.ts'

type Input = { thing: string }
type Journal = { trace: string[] }

async function setUp(declarations: TaskDeclaration<Input, Journal>[], log: Log = silentLog) {
  const folder = mkdtempSync(join(tmpdir(), 'nephos-tasks-'))
  const { url, drop } = await testDatabaseUrl(migrations)
  const database = await openDatabase({ databaseUrl: url, file: join(folder, 'test.db') })
  const clock = steppedClock()
  const environment = createEnvironment({ clock })
  await migrate(database, migrations, clock.now)
  const journal: Journal = { trace: [] }
  const make = () =>
    createTasks<Journal>({
      database,
      environment,
      log,
      declarations: declarations as TaskDeclaration<never, Journal>[],
      cloud: () => journal,
    })
  const tasks = make()
  return {
    database,
    clock,
    journal,
    tasks,
    make,
    start: (declaration: TaskDeclaration<Input, Journal>, thing = 'a') =>
      database.write((tx) => tasks.start(tx, declaration as never, { thing }, 'req-1')),
    task: async (id: string) => (await database.read.selectFrom('tasks').selectAll().where('id', '=', id).executeTakeFirst())!,
    async [Symbol.asyncDispose]() {
      await tasks.stop()
      await database.close()
      await drop()
      rmSync(folder, { recursive: true })
    },
  }
}

const note =
  (name: string) =>
  async ({ thing }: Input, { cloud }: { cloud: Journal }) =>
    void cloud.trace.push(`${name} ${thing}`)
const lock = ({ thing }: Input) => thing

test('steps run in order, once each, and the end follows', async () => {
  const declaration: TaskDeclaration<Input, Journal> = {
    kind: 'walk',
    lock,
    begin: note('begin'),
    steps: { one: { run: note('one') }, two: { run: note('two') } },
    done: note('done'),
  }
  await using kit = await setUp([declaration])
  const id = await kit.start(declaration)
  kit.tasks.run()
  await kit.tasks.idle()
  assert.deepEqual(kit.journal.trace, ['begin a', 'one a', 'two a', 'done a'])
  assert.equal((await kit.task(id)).state, 'done')
})

test('each step is one line of the log, with the request that began the task and what it waits for', async () => {
  const lines: object[] = []
  const log: Log = { ...silentLog, info: ({ ms, task, ...fields }: { ms?: number; task?: string }) => void lines.push(fields) }
  const declaration: TaskDeclaration<Input, Journal> = {
    kind: 'walk',
    lock,
    steps: {
      one: { run: note('one') },
      two: {
        run: async (_input, { cloud }) => {
          if (!cloud.trace.includes('go')) throw new Wait('the bus')
        },
      },
    },
  }
  await using kit = await setUp([declaration], log)
  await kit.start(declaration)
  kit.tasks.run()
  await kit.tasks.idle()
  kit.journal.trace.push('go')
  await kit.database.write((tx) => kit.tasks.wake(tx, 'the bus'))
  await kit.tasks.idle()
  const about = { req: 'req-1', kind: 'walk' }
  assert.deepEqual(lines, [
    { ...about, step: 'one' },
    { ...about, step: 'two', waitsFor: 'the bus' },
    { ...about, step: 'two' },
    { ...about, step: 'end' },
  ])
})

test('a failure undoes the failed step and those before it, in reverse, and keeps the reason', async () => {
  const declaration: TaskDeclaration<Input, Journal> = {
    kind: 'fail',
    lock,
    steps: {
      one: { run: note('one'), undo: note('undo one') },
      two: {
        run: async () => {
          throw new TaskFailure('no room')
        },
        undo: note('undo two'),
      },
      three: { run: note('three'), undo: note('undo three') },
    },
    failed: async ({ thing }, { cloud, error }) => void cloud.trace.push(`failed ${thing}: ${error}`),
  }
  await using kit = await setUp([declaration])
  const id = await kit.start(declaration)
  kit.tasks.run()
  await kit.tasks.idle()
  assert.deepEqual(kit.journal.trace, ['one a', 'undo two a', 'undo one a', 'failed a: no room'])
  assert.deepEqual([(await kit.task(id)).state, (await kit.task(id)).error], ['failed', 'no room'])
})

test('what a step wrote is gone when it throws, and stays when it waits', async () => {
  const mark = (db: import('../db/database.ts').Db, resource: string) =>
    db
      .insertInto('quota_limits')
      .values({ project_id: 'p', resource, hard_limit: 1 })
      .onConflict((c) => c.doNothing())
      .execute()
  const declaration: TaskDeclaration<Input, Journal> = {
    kind: 'write',
    lock,
    steps: {
      waits: {
        run: async (_input, { db, cloud }) => {
          await mark(db, 'waited')
          if (!cloud.trace.includes('go')) throw new Wait('signal')
        },
      },
      throws: {
        run: async (_input, { db }) => {
          await mark(db, 'thrown')
          throw new TaskFailure('no')
        },
      },
    },
  }
  await using kit = await setUp([declaration])
  const id = await kit.start(declaration)
  kit.tasks.run()
  await kit.tasks.idle()
  const marks = async () => (await kit.database.read.selectFrom('quota_limits').select('resource').execute()).map((row) => row.resource)
  assert.equal((await kit.task(id)).state, 'waiting')
  assert.deepEqual(await marks(), ['waited'])
  kit.journal.trace.push('go')
  await kit.database.write((tx) => kit.tasks.wake(tx, 'signal'))
  await kit.tasks.idle()
  assert.deepEqual(await marks(), ['waited'])
  assert.equal((await kit.task(id)).state, 'failed')
})

test('waiting ends when its time is over', async () => {
  const declaration: TaskDeclaration<Input, Journal> = {
    kind: 'wait',
    lock,
    steps: {
      one: {
        timeout: 60,
        run: async () => {
          throw new Wait('never')
        },
      },
    },
    failed: note('failed'),
  }
  await using kit = await setUp([declaration])
  const id = await kit.start(declaration)
  kit.tasks.run()
  await kit.tasks.idle()
  await kit.clock.advance(59_000)
  await kit.tasks.idle()
  assert.equal((await kit.task(id)).state, 'waiting')
  await kit.clock.advance(2_000)
  while ((await kit.task(id)).state !== 'failed') await kit.clock.advance(500)
  assert.deepEqual(kit.journal.trace, ['failed a'])
})

test('tasks under one lock run in their order, and one that interrupts makes the earlier one undo', async () => {
  const long: TaskDeclaration<Input, Journal> = {
    kind: 'long',
    lock,
    steps: {
      one: { run: note('long'), undo: note('undo long') },
      two: {
        run: async () => {
          throw new Wait('never')
        },
      },
    },
    failed: note('long failed'),
  }
  const end: TaskDeclaration<Input, Journal> = { kind: 'end', lock, interrupts: true, steps: { one: { run: note('end') } } }
  const other: TaskDeclaration<Input, Journal> = { kind: 'other', lock, steps: { one: { run: note('other') } } }
  await using kit = await setUp([long, end, other])
  await kit.start(long)
  kit.tasks.run()
  await kit.tasks.idle()
  await kit.start(other)
  await kit.start(other, 'b')
  await kit.tasks.idle()
  assert.deepEqual(kit.journal.trace, ['long a', 'other b'])
  await kit.start(end)
  await kit.tasks.idle()
  assert.deepEqual(
    kit.journal.trace,
    ['long a', 'other b', 'undo long a', 'long failed a', 'end a'],
    'the second task under the lock was interrupted too',
  )
})

test('a task whose transaction was rolled back never was', async () => {
  const declaration: TaskDeclaration<Input, Journal> = { kind: 'never', lock, steps: { one: { run: note('one') } } }
  await using kit = await setUp([declaration])
  kit.tasks.run()
  await assert.rejects(
    kit.database.write(async (tx) => {
      await kit.tasks.start(tx, declaration as never, { thing: 'a' }, 'req-1')
      throw new Error('changed my mind')
    }),
  )
  await kit.tasks.idle()
  assert.deepEqual(kit.journal.trace, [])
})

test('a process that dies after any step is followed by one that goes on at the next', async () => {
  const names = ['one', 'two', 'three']
  const declaration: TaskDeclaration<Input, Journal> = {
    kind: 'crash',
    lock,
    steps: Object.fromEntries(names.map((name) => [name, { run: note(name) }])),
    done: note('done'),
  }
  for (let after = 0; after < 4; after++) {
    await using kit = await setUp([declaration])
    const id = await kit.start(declaration)
    // A process is dead when it takes no further step and its lease is over.
    await kit.database.write(({ db }) =>
      db
        .updateTable('tasks')
        .set({ step: after, owner: 'dead', lease_until: kit.clock.now() + 1000 })
        .where('id', '=', id)
        .execute(),
    )
    for (const name of names.slice(0, after))
      await kit.database.write(({ db }) =>
        db.insertInto('task_steps').values({ task_id: id, step: name, result: null, finished_at: '' }).execute(),
      )
    kit.tasks.run()
    await kit.tasks.idle()
    await kit.clock.advance(3000)
    await kit.tasks.idle()
    assert.deepEqual(
      kit.journal.trace,
      [...names.slice(after), 'done'].map((name) => `${name} a`),
    )
  }
})
