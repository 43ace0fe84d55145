import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { migrations } from '../../migrations/index.ts'
import { withDatabase } from '../testing/with-database.ts'
import { type Column, columnKind, columnNamed } from './columns.ts'
import { inPlaceOf } from './compile.ts'
import { ask, type Database } from './database.ts'
import { migrate } from './migrate.ts'

const at = '2026-01-01T00:00:00.000Z'
const role = { id: 'r', name: 'true', domain_id: '', description: null, extra: { a: [1, 'ü'] }, options: {}, created_at: at }
const project = { id: 'p', name: '5', domain_id: '', parent_id: null, is_domain: false, description: '', created_at: at }
const shape = { extra: {}, tags: ['x'], options: { deep: [null] } }

const withRows = (work: (database: Database) => Promise<void>) =>
  withDatabase(async (database) => {
    await migrate(database, migrations, Date.now)
    await database.write(async ({ db }) => {
      await db.insertInto('identity_roles').values(role).execute()
      await db
        .insertInto('identity_projects')
        .values({ ...project, ...shape })
        .execute()
    })
    await work(database)
  })

test('a value is read as its table and column say, whatever the query calls it', () =>
  withRows(async ({ read, write }) => {
    const renamed = await read
      .selectFrom('identity_roles as r')
      .innerJoin('identity_projects as p', 'p.domain_id', 'r.domain_id')
      .select(['r.name as enabled', 'p.name as tags', 'p.tags as name', 'p.enabled as id', 'r.extra as created_at'])
      .execute()
    assert.deepEqual(renamed, [{ enabled: 'true', tags: '5', name: ['x'], id: true, created_at: role.extra }])
    const inside = await read
      .selectFrom((from) => from.selectFrom('identity_projects').select(['tags as name', 'is_domain as options']).as('inner'))
      .selectAll()
      .execute()
    assert.deepEqual(inside, [{ name: ['x'], options: false }])
    const known = await ask(read, 'select options as id, name as options from identity_projects', [])
    assert.deepEqual(known, [{ id: shape.options, options: '5' }])
    const change = ({ db }: Parameters<Parameters<typeof write>[0]>[0]) =>
      db.updateTable('identity_projects').set({ enabled: false }).returning(['enabled as name', 'name as enabled']).execute()
    assert.deepEqual(await write(change), [{ name: false, enabled: '5' }])
    const missing = await read
      .selectFrom('identity_roles as r')
      .leftJoin('identity_projects as p', 'p.name', 'r.name')
      .select(['r.id', 'p.enabled', 'p.tags'])
      .execute()
    assert.deepEqual(missing, [{ id: 'r', enabled: null, tags: null }])
  }))

test('of two columns with one name in a result the last one counts', () =>
  withRows(async ({ read }) => {
    assert.deepEqual(await ask(read, 'select enabled as x, name as x from identity_projects', []), [{ x: '5' }])
    assert.deepEqual(await ask(read, 'select name as x, is_domain as x from identity_projects', []), [{ x: false }])
    assert.deepEqual(await ask(read, 'select is_domain, is_domain from identity_projects', []), [{ is_domain: false }])
  }))

test('an expression is read as all columns of its name, and one whose name says nothing is no boolean in silence', () =>
  withRows(async ({ read, dialect }) => {
    const chosen = read.selectFrom('identity_projects').select((eb) => eb.case().when('id', '=', 'p').then(eb.ref('tags')).end().as('tags'))
    assert.deepEqual(await chosen.execute(), [{ tags: ['x'] }])
    const greatest = (name: string) => ask(read, `select max(is_domain) as ${name} from identity_projects`, [])
    assert.deepEqual(await greatest('is_domain'), [{ is_domain: false }])
    if (dialect === 'postgres') await assert.rejects(greatest('latest'), /'latest' is a boolean by an expression/)
    const of = (table: string, kind: Column['kind']): Column => ({ table, name: 'x', kind, nullable: false, fallback: null })
    assert.throws(() => columnNamed('x', [of('a', 'text'), of('b', 'int'), of('c', 'json')]), /'x' is text in a and json in c/)
    assert.equal(columnNamed('x', [of('a', 'text'), of('b', 'int')])?.table, 'a')
  }))

test('a value that its column cannot hold is refused by table and column, and the value is not told', () =>
  withRows(async ({ read, write }) => {
    const refused = async (message: string, work: Parameters<typeof write>[0]) =>
      assert.rejects(write(work), (error: Error) => error.message === message, message)
    const set = (values: object) => (({ db }) => db.updateTable('identity_projects').set(values).execute()) as Parameters<typeof write>[0]
    await refused('identity_projects.enabled holds bool, not a value of type string', set({ enabled: 'secret' }))
    await refused('identity_projects.enabled holds bool, not a whole number', set({ enabled: 1 }))
    await refused('identity_projects.name holds text, not a value of type object', set({ name: {} }))
    await refused('identity_projects.name holds text, not a list', set({ name: ['a'] }))
    await refused('identity_projects.created_at holds time, not a whole number', set({ created_at: 7 }))
    await refused('identity_users.token_epoch holds int, not a number that is not whole', ({ db }) =>
      db.updateTable('identity_users').set({ token_epoch: 0.5 }).execute(),
    )
    await refused('object_store_blobs.data holds bytes, not a value of type string', ({ db }) =>
      db
        .insertInto('object_store_blobs')
        .values({ id: 'b', data: 'text' as never })
        .execute(),
    )
    const other = { ...role, id: 'other', name: 'other' }
    await refused('identity_roles.description holds text, not a value of type boolean', ({ db }) =>
      db
        .insertInto('identity_roles')
        .values([other, { ...other, id: 'o2', description: true as never }])
        .execute(),
    )
    await refused('identity_roles.name holds text, not a whole number', ({ db }) =>
      db
        .insertInto('identity_roles')
        .values(role)
        .onConflict((c) => c.column('id').doUpdateSet({ name: 5 as never }))
        .execute(),
    )
    const ready = read.updateTable('identity_roles').set({ name: '' }).where('id', '=', '').compile()
    await refused('identity_roles.name holds text, not a value of type boolean', ({ db }) =>
      ask(db, ready.sql, inPlaceOf(ready.parameters, [false, 'r'])),
    )
    assert.deepEqual(await read.selectFrom('identity_roles').selectAll().execute(), [role])
    assert.deepEqual(await read.selectFrom('identity_projects').selectAll().execute(), [{ ...project, ...shape, enabled: true }])
  }))

test('JSON of any kind comes back as it was written, also texts, booleans and null', () =>
  withRows(async ({ read, write }) => {
    for (const value of ['', 'text', '"', 'null', 5, 0, -1.5, true, false, null, [], [null], {}, { a: undefined, b: 'ü' }]) {
      const task = { task_id: 't', step: JSON.stringify(value), finished_at: at }
      await write(({ db }) =>
        db
          .insertInto('task_steps')
          .values({ ...task, result: value })
          .execute(),
      )
      const query = read.selectFrom('task_steps').select('result').where('step', '=', task.step)
      assert.deepEqual(await query.execute(), [{ result: value === null ? null : JSON.parse(task.step) }])
      // Of a column that may not be null, null is a value like any other.
      const change = await write(({ db }) =>
        db
          .updateTable('identity_roles')
          .set({ extra: value as never })
          .returning('extra')
          .execute(),
      )
      assert.deepEqual(change, [{ extra: JSON.parse(task.step) }])
    }
  }))

test('bytes come back as they were written, as a Buffer', () =>
  withRows(async ({ read, write }) => {
    const bytes = new Uint8Array([0, 1, 255, 128, 7]).subarray(1, 4)
    await write(({ db }) =>
      db
        .insertInto('object_store_blobs')
        .values({ id: 'b', data: bytes as Buffer })
        .execute(),
    )
    const { data } = await read.selectFrom('object_store_blobs').select('data').executeTakeFirstOrThrow()
    assert.deepEqual(data, Buffer.from([1, 255, 128]))
  }))

test('what is stored and is no JSON is told by table and column', () =>
  withRows(async ({ read, write }) => {
    await write(({ db }) => db.updateTable('identity_roles').set({ extra: sql`'{'` }).execute())
    await assert.rejects(read.selectFrom('identity_roles').select('extra as x').execute(), /identity_roles\.extra holds what is not JSON/)
  }))

test('a query knows the kinds of what it reads, through aliases, joins and queries inside', () =>
  withRows(async ({ read }) => {
    const joined = read.selectFrom('identity_projects as p').innerJoin('identity_limits as l', 'l.project_id', 'p.id').selectAll('l')
    assert.equal(columnKind(joined, 'tags'), 'json')
    assert.equal(columnKind(joined, 'l.resource_limit'), 'int')
    assert.equal(columnKind(joined, 'p.resource_limit'), undefined)
    assert.equal(columnKind(read.selectFrom(joined.as('inner')).selectAll(), 'resource_limit'), 'int')
    const twice = read.selectFrom(['object_store_objects', 'images']).selectAll()
    assert.equal(columnKind(twice, 'metadata'), 'json')
    assert.equal(columnKind(twice, 'size'), 'int')
    const differing = read.selectFrom(['images', 'object_store_containers']).selectAll()
    assert.throws(() => columnKind(differing, 'id'), /'id' is text in images and serial in object_store_containers/)
    assert.equal(columnKind(differing, 'object_store_containers.id'), 'serial')
  }))
