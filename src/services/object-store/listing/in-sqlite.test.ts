import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { test } from 'node:test'
import { ask } from '../../../db/database.ts'
import { filledContainer, textOf } from '../../../testing/object-store/listings.ts'
import { withContainer } from '../../../testing/object-store/store.ts'
import { testCloud } from '../../../testing/test-cloud.ts'
import { folderQuery, plainQuery, renderInSqlite } from './in-sqlite.ts'
import type { ListingQuery } from './query.ts'
import { renderObjects } from './render.ts'
import { objectsIn } from './store.ts'
import { walk } from './walk.ts'

const joined = (pieces: Buffer[] | null) => Buffer.concat(pieces!).toString()

test('listings that SQLite makes are those that are made here, and come from entries that are always those of the objects', async (t) => {
  await using cloud = await testCloud()
  const { database } = cloud.cloud
  if (database.dialect !== 'sqlite') return t.skip('only on SQLite')
  const letters = ['a', 'b', '/', '//', 'é', '😀', '"', '\\', ' ']
  const text = (most: number) => textOf(letters, most)
  const { id, names } = await filledContainer(cloud, letters)
  for (let round = 0; round < 200; round++) {
    const any = (make: () => string) => (randomInt(3) ? '' : make())
    const query: ListingQuery = {
      limit: randomInt(4) ? 10_000 : randomInt(1, 20),
      marker: any(() => text(4)),
      endMarker: any(() => text(4)),
      prefix: any(() => text(3)),
      delimiter: randomInt(3) ? ['/', 'é', '//'][randomInt(3)]! : '',
      path: null,
      reverse: false,
    }
    const entries = await walk(query, (range) => objectsIn(database.read, id, range))
    const made = joined(await renderInSqlite(database.read, id, query, 'text'))
    assert.equal(
      made,
      Buffer.concat(await renderObjects({ account: 'AUTH_x', name: 'things' }, entries, 'text')).toString(),
      JSON.stringify(query),
    )
    const json = joined(await renderInSqlite(database.read, id, query, 'json'))
    assert.deepEqual(
      JSON.parse(json),
      JSON.parse(Buffer.concat(await renderObjects({ account: 'AUTH_x', name: 'things' }, entries, 'json')).toString()),
    )
  }
  const plan = async (sql: string) => {
    const values = Array.from(sql.matchAll(/\?/g), () => 1)
    return JSON.stringify(await ask(database.read, `explain query plan ${sql}`, values))
  }
  for (const sql of [plainQuery(false, true, true), folderQuery(false, true, true)]) {
    assert.match(await plan(sql), /SEARCH object_store_listed USING PRIMARY KEY/)
    assert.doesNotMatch(await plan(sql), /SCAN object_store|TEMP B-TREE|object_store_objects/)
  }
  // However objects change, their entries are those of now.
  await database.write(async ({ db }) => {
    const at = (name: string) => db.updateTable('object_store_objects').where('container_id', '=', id).where('name', '=', name)
    for (const [index, name] of names.slice(0, 90).entries()) {
      if (index % 3 === 0) await db.deleteFrom('object_store_objects').where('container_id', '=', id).where('name', '=', name).execute()
      else if (index % 3 === 1)
        await at(name)
          .set({ size: 7, changed_at: 144804929700000 + index })
          .execute()
      else
        await at(name)
          .set(index % 2 ? { kind: 'dlo' } : { content_type: 'text/ü', metadata: { a: 'b' } })
          .execute()
    }
  })
  const everything: ListingQuery = { limit: 10_000, marker: '', endMarker: '', prefix: '', delimiter: '', path: null, reverse: false }
  assert.equal(await renderInSqlite(database.read, id, everything, 'json'), null) // some cannot be made
  await database.write(({ db }) => db.deleteFrom('object_store_objects').where('kind', '=', 'dlo').execute())
  await database.write(({ db }) => db.updateTable('object_store_objects').set({ content_type: 'a/b' }).execute())
  const now = Buffer.concat(
    await renderObjects(
      { account: 'AUTH_x', name: 'things' },
      await walk(everything, (range) => objectsIn(database.read, id, range)),
      'json',
    ),
  ).toString()
  assert.deepEqual(JSON.parse(joined(await renderInSqlite(database.read, id, everything, 'json'))), JSON.parse(now))
  const counts = await ask<{ objects: number; entries: number }>(
    database.read,
    'select (select count(*) from object_store_objects) as objects, (select count(*) from object_store_listed) as entries',
    [],
  )
  assert.equal(counts[0]!.entries, counts[0]!.objects)
})

test('a page of several statements is the same as one that is made here', async (t) => {
  await using cloud = await testCloud()
  const { database } = cloud.cloud
  if (database.dialect !== 'sqlite') return t.skip('only on SQLite')
  const letters = ['a', 'b', '/', '//', 'é', '😀', '"', '\\', '{', ',', '{"bytes":', '{"subdir":']
  // Many of them, and with as many folders; some have what stands between the lines of a text.
  const names = new Set(
    Array.from({ length: 9_000 }, (_, index) => `${index % 3 ? '' : 'x/'}${textOf(letters, 5)}${index}${textOf(letters, 4)}`),
  )
  const { id } = await filledContainer(cloud, letters, [
    ...names,
    ...Array.from({ length: 5_000 }, (_, index) => `y/${index}{\n{/${index}`),
  ])
  const container = { account: 'AUTH_x', name: 'things' }
  for (const prefix of ['', 'x/', 'y/', 'y/1'])
    for (const delimiter of ['', '/', 'é', '//'])
      for (const limit of [10_000, 7_001, 701]) {
        const query: ListingQuery = { limit, marker: '', endMarker: '', prefix, delimiter, path: null, reverse: false }
        const entries = await walk(query, (range) => objectsIn(database.read, id, range))
        const what = JSON.stringify(query)
        const wanted = async (format: 'text' | 'json') => Buffer.concat(await renderObjects(container, entries, format)).toString()
        assert.deepEqual(JSON.parse(joined(await renderInSqlite(database.read, id, query, 'json'))), JSON.parse(await wanted('json')), what)
        const made = await renderInSqlite(database.read, id, query, 'text')
        if (made) assert.equal(joined(made), await wanted('text'), what)
        else
          assert.ok(
            entries.some((entry) => ('subdir' in entry ? entry.subdir : entry.name).includes('\n')),
            what,
          )
      }
})

test('what SQL cannot say of an object is said all the same', async () => {
  await using cloud = await testCloud()
  const { call, member, at } = await withContainer(cloud)
  await call('PUT', 'plain', 201, { raw: 'x' })
  await call('PUT', 'odd', 201, { raw: 'x', headers: { 'content-type': Buffer.from('text/ü').toString('latin1') } })
  const listed = (await member.get(`${at('')}?format=json`)).body as { name: string; content_type: string }[]
  assert.deepEqual(
    listed.map(({ name, content_type }) => [name, content_type]),
    [
      ['odd', 'text/ü'],
      ['plain', 'text/plain;charset=UTF-8'],
    ],
  )
})
