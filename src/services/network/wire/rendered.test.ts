import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRendered } from './rendered.ts'

test('only what is new or changed is rendered, and what was deleted meanwhile is left out', async () => {
  const rendered = createRendered(2)
  const asked: string[][] = []
  const texts = (rows: [string, number][], gone: string[] = []) =>
    rendered.texts(
      rows.map(([id, revision]) => ({ id, revision })),
      async (ids) => {
        asked.push(ids)
        return ids
          .filter((id) => !gone.includes(id))
          .map((id) => ({ id, revision: rows.find((row) => row[0] === id)![1], view: { id, n: asked.length } }))
      },
    )
  assert.deepEqual(
    await texts([
      ['a', 1],
      ['b', 1],
    ]),
    ['{"id":"a","n":1}', '{"id":"b","n":1}'],
  )
  assert.deepEqual(
    await texts([
      ['b', 1],
      ['a', 2],
    ]),
    ['{"id":"b","n":1}', '{"id":"a","n":2}'],
  )
  assert.deepEqual(
    await texts(
      [
        ['a', 2],
        ['b', 1],
        ['c', 1],
        ['d', 1],
      ],
      ['d'],
    ),
    ['{"id":"a","n":2}', '{"id":"b","n":1}', '{"id":"c","n":3}'],
  )
  await texts([
    ['a', 2],
    ['b', 1],
    ['c', 1],
  ])
  assert.deepEqual(asked, [['a', 'b'], ['a'], ['c', 'd'], ['b']], 'the oldest was dropped')
})
