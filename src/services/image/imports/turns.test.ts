import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createTurns } from './turns.ts'

test('work goes so many at a time, in order; who gives up waiting takes no turn from others', async () => {
  const turns = createTurns(2)
  const never = new AbortController().signal
  const open: (() => void)[] = []
  const begun: number[] = []
  const start = (id: number, signal = never) =>
    turns.take(signal, () => {
      begun.push(id)
      return new Promise<void>((resolve) => open.push(resolve))
    })
  const rest = () => new Promise((resolve) => setImmediate(resolve))
  const leaving = new AbortController()
  const all = [start(1), start(2), start(3, leaving.signal), start(4), start(5)]
  const left = assert.rejects(all[2]!)
  await rest()
  assert.deepEqual(begun, [1, 2])
  leaving.abort()
  await left
  open[0]!()
  await rest()
  assert.deepEqual(begun, [1, 2, 4])
  open[1]!()
  await rest()
  assert.deepEqual(begun, [1, 2, 4, 5])
  open[2]!()
  open[3]!()
  await Promise.all([all[0], all[1], all[3], all[4]])
  const failing = turns.take(never, () => Promise.reject(new Error('no')))
  await assert.rejects(failing)
  await turns.take(never, async () => begun.push(6))
  assert.equal(begun.at(-1), 6)
})
