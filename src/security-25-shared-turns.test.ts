import assert from 'node:assert/strict'
import { test } from 'node:test'
import { longestTurn, onThisMachine } from './testing/turns.ts'
import { createSlice } from './turns.ts'

/** Uses so much processor time. */
function spin(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end; ) Math.hypot(1, 2)
}

test('security-25: many at work hold the process no longer than one, and take turns', async () => {
  const turn = createSlice()
  const steps: number[] = []
  const work = async (who: number) => {
    for (let step = 0; step < 10; step++) {
      await turn()
      spin(1)
      steps.push(who)
    }
  }
  const held = await longestTurn(() => Promise.all(Array.from({ length: 30 }, (_, who) => work(who))))
  // A slice of its own for each of the thirty would be 300 ms.
  assert.ok(held < onThisMachine(100), `${held} ms`)
  // Who came last has done half of his when who came first has done all of his, or more.
  assert.ok(steps.indexOf(0, 1) >= 0 && steps.slice(0, steps.lastIndexOf(0)).filter((who) => who === 29).length >= 5, steps.join(' '))
})
