import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { sql } from 'kysely'
import { migrations } from '../../migrations/index.ts'
import { createQuota, QuotaExceeded } from '../quota/quota.ts'
import { withDatabase } from '../testing/with-database.ts'
import { type Db, execute, isUniqueViolation } from './database.ts'
import { migrate } from './migrate.ts'

const role = (id: string, name = id) => ({
  id,
  name,
  domain_id: '',
  description: null,
  extra: { a: [1, 'ü'] },
  options: {},
  created_at: 'now',
})

test('migrations run once, from empty and from every earlier version, and refuse a newer database', () =>
  withDatabase(async (database) => {
    for (let count = 1; count <= migrations.length; count++) {
      assert.deepEqual(await migrate(database, migrations.slice(0, count), Date.now), [migrations[count - 1]!.name])
      assert.deepEqual(await migrate(database, migrations.slice(0, count), Date.now), [])
    }
    if (migrations.length > 1) await assert.rejects(migrate(database, migrations.slice(0, -1), Date.now), /newer Nephos/)
  }))

test('booleans, JSON and null come back as they were written', () =>
  withDatabase(async (database) => {
    await migrate(database, migrations, Date.now)
    await database.write(({ db }) => db.insertInto('identity_roles').values(role('r1')).execute())
    assert.deepEqual(await database.read.selectFrom('identity_roles').selectAll().execute(), [role('r1')])
    const project = {
      id: 'p1',
      name: 'n',
      domain_id: '',
      parent_id: null,
      is_domain: true,
      description: '',
      extra: {},
      tags: ['x'],
      options: {},
      created_at: 'now',
    }
    await database.write(({ db }) => db.insertInto('identity_projects').values(project).execute())
    const rows = await database.read.selectFrom('identity_projects').selectAll().where('is_domain', '=', true).execute()
    assert.deepEqual(rows, [{ ...project, enabled: true }])
  }))

test('a transaction that throws leaves nothing, and what follows it runs only after commit', () =>
  withDatabase(async (database) => {
    await migrate(database, migrations, Date.now)
    let told = 0
    await assert.rejects(
      database.write(async (tx) => {
        tx.afterCommit(() => told++)
        await tx.db.insertInto('identity_roles').values(role('r1')).execute()
        throw new Error('no')
      }),
      /no/,
    )
    assert.deepEqual(await database.read.selectFrom('identity_roles').selectAll().execute(), [])
    await database.write(async (tx) => {
      tx.afterCommit(() => told++)
      await tx.db.insertInto('identity_roles').values(role('r1')).execute()
      assert.equal(told, 0)
    })
    assert.equal(told, 1)
    const again = database.write(({ db }) => db.insertInto('identity_roles').values(role('r2', 'r1')).execute())
    await assert.rejects(again, (error) => isUniqueViolation(error))
  }))

test('security-26: an amount that is no whole number, or is negative, is never taken', () =>
  withDatabase(async (database) => {
    await migrate(database, migrations, Date.now)
    const quota = createQuota({ 'test.thing': 10, 'test.other': 10 })
    await database.write((tx) => quota.take(tx, 'p1', { 'test.thing': 9 }))
    for (const amount of [-1, -40, 0.5, Number.NaN, Number.POSITIVE_INFINITY, '1' as unknown as number])
      await assert.rejects(
        database.write((tx) => quota.take(tx, 'p1', { 'test.other': 1, 'test.thing': amount })),
        /cannot be taken/,
      )
    assert.deepEqual(await quota.show(database.read, 'p1', 'test.'), { thing: { limit: 10, in_use: 9 }, other: { limit: 10, in_use: 0 } })
  }))

test('200 parallel takes at one below the limit let exactly one through', () =>
  withDatabase(async (database) => {
    await migrate(database, migrations, Date.now)
    const quota = createQuota({ 'test.thing': 10 })
    await database.write((tx) => quota.take(tx, 'p1', { 'test.thing': 9 }))
    const results = await Promise.allSettled(
      Array.from({ length: 200 }, () => database.write((tx) => quota.take(tx, 'p1', { 'test.thing': 1 }))),
    )
    assert.equal(results.filter((r) => r.status === 'fulfilled').length, 1)
    assert.ok(results.every((r) => r.status === 'fulfilled' || r.reason instanceof QuotaExceeded))
    assert.equal((await quota.show(database.read, 'p1', 'test.')).thing!.in_use, 10)
  }))

test('writes that are asked for together all hold, but for those that fail, and each sees the ones before it', () =>
  withDatabase(async (database) => {
    await migrate(database, migrations, Date.now)
    const told: string[] = []
    const add = (id: string, fails: boolean) =>
      database.write(async ({ db, afterCommit }) => {
        afterCommit(() => told.push(id))
        await db.insertInto('identity_roles').values(role(id)).execute()
        const { count } = await db
          .selectFrom('identity_roles')
          .select(({ fn }) => fn.countAll().as('count'))
          .executeTakeFirstOrThrow()
        if (fails) throw new Error(`not ${id}`)
        return Number(count)
      })
    const results = await Promise.allSettled([add('a', false), add('b', true), add('c', false), add('a', false), add('d', false)])
    // Side by side, as on PostgreSQL, either of the two `a` may be the first.
    const [a1, b, c, a2, d] = results.map((result) => result.status)
    assert.deepEqual([b, c, d, ...[a1, a2].toSorted()], ['rejected', 'fulfilled', 'fulfilled', 'fulfilled', 'rejected'])
    const rows = await database.read.selectFrom('identity_roles').select('id').orderBy('id').execute()
    assert.deepEqual(
      rows.map((row) => row.id),
      ['a', 'c', 'd'],
    )
    assert.deepEqual(told.sort(), ['a', 'c', 'd'])
    if (database.dialect === 'sqlite') {
      assert.deepEqual(
        results.map((result) => (result.status === 'fulfilled' ? result.value : null)),
        [1, null, 2, null, 3],
      )
    }
  }))

test('who asks again and again leaves all else in the process its turn', () =>
  withDatabase(async (database) => {
    await migrate(database, migrations, Date.now)
    let turns = 0
    setInterval(() => turns++, 1).unref()
    const began = process.cpuUsage()
    const used = () => process.cpuUsage(began).user + process.cpuUsage(began).system
    while (used() < 200_000) await database.read.selectFrom('identity_roles').selectAll().execute()
    assert.ok(turns >= 5, `${turns} turns in 200 ms of processor time`)
    await database.write(async ({ db }) => {
      turns = 0
      while (used() < 400_000) await db.selectFrom('identity_roles').selectAll().execute()
    })
    assert.ok(turns >= 5, `${turns} turns in 200 ms of a transaction`)
  }))

test('security-25: what is kept of statements that clients make by their filters and sort keys has an end', () =>
  withDatabase(async (database) => {
    await migrate(database, migrations, Date.now)
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    const ask = (filters: number, differs: number) =>
      database.write(({ db }) => {
        const ids = Array.from({ length: filters }, (_, index) => `x${index}`)
        return db
          .selectFrom('identity_roles')
          .select('id')
          .where('id', 'in', ids)
          .where('name', '!=', sql.lit(`${differs}`))
          .execute()
      })
    const memory = async () => {
      // The memory of a statement is given back in a turn after its collection.
      collect()
      await new Promise((resolve) => setImmediate(resolve))
      return process.memoryUsage.rss() / 2 ** 20
    }
    await ask(1000, 0)
    const before = await memory()
    for (let index = 1; index <= 1000; index++) {
      await ask(1000, index)
      if (index % 50 === 0) await memory()
    }
    const grown = (await memory()) - before
    assert.ok(grown < 60, `${grown} MiB more`)
    if (database.dialect !== 'postgres') return
    for (let index = 0; index < 1500; index++) await ask(1, index)
    const kept = await database.write(({ db }) => execute(db, 'select count(*) as count from pg_prepared_statements'))
    assert.ok(Number((kept.rows[0] as { count: number }).count) <= 502, JSON.stringify(kept.rows))
  }))

test('a connection to PostgreSQL that is cut amid a transaction fails that transaction and nothing else', () =>
  withDatabase(async (database) => {
    if (database.dialect !== 'postgres') return
    const cut = database.write(async ({ db }) => {
      const { rows } = await execute(db, 'select pg_backend_pid() as pid')
      await execute(database.read, 'select pg_terminate_backend($1)', [(rows[0] as { pid: number }).pid])
      await new Promise((resolve) => setTimeout(resolve, 100))
      await execute(db, 'select 1')
    })
    await assert.rejects(cut)
    assert.deepEqual(await database.write(async ({ db }) => (await execute(db, 'select 1 as one')).rows), [{ one: 1 }])
  }))

test(
  'security-25: many transactions at once that read outside of themselves do not wait for each other for ever',
  { timeout: 30_000 },
  () =>
    withDatabase(async (database) => {
      await migrate(database, migrations, Date.now)
      const roles = (db: Db) => db.selectFrom('identity_roles').select('id').execute()
      const all = Array.from({ length: 60 }, () => database.write(async ({ db }) => [await roles(db), await roles(database.read)]))
      assert.equal((await Promise.all(all)).length, 60)
    }),
)
