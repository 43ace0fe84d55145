import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Log, silentLog } from '../log.ts'
import { type Context, locks, note, setUp, Thing, task, until } from '../testing/tasks.ts'
import { TaskFailure } from './task.ts'

const options = { input: Thing, locks }
const a = { thing: 'a' }

test('steps run in order, once each, and the end follows', async () => {
  const declaration = task('walk', { ...options, begin: note('begin') })
    .step('one', { run: note('one') })
    .step('two', { run: note('two') })
    .ends({ done: note('done') })
  await using kit = await setUp([declaration])
  const id = await kit.start(declaration, a)
  kit.tasks.run()
  await kit.tasks.idle()
  assert.deepEqual(kit.journal.trace, ['begin a', 'one a', 'two a', 'done a'])
  assert.equal((await kit.task(id)).state, 'done')
})

test('each step is one line of the log, with the request that began the task and what it waits for', async () => {
  const lines: object[] = []
  const log: Log = { ...silentLog, info: ({ ms, task, ...fields }: { ms?: number; task?: string }) => void lines.push(fields) }
  const declaration = task('walk', options)
    .step('one', { run: note('one') })
    .step('two', { run: until('the bus') })
    .ends({})
  await using kit = await setUp([declaration], log)
  await kit.start(declaration, a)
  kit.tasks.run()
  await kit.tasks.idle()
  await kit.go('the bus')
  const about = { req: 'req-1', kind: 'walk' }
  assert.deepEqual(lines, [
    { ...about, step: 'one' },
    { ...about, step: 'two', waitsFor: 'the bus' },
    { ...about, step: 'two' },
    { ...about, step: 'end' },
  ])
})

test('a failure undoes the failed step and those before it, in reverse, and keeps the reason', async () => {
  const declaration = task('fail', options)
    .step('one', { run: note('one'), undo: note('undo one') })
    .step('two', {
      run: async () => {
        throw new TaskFailure('no room')
      },
      undo: note('undo two'),
    })
    .step('three', { run: note('three'), undo: note('undo three') })
    .ends({ failed: async ({ thing }, { cloud, error }) => void cloud.trace.push(`failed ${thing}: ${error}`) })
  await using kit = await setUp([declaration])
  const id = await kit.start(declaration, a)
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
  const declaration = task('write', options)
    .step('waits', {
      async run(input, context) {
        await mark(context.db, 'waited')
        await until('signal')(input, context)
      },
    })
    .step('throws', {
      async run(_input, { db }) {
        await mark(db, 'thrown')
        throw new TaskFailure('no')
      },
    })
    .ends({})
  await using kit = await setUp([declaration])
  const id = await kit.start(declaration, a)
  kit.tasks.run()
  await kit.tasks.idle()
  const marks = async () => (await kit.database.read.selectFrom('quota_limits').select('resource').execute()).map((row) => row.resource)
  assert.equal((await kit.task(id)).state, 'waiting')
  assert.deepEqual(await marks(), ['waited'])
  await kit.go('signal')
  assert.deepEqual(await marks(), ['waited'])
  assert.equal((await kit.task(id)).state, 'failed')
})

test('waiting ends when its time is over', async () => {
  const declaration = task('wait', options)
    .step('one', { timeout: 60, run: until('never') })
    .ends({ failed: note('failed') })
  await using kit = await setUp([declaration])
  const id = await kit.start(declaration, a)
  kit.tasks.run()
  await kit.tasks.idle()
  await kit.clock.advance(59_000)
  await kit.tasks.idle()
  assert.equal((await kit.task(id)).state, 'waiting')
  await kit.clock.advance(2_000)
  while ((await kit.task(id)).state !== 'failed') await kit.clock.advance(500)
  assert.deepEqual(kit.journal.trace, ['failed a'])
})

test('a task whose transaction was rolled back never was', async () => {
  const declaration = task('never', options)
    .step('one', { run: note('one') })
    .ends({})
  await using kit = await setUp([declaration])
  kit.tasks.run()
  await assert.rejects(
    kit.database.write(async (tx) => {
      await kit.tasks.start(tx, declaration, a, 'req-1')
      throw new Error('changed my mind')
    }),
  )
  await kit.tasks.idle()
  assert.deepEqual(kit.journal.trace, [])
})

test('a process that dies after any step is followed by one that goes on at the next', async () => {
  const names = ['one', 'two', 'three']
  const declaration = task('crash', options)
    .step('one', { run: note('one') })
    .step('two', { run: note('two') })
    .step('three', { run: note('three') })
    .ends({ done: note('done') })
  for (let after = 0; after < 4; after++) {
    await using kit = await setUp([declaration])
    const id = await kit.start(declaration, a)
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

test('what undoing fails with keeps no other undo back, nor the end from being told', async () => {
  const fails = async () => {
    throw new Error('cannot')
  }
  const declaration = task('fails', options)
    .step('one', { run: note('one'), undo: fails })
    .step('two', { run: note('two'), undo: note('undo two') })
    .step('three', { run: fails, undo: fails })
    .ends({ failed: note('failed') })
  await using kit = await setUp([declaration])
  const id = await kit.start(declaration, a)
  kit.tasks.run()
  await kit.tasks.idle()
  assert.deepEqual(kit.journal.trace, ['one a', 'two a', 'undo two a', 'failed a'])
  assert.equal((await kit.task(id)).error, 'An unexpected error occurred.')
})

test('an undo that waits for too long is left, the first one too', async () => {
  const declaration = task('slow', options)
    .step('one', { timeout: 60, run: until('never'), undo: until('never') })
    .ends({ failed: note('failed') })
  await using kit = await setUp([declaration])
  const id = await kit.start(declaration, a)
  kit.tasks.run()
  await kit.tasks.idle()
  for (let second = 0; second < 130; second++) {
    await kit.clock.advance(1000)
    await kit.tasks.idle()
  }
  assert.equal((await kit.task(id)).state, 'failed')
  assert.deepEqual(kit.journal.trace, ['failed a'])
})

test('a process that was away for longer than its lease leaves nothing of the step that another does', async () => {
  let away: (() => Promise<unknown>) | null = null
  const declaration = task('away', options)
    .step('one', {
      async run({ thing }, context: Context) {
        await context.db.insertInto('quota_limits').values({ project_id: thing, resource: 'r', hard_limit: 1 }).execute()
        await away?.()
        away = null
        context.cloud.trace.push('one')
      },
    })
    .ends({ done: note('done') })
  await using kit = await setUp([declaration])
  await kit.start(declaration, a)
  // On SQLite there is no other process, so its claim is made in the same transaction, which is then rolled back.
  const taken: { db: Context['db'] | null } = { db: null }
  away = () =>
    taken
      .db!.updateTable('tasks')
      .set({ owner: 'another', lease_until: kit.clock.now() + 1000 })
      .execute()
  const write = kit.database.write
  kit.database.write = (work, more) =>
    write.call(
      kit.database,
      (tx) => {
        taken.db = tx.db
        return work(tx)
      },
      more,
    ) as never
  kit.tasks.run()
  await kit.tasks.idle()
  for (let second = 0; second < 40; second++) {
    await kit.clock.advance(1000)
    await kit.tasks.idle()
  }
  assert.deepEqual(kit.journal.trace, ['one', 'one', 'done a'])
})
