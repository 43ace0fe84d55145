import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { test } from 'node:test'
import { filledContainer, textOf } from '../../../testing/object-store/listings.ts'
import { testCloud } from '../../../testing/test-cloud.ts'
import { renderInPostgres } from './in-postgres.ts'
import type { ListingQuery } from './query.ts'
import { renderObjects } from './render.ts'
import { objectsIn } from './store.ts'
import { walk } from './walk.ts'

test('listings that PostgreSQL makes are those that are made here', async (t) => {
  await using cloud = await testCloud()
  const { database } = cloud.cloud
  if (database.dialect !== 'postgres') return t.skip('only on PostgreSQL')
  const letters = ['a', 'b', '/', 'é', '😀', '"', '\\', ' ', '\u0001', '\u007f', '\n', "'"]
  const text = (most: number) => textOf(letters, most)
  const { id, names } = await filledContainer(cloud, letters)
  const check = async (query: ListingQuery) => {
    const entries = await walk(query, (range) => objectsIn(database.read, id, range))
    for (const format of ['text', 'json'] as const) {
      const made = Buffer.concat((await renderInPostgres(database.read, id, query, format))!).toString()
      assert.equal(
        made,
        Buffer.concat(await renderObjects({ account: 'AUTH_x', name: 'things' }, entries, format)).toString(),
        JSON.stringify(query),
      )
    }
  }
  const any = (make: () => string) => (randomInt(3) ? '' : make())
  for (let round = 0; round < 60; round++) {
    const limit = randomInt(4) ? 10_000 : randomInt(0, 20)
    const [marker, endMarker, prefix] = [any(() => text(4)), any(() => text(4)), any(() => text(3))]
    await check({ limit, marker, endMarker, prefix, delimiter: '', path: null, reverse: false })
  }
  const everything: ListingQuery = { limit: 10_000, marker: '', endMarker: '', prefix: '', delimiter: '', path: null, reverse: false }
  await database.write(({ db }) => db.updateTable('object_store_objects').set({ kind: 'slo' }).where('name', '=', names[0]!).execute())
  assert.equal(await renderInPostgres(database.read, id, everything, 'json'), null)
  assert.equal(await renderInPostgres(database.read, id, { ...everything, delimiter: '/' }, 'text'), null)
})
