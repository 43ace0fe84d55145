import assert from 'node:assert/strict'
import { test } from 'node:test'
import { locks, setUp, Thing, task } from '../testing/tasks.ts'
import { Wait } from './task.ts'

const options = { input: Thing, locks }

test('a task tells how far it is, also while it waits, and its end tells what came of it', async () => {
  const copy = task('copy', options)
    .step('begin', { run: async () => {} })
    .step('copy', {
      async run(_input, { progress, cloud }) {
        progress(40.7, 'copying')
        if (!cloud.trace.includes('go')) throw new Wait('go')
      },
    })
    .ends({ done: async ({ thing }) => thing.length })
  await using kit = await setUp([copy])
  const id = await kit.start(copy, { thing: 'abc' })
  const told = async () => {
    const { state, step, at, steps, progress, note, result } = (await kit.tasks.get(kit.database.read, id))!
    return { state, step, at, steps, progress, note, result }
  }
  const none = { progress: null, note: null, result: null }
  assert.deepEqual(await told(), { ...none, state: 'ready', step: 'begin', at: 1, steps: 2 })
  kit.tasks.run()
  await kit.tasks.idle()
  assert.deepEqual(await told(), { state: 'waiting', step: 'copy', at: 2, steps: 2, progress: 40, note: 'copying', result: null })
  // Work outside of the steps tells often; of that the last is written, once a second.
  let writes = 0
  const write = kit.database.write
  kit.database.write = (...given) => {
    writes++
    return write.apply(kit.database, given) as never
  }
  for (let percent = 41; percent <= 90; percent++) kit.tasks.progress(id, percent)
  await kit.clock.advance(1000)
  while ((await told()).progress !== 90) await new Promise((resolve) => setImmediate(resolve))
  assert.equal(writes, 1)
  kit.database.write = write
  await kit.go('go')
  assert.deepEqual(await told(), { state: 'done', step: null, at: 2, steps: 2, progress: 40, note: 'copying', result: 3 })
  assert.equal(await kit.tasks.get(kit.database.read, 'none'), undefined)
  assert.throws(() => kit.tasks.progress(id, 101), /no percentage/)
})
