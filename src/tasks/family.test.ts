import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Type } from 'typebox'
import { type Context, locks, note, setUp, Thing, task, until } from '../testing/tasks.ts'
import { TaskFailure, type TaskId } from './task.ts'

const options = { input: Thing, locks }
const child = task('child', options)
  .step('one', { run: note('child one'), undo: note('undo child one') })
  .step('two', { run: until('go'), undo: note('undo child two') })
  .ends({ done: async ({ thing }) => ({ size: thing.length, at: new Date(0) }), failed: note('child failed') })
const parent = task('parent', { ...options, interruptChildren: true })
  .step('start', { run: (_input, context) => context.start(child, { thing: 'disk' }), undo: note('undo parent start') })
  .step('use', {
    async run(_input, { ended, results, cloud }) {
      const end = await ended(results.start)
      if (end.state === 'failed') throw new TaskFailure(end.error)
      cloud.trace.push(`${end.result.size satisfies number} ${end.result.at satisfies string}`)
    },
  })
  .ends({ done: note('parent done'), failed: note('parent failed') })

test('a step starts a task once, and another waits for its end and has its result, whenever the process dies', async () => {
  for (let death = 0; death < 8; death++) {
    await using kit = await setUp([parent, child])
    if (death) void kit.tasks.dieAfter(death < 4 ? 'parent' : 'child', death < 4 ? death : death - 3)
    const id = await kit.start(parent, { thing: 'a' })
    kit.tasks.run()
    const settle = async (tasks: typeof kit.tasks) => {
      if (!(await tasks.idle())) return
      await kit.database.write((tx) => tasks.wake(tx, 'go'))
      await tasks.idle()
    }
    if (death < 2) await settle(kit.tasks)
    kit.journal.trace.push('go')
    await settle(kit.tasks)
    await kit.tasks.stop()
    await kit.database.write(({ db }) => db.updateTable('tasks').set({ owner: null, lease_until: 0 }).execute())
    const next = kit.make()
    next.run()
    await settle(next)
    await next.stop()
    const { trace } = kit.journal
    assert.deepEqual(
      trace.filter((line) => line !== 'go'),
      ['child one disk', '4 1970-01-01T00:00:00.000Z', 'parent done a'],
      `death ${death}`,
    )
    assert.equal((await kit.task(id)).state, 'done')
    assert.equal((await kit.database.read.selectFrom('tasks').select('id').execute()).length, 2, 'one child')
    assert.deepEqual(await kit.database.read.selectFrom('task_waits').selectAll().execute(), [])
  }
})

test('what a task fails with comes to the one that waits', async () => {
  const bad = task('child', options)
    .step('one', {
      async run() {
        throw new TaskFailure('no room')
      },
    })
    .ends({ done: async () => ({ size: 1, at: new Date(0) }) })
  await using kit = await setUp([parent, bad])
  const id = await kit.start(parent, { thing: 'a' })
  kit.tasks.run()
  await kit.tasks.idle()
  assert.deepEqual(kit.journal.trace, ['undo parent start a', 'parent failed a'])
  assert.equal((await kit.task(id)).error, 'no room')
})

test('a parent that turns round takes its children with it, and goes back when they have ended', async () => {
  const remove = task('remove', { ...options, interrupts: true })
    .step('one', { run: note('removed') })
    .ends({})
  const rest = ['undo child two disk', 'undo child one disk', 'child failed disk', 'undo parent start a', 'parent failed a']
  await using kit = await setUp([parent, child, remove])
  await kit.start(parent, { thing: 'a' })
  kit.tasks.run()
  await kit.tasks.idle()
  await kit.start(remove, { thing: 'a' })
  await kit.tasks.idle()
  assert.deepEqual(kit.journal.trace, ['child one disk', ...rest, 'removed a'])
})

test('a task waits for no other that waits for it: by its end, or by a lock', async () => {
  const ids: Record<string, TaskId> = {}
  const asks = task('asks', { input: Type.Object({ thing: Type.String(), for: Type.String() }), locks })
    .step('one', { run: until('go') })
    .step('two', { run: async (input, { ended }: Context) => void (await ended(ids[input.for]!)) })
    .ends({})
  const starts = task('starts', options)
    .step('one', { run: (_input, { start }) => start(asks, { thing: 'x', for: 'later' }) })
    .step('two', { run: async (_input, { ended, results }) => void (await ended(results.one)) })
    .ends({})
  const locked = task('locked', options)
    .step('one', { run: (input, { start }) => start(asks, { ...input, for: 'none' }) })
    .step('two', { run: async (_input, { ended, results }) => void (await ended(results.one)) })
    .ends({ failed: async (_input, { cloud, error }) => void cloud.trace.push(error!) })
  await using kit = await setUp([asks, starts, locked])
  ids.first = await kit.start(starts, { thing: 'first' })
  ids.later = await kit.start(asks, { thing: 'later', for: 'first' })
  ids.last = await kit.start(asks, { thing: 'early', for: 'last' })
  await kit.start(locked, { thing: 'own' })
  const errors: unknown[] = []
  kit.tasks.run()
  await kit.tasks.idle()
  await kit.go('go')
  for (const row of await kit.database.read.selectFrom('tasks').select(['kind', 'state', 'input']).orderBy('seq').execute())
    errors.push(row)
  const state = (thing: string) => (errors as { state: string; input: { thing: string } }[]).find((row) => row.input.thing === thing)!.state
  assert.equal(state('early'), 'failed', 'it waited for itself')
  // first waits for x, x for later, and later for first: one of them was refused, so all have ended.
  assert.deepEqual([state('first'), state('later'), state('x')].sort(), ['done', 'done', 'failed'])
  // Its child waits for the lock that it holds itself.
  assert.equal(state('own'), 'failed')
})

test('what somebody waits for, or may still ask for, is not purged', async () => {
  const slow = task('slow', options)
    .step('one', { run: (_input, { start }) => start(child, { thing: 'disk' }) })
    .step('two', { run: until('much later') })
    .step('three', { run: async (_input, { ended, results, cloud }) => void cloud.trace.push((await ended(results.one)).state) })
    .ends({})
  await using kit = await setUp([slow, child])
  await kit.start(slow, { thing: 'a' })
  kit.journal.trace.push('go')
  kit.tasks.run()
  await kit.tasks.idle()
  const { purgeFinished } = await import('./store.ts')
  const purge = () => kit.database.write(({ db }) => purgeFinished(db, '9999'))
  const count = async () => (await kit.database.read.selectFrom('tasks').select('id').execute()).length
  await purge()
  assert.equal(await count(), 2)
  await kit.database.write(({ db }) => db.updateTable('tasks').set({ wait_until: null }).execute())
  await kit.go('much later')
  assert.equal(kit.journal.trace.at(-1), 'done')
  await purge()
  assert.equal(await count(), 0)
})

test('what an earlier task ended with is kept until the one that asked has heard it', async () => {
  const ids: { child?: TaskId } = {}
  const asks = task('asks', options)
    .step('one', { run: async (_input, { ended, cloud }) => void cloud.trace.push((await ended(ids.child!)).state) })
    .ends({})
  await using kit = await setUp([asks, child])
  ids.child = await kit.start(child, { thing: 'disk' })
  await kit.start(asks, { thing: 'a' })
  kit.tasks.run()
  await kit.tasks.idle()
  // The process that does the child's end dies with it, so nobody has gone on.
  void kit.tasks.dieAfter('child', 2)
  await kit.go('go')
  // Until it is at rest: what it was about to take when it died it would still take.
  await kit.tasks.stop()
  const { purgeFinished } = await import('./store.ts')
  await kit.database.write(({ db }) => purgeFinished(db, '9999'))
  await kit.database.write(({ db }) => db.updateTable('tasks').set({ owner: null, lease_until: 0 }).execute())
  const next = kit.make()
  next.run()
  await next.idle()
  await next.stop()
  assert.deepEqual(kit.journal.trace, ['child one disk', 'go', 'done'])
})

test('a step that starts a task and waits for its end is run again, and starts no other', async () => {
  const both = task('both', options)
    .step('one', {
      async run(_input, { start, ended, cloud }) {
        cloud.trace.push((await ended(await start(child, { thing: 'disk' }))).state)
      },
    })
    .ends({})
  await using kit = await setUp([both, child])
  await kit.start(both, { thing: 'a' })
  kit.tasks.run()
  await kit.tasks.idle()
  await kit.go('go')
  assert.deepEqual(kit.journal.trace, ['child one disk', 'go', 'done'])
})

test('two tasks of one kind that a step starts need keys', async () => {
  const twice = task('twice', options)
    .step('one', {
      async run(_input, { start }) {
        await start(child, { thing: '1' }, 'one')
        await start(child, { thing: '2' }, 'two')
        await start(child, { thing: '3' }, 'two')
      },
    })
    .ends({})
  await using kit = await setUp([twice, child])
  const id = await kit.start(twice, { thing: 'a' })
  kit.tasks.run()
  await kit.tasks.idle()
  assert.equal((await kit.task(id)).state, 'failed')
  assert.equal((await kit.database.read.selectFrom('tasks').select('id').execute()).length, 1, 'nothing of the step stays')
})
