import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Type } from 'typebox'
import { locks, note, setUp, Thing, task, until } from '../testing/tasks.ts'

const options = { input: Thing, locks }
const Pair = Type.Object({ thing: Type.String(), with: Type.Array(Type.String()) })

test('tasks under one lock run in their order, and one that interrupts makes the earlier ones undo', async () => {
  const long = task('long', options)
    .step('one', { run: note('long'), undo: note('undo long') })
    .step('two', { run: until('never') })
    .ends({ failed: note('long failed') })
  const end = task('end', { ...options, interrupts: true })
    .step('one', { run: note('end') })
    .ends({})
  const other = task('other', options)
    .step('one', { run: note('other') })
    .ends({})
  await using kit = await setUp([long, end, other])
  await kit.start(long, { thing: 'a' })
  kit.tasks.run()
  await kit.tasks.idle()
  await kit.start(other, { thing: 'a' })
  await kit.start(other, { thing: 'b' })
  await kit.tasks.idle()
  assert.deepEqual(kit.journal.trace, ['long a', 'other b'])
  await kit.start(end, { thing: 'a' })
  await kit.tasks.idle()
  assert.deepEqual(
    kit.journal.trace,
    ['long a', 'other b', 'undo long a', 'long failed a', 'end a'],
    'the second task under the lock was interrupted too',
  )
})

test('a task with several locks waits until it is first under each, and keeps all of them', async () => {
  const hold = task('hold', { input: Pair, locks: (input) => input.with })
    .step('begin', { run: note('begin') })
    .step('wait', { run: ({ thing }, context) => until(thing)(null, context) })
    .ends({ done: note('end') })
  await using kit = await setUp([hold])
  kit.tasks.run()
  await kit.start(hold, { thing: '1', with: ['server'] })
  await kit.start(hold, { thing: '2', with: ['volume', 'server', 'volume'] })
  await kit.start(hold, { thing: '3', with: ['volume'] })
  await kit.start(hold, { thing: '4', with: ['server', 'volume'] })
  await kit.start(hold, { thing: '5', with: [] })
  await kit.tasks.idle()
  assert.deepEqual(kit.journal.trace.toSorted(), ['begin 1', 'begin 5'], '2 waits for the server, 3 for the volume of 2')
  await kit.go('1')
  assert.deepEqual(kit.journal.trace.slice(2), ['1', 'end 1', 'begin 2'])
  await kit.go('2')
  assert.deepEqual(kit.journal.trace.slice(5), ['2', 'end 2', 'begin 3'])
  await kit.go('3')
  assert.deepEqual(kit.journal.trace.slice(8), ['3', 'end 3', 'begin 4'])
  await kit.go('4')
  await kit.go('5')
  assert.deepEqual(await kit.database.read.selectFrom('task_locks').selectAll().execute(), [])
})

test('only the kinds that a task names are interrupted, by any lock that they share', async () => {
  const build = task('build', { input: Pair, locks: (input) => input.with })
    .step('wait', { run: ({ thing }, context) => until(thing)(null, context) })
    .ends({ failed: note('interrupted') })
  const copy = task('copy', { input: Pair, locks: (input) => input.with })
    .step('wait', { run: ({ thing }, context) => until(thing)(null, context) })
    .ends({ failed: note('interrupted') })
  const remove = task('remove', { input: Pair, locks: (input) => input.with, interrupts: ['copy'] })
    .step('one', { run: note('removed') })
    .ends({})
  await using kit = await setUp([build, copy, remove])
  kit.tasks.run()
  await kit.start(build, { thing: 'build', with: ['server', 'volume'] })
  await kit.start(copy, { thing: 'copy', with: ['image', 'disk'] })
  await kit.start(copy, { thing: 'other', with: ['elsewhere'] })
  await kit.tasks.idle()
  await kit.start(remove, { thing: 'all', with: ['volume', 'image'] })
  await kit.tasks.idle()
  assert.deepEqual(kit.journal.trace, ['interrupted copy'], 'the build goes on, and is waited for')
  await kit.go('build')
  assert.deepEqual(kit.journal.trace.slice(1), ['build', 'removed all'])
  await kit.go('other')
})

test('two processes that start tasks at once do not let both run: a lower number is never seen later', async (t) => {
  const hold = task('hold', options)
    .step('begin', { run: note('begin') })
    .step('wait', { run: ({ thing }, context) => until(thing)(null, context) })
    .ends({})
  await using kit = await setUp([hold])
  if (kit.database.dialect === 'sqlite') return t.skip('one process writes')
  const other = await kit.open()
  const slow = kit.make(other)
  kit.tasks.run()
  let commit = () => {}
  const held = new Promise<void>((resolve) => {
    commit = resolve
  })
  let started = () => {}
  const inserted = new Promise<void>((resolve) => {
    started = resolve
  })
  const first = other.write(async (tx) => {
    await slow.start(tx, hold, { thing: 'a' }, 'req-first')
    started()
    await held
  })
  await inserted
  // It draws a higher number; were it to commit now, it would be first.
  const second = kit.start(hold, { thing: 'a' })
  await new Promise((resolve) => setTimeout(resolve, 100))
  await kit.tasks.idle()
  const seen = [...kit.journal.trace]
  commit()
  await Promise.all([first, second])
  await kit.tasks.idle()
  await other.close()
  assert.deepEqual(seen, [])
  assert.deepEqual(kit.journal.trace, ['begin a'], 'one of the two')
  const { read } = kit.database
  const rows = await read.selectFrom('tasks').select(['request_id', 'state']).orderBy('seq').execute()
  assert.deepEqual(rows, [
    { request_id: 'req-first', state: 'waiting' },
    { request_id: 'req-1', state: 'ready' },
  ])
})

test('a task that is told to stop in the moment in which it comes to wait does not wait', async (t) => {
  let interrupt: (() => Promise<unknown>) | null = null
  const long = task('long', options)
    .step('one', {
      async run(input, context) {
        await interrupt?.()
        interrupt = null
        await until('never')(input, context)
      },
    })
    .ends({ failed: note('interrupted') })
  const end = task('end', { ...options, interrupts: true })
    .step('one', { run: note('end') })
    .ends({})
  await using kit = await setUp([long, end])
  if (kit.database.dialect === 'sqlite') return t.skip('one process writes')
  const other = await kit.open()
  interrupt = () => other.write((tx) => kit.tasks.start(tx, end, { thing: 'a' }, 'req-2'))
  await kit.start(long, { thing: 'a' })
  kit.tasks.run()
  await kit.tasks.idle()
  await other.close()
  assert.deepEqual(kit.journal.trace, ['interrupted a', 'end a'])
})
