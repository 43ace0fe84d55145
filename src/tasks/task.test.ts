import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Type } from 'typebox'
import { type Journal, locks, note, setUp, Thing, task } from '../testing/tasks.ts'
import type { Task } from './task.ts'

const options = { input: Thing, locks }

test('a step knows what the steps before it gave, as the journal gives it back', async () => {
  const declaration = task('results', options)
    .step('pick', {
      run: async ({ thing }) => ({ host: `host-${thing}`, at: new Date(0), left: undefined }),
      undo: async (_input, { results }) => void (results.pick?.host satisfies string | undefined),
    })
    .step('nothing', { run: async () => {} })
    .step('no', { run: async () => null })
    .step('use', {
      run: async (_input, { results: { pick, nothing, no }, cloud }) =>
        void cloud.trace.push(
          pick.host satisfies string,
          pick.at satisfies string,
          `${nothing satisfies undefined}`,
          `${no satisfies null}`,
        ),
    })
    .ends({ done: async (_input, { results, cloud }) => void cloud.trace.push(`done ${results.pick.host}`) })
  await using kit = await setUp([declaration])
  await kit.start(declaration, { thing: 'a' })
  kit.tasks.run()
  await kit.tasks.idle()
  assert.deepEqual(kit.journal.trace, ['host-a', '1970-01-01T00:00:00.000Z', 'undefined', 'null', 'done host-a'])
})

test('a wrong use of results, input or register does not compile', () => {
  const one = () => task('types', options).step('one', { run: async () => 1 })
  // @ts-expect-error a number has no length
  one().step('two', { run: async (_input, { results }) => results.one.length })
  // @ts-expect-error no step of that name
  one().step('two', { run: async (_input, { results }) => results.none })
  // @ts-expect-error in an undo the step may not have come to its end
  one().step('two', { run: async () => 1, undo: async (_input, { results }) => void (results.two + 1) })
  const late = task('late', options).step('one', { run: async () => 1, late: 'go-on' })
  // @ts-expect-error what may be late may have no result
  late.step('two', { run: async (_input, { results }) => results.one + 1 })
  const [known]: Task<never, Journal>[] = [one().ends({})]
  const start = <I>(_task: Task<I, Journal>, _input: NoInfer<I>) => {}
  start(one().ends({}), { thing: 'a' })
  // @ts-expect-error another input
  start(one().ends({}), { thing: 1 })
  // @ts-expect-error whoever does not know the input may not start it
  start(known!, { thing: 'a' })
  assert.throws(() => one().step('one', { run: async () => 2 }), /two steps one/)
})

test('an input that does not fit is refused at the start', async () => {
  const declaration = task('fits', options).ends({})
  await using kit = await setUp([declaration])
  const wrong = { thing: 1 } as unknown as { thing: string }
  await assert.rejects(kit.start(declaration, wrong), /fits does not fit this version: \/thing must be string/)
})

test('a task whose row is of another version is undone, and says why', async () => {
  const declaration = task('older', options)
    .step('one', { run: note('one'), undo: note('undo one') })
    .step('two', { run: note('two'), undo: note('undo two') })
    .ends({ failed: async (_input, { cloud, error }) => void cloud.trace.push(error!) })
  const newer = task('older', { input: Type.Object({ thing: Type.String(), size: Type.Number() }), locks })
    .step('one', { run: note('one'), undo: note('undo one') })
    .step('two', { run: note('two'), undo: note('undo two') })
    .ends({ failed: async (_input, { cloud, error }) => void cloud.trace.push(error!) })
  await using kit = await setUp([declaration])
  await kit.start(declaration, { thing: 'a' })
  const tasks = kit.make(kit.database, [newer])
  tasks.run()
  await tasks.idle()
  await tasks.stop()
  const why = "The input of older does not fit this version: it must have required property 'size'."
  assert.deepEqual(kit.journal.trace, ['undo one a', why])
})

test('a register with two tasks of one name, or one that interrupts what is no task, does not start', async () => {
  const first = task('same', options).ends({})
  await using kit = await setUp([first])
  const register = (...list: Task<never, Journal>[]) => kit.make(kit.database, list)
  assert.throws(() => register(first, task('same', options).ends({})), /same name/)
  assert.throws(() => register(first, task('odd', { ...options, interrupts: ['smae'] }).ends({})), /odd interrupts smae/)
})
