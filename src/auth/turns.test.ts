import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as later } from 'node:timers/promises'
import { createTurns, lineOf, TooManyWaiting } from './turns.ts'

test('clients take turns, whoever came first; within a line the order is kept', async () => {
  const turns = createTurns({ atOnce: 2, ofClient: 10, inAll: 100 })
  const order: string[] = []
  const work = async (client: string, name: string) => {
    await turns.take(client)
    order.push(name)
  }
  const all = [...'abcdefgh'].map((name) => work('flood', name))
  all.push(work('one', 'true'), work('other', 'x'), work('other', 'y'))
  for (let left = all.length; left > 0; left--) {
    await later()
    turns.give()
  }
  await Promise.all(all)
  assert.deepEqual(order, ['a', 'b', 'c', 'true', 'x', 'd', 'y', 'e', 'f', 'g', 'h'])
})

test('a line and all lines together have an end; what was given back can be taken', async () => {
  const turns = createTurns({ atOnce: 1, ofClient: 2, inAll: 3 })
  const refused = async (client: string) => {
    const error = await turns.take(client).then(
      () => null,
      (thrown) => thrown,
    )
    assert.ok(error instanceof TooManyWaiting)
    return error.ofClient
  }
  await turns.take('a')
  const waiting = [turns.take('a'), turns.take('a')]
  assert.equal(await refused('a'), true)
  waiting.push(turns.take('b'))
  assert.equal(await refused('c'), false)
  for (const _ of [1, 2, 3, 4]) turns.give()
  await Promise.all(waiting)
  await turns.take('c')
  turns.give()
})

test('an address is its own line, but for IPv6, where a network of 64 bits is one', () => {
  assert.equal(lineOf('::ffff:10.0.0.1'), lineOf('10.0.0.1'))
  assert.notEqual(lineOf('10.0.0.1'), lineOf('10.0.0.2'))
  assert.equal(lineOf('2001:db8::1'), lineOf('2001:db8:0:0:ffff::2'))
  assert.notEqual(lineOf('2001:db8::1'), lineOf('2001:db8:0:1::1'))
  assert.equal(lineOf(''), '')
})
