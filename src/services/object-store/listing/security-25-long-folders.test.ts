import assert from 'node:assert/strict'
import { test } from 'node:test'
import { filledContainer } from '../../../testing/object-store/listings.ts'
import { testCloud } from '../../../testing/test-cloud.ts'
import { longestTurn, onThisMachine } from '../../../testing/turns.ts'
import { renderInSqlite } from './in-sqlite.ts'

test('security-25: a page of ten thousand folders or objects holds the process for no longer than a part of it takes', async (t) => {
  await using cloud = await testCloud()
  const { database } = cloud.cloud
  if (database.dialect !== 'sqlite') return t.skip('elsewhere the database is another process')
  // As long as names may be, with what JSON has to escape.
  const long = 'é&<"x'.repeat(160)
  const names = Array.from({ length: 10_000 }, (_, index) => [`folders/${index}${long}/o`, `objects/${index}${long}`]).flat()
  const { id } = await filledContainer(cloud, [], names)
  for (const prefix of ['folders/', 'objects/'])
    for (const format of ['json', 'text'] as const) {
      const query = { limit: 10_000, marker: '', endMarker: '', prefix, delimiter: '/', path: null, reverse: false }
      const work = async () => assert.ok(await renderInSqlite(database.read, id, query, format))
      let held = await longestTurn(work)
      // What the collector does in one of them is no matter.
      for (let again = 0; held >= onThisMachine(35) && again < 3; again++) held = Math.min(held, await longestTurn(work))
      assert.ok(held < onThisMachine(35), `${prefix} as ${format}: ${held} ms`)
    }
})
