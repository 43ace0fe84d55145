import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { Type } from 'typebox'
import { migrations } from '../../migrations/index.ts'
import { type Database, execute, type Tx } from '../db/database.ts'
import { migrate } from '../db/migrate.ts'
import { openDatabase } from '../db/open.ts'
import { createEnvironment, steppedClock } from '../environment.ts'
import { silentLog } from '../log.ts'
import { testDatabaseUrl } from '../testing/database.ts'
import { until } from '../testing/until.ts'
import { eventType, type ToldEvent } from './event.ts'
import { createEvents, type Events } from './events.ts'

const counted = eventType('test.counted', Type.Object({ n: Type.Number() }))
const named = eventType('test.named', Type.Object({ name: Type.String() }))
const day = 86_400

async function setUp() {
  const folder = mkdtempSync(join(tmpdir(), 'nephos-events-'))
  const { url, drop } = await testDatabaseUrl(migrations)
  const open = () => openDatabase({ databaseUrl: url, file: join(folder, 'test.db') })
  const database = await open()
  const clock = steppedClock()
  await migrate(database, migrations, clock.now)
  const environment = createEnvironment({ clock })
  const made: Events[] = []
  /** The events of a process; it is not run yet. */
  const make = (on: Database = database) => {
    const events = createEvents({ database: on, environment, log: silentLog, kept: day })
    made.push(events)
    return events
  }
  const about = { project_id: 'p', resource: { kind: 'thing', id: 't' } }
  return {
    database,
    open,
    clock,
    make,
    about,
    tell: (events: Events, n: number) => database.write((tx) => events.tell(tx, counted, { ...about, payload: { n } })),
    async [Symbol.asyncDispose]() {
      for (const events of made) await events.stop()
      await database.close()
      await drop()
      rmSync(folder, { recursive: true })
    },
  }
}

/** What a reader wrote down, each in the transaction in which it read: `resource` holds the place, and is unique for each reader. */
const write = async ({ db }: Tx, reader: string, batch: ToldEvent[]) => {
  for (const { place, payload } of batch) {
    const hard_limit = (payload as { n?: number }).n ?? -1
    await db
      .insertInto('quota_limits')
      .values({ project_id: reader, resource: String(place), hard_limit })
      .execute()
  }
}
const written = async (database: Database, reader: string) => {
  const rows = await database.read.selectFrom('quota_limits').select(['resource', 'hard_limit']).where('project_id', '=', reader).execute()
  return rows.sort((a, b) => Number(a.resource) - Number(b.resource)).map(({ hard_limit }) => hard_limit)
}

test('each reader has every event of its types once, in order, from the oldest that is kept', async () => {
  await using kit = await setUp()
  const events = kit.make()
  for (let n = 1; n <= 150; n++) await kit.tell(events, n)
  await kit.database.write((tx) => events.tell(tx, named, { ...kit.about, payload: { name: 'x' }, request_id: 'req-1', user_id: 'u' }))
  events.reader('all', { handle: (tx, batch) => write(tx, 'all', batch) })
  events.reader('counts', {
    types: [counted],
    async handle(tx, batch) {
      for (const { type, payload } of batch) assert.equal(`${type satisfies 'test.counted'} ${payload.n satisfies number}`.length > 0, true)
      await write(tx, 'counts', batch)
    },
  })
  const names: unknown[] = []
  events.reader('names', { types: [named], handle: async (_tx, batch) => void names.push(...batch) })
  events.run()
  await events.idle()
  for (let n = 151; n <= 160; n++) await kit.tell(events, n)
  await events.idle()
  const all = Array.from({ length: 160 }, (_, index) => index + 1)
  assert.deepEqual(await written(kit.database, 'counts'), all)
  assert.deepEqual(await written(kit.database, 'all'), [...all.slice(0, 150), -1, ...all.slice(150)])
  const told_at = new Date(kit.clock.now()).toISOString()
  const what = { type: 'test.named', project_id: 'p', user_id: 'u', request_id: 'req-1', resource: kit.about.resource }
  assert.deepEqual(names, [{ ...what, place: 151, told_at, payload: { name: 'x' } }])
})

test('what was rolled back was never told, and what a wrong payload would tell does not compile', async () => {
  await using kit = await setUp()
  const events = kit.make()
  const changed = kit.database.write(async (tx) => {
    await events.tell(tx, counted, { ...kit.about, payload: { n: 1 } })
    throw new Error('changed my mind')
  })
  await assert.rejects(changed)
  assert.deepEqual(await events.list({ last: 10 }), { events: [], place: 0 })
  // @ts-expect-error a text is no number
  const wrong = () => kit.database.write((tx) => events.tell(tx, counted, { ...kit.about, payload: { n: 'one' } }))
  assert.equal(typeof wrong, 'function')
})

test('a reader that dies before its commit reads the same again, and has written it once', async () => {
  await using kit = await setUp()
  const first = kit.make()
  for (let n = 1; n <= 5; n++) await kit.tell(first, n)
  let deaths = 0
  first.reader('audit', {
    async handle(tx, batch) {
      await write(tx, 'audit', batch)
      deaths++
      throw new Error('killed')
    },
  })
  first.run()
  await until('the reader was at it', () => deaths === 1)
  await first.stop()
  assert.deepEqual(await written(kit.database, 'audit'), [])
  const second = kit.make()
  second.reader('audit', { handle: (tx, batch) => write(tx, 'audit', batch) })
  second.run()
  await second.idle()
  await kit.tell(second, 6)
  await second.idle()
  assert.deepEqual(await written(kit.database, 'audit'), [1, 2, 3, 4, 5, 6])
})

test('a reader that fails is tried again later and later, and keeps no other back', async () => {
  await using kit = await setUp()
  const events = kit.make()
  let tries = 0
  events.reader('bad', {
    async handle() {
      tries++
      throw new Error('no')
    },
  })
  events.reader('good', { handle: (tx, batch) => write(tx, 'good', batch) })
  events.run()
  await kit.tell(events, 1)
  await events.idle()
  assert.deepEqual([tries, await written(kit.database, 'good')], [1, [1]])
  await kit.tell(events, 2)
  await events.idle()
  assert.deepEqual([tries, await written(kit.database, 'good')], [1, [1, 2]])
  for (let second = 0; second < 10; second++) {
    await kit.clock.advance(1000)
    await events.idle()
  }
  assert.equal(tries, 4, 'after 1, 2 and 4 seconds')
})

test('an event that is committed after a later one comes after it, and is not left out', async (t) => {
  await using kit = await setUp()
  if (kit.database.dialect === 'sqlite') return t.skip('one process writes')
  const events = kit.make()
  const other = await kit.open()
  events.reader('audit', { handle: (tx, batch) => write(tx, 'audit', batch) })
  events.run()
  const told = Promise.withResolvers<void>()
  const commit = Promise.withResolvers<void>()
  const slow = other.write(async (tx) => {
    await events.tell(tx, counted, { ...kit.about, payload: { n: 1 } })
    told.resolve()
    await commit.promise
  })
  await told.promise
  for (const n of [2, 3]) await kit.tell(events, n)
  await events.idle()
  const before = await written(kit.database, 'audit')
  commit.resolve()
  await slow
  await events.idle()
  await other.close()
  assert.deepEqual(before, [2, 3])
  assert.deepEqual(await written(kit.database, 'audit'), [2, 3, 1])
})

test('two processes with one reader read each event once', async (t) => {
  await using kit = await setUp()
  if (kit.database.dialect === 'sqlite') return t.skip('one process writes')
  const other = await kit.open()
  const both = [kit.make(), kit.make(other)]
  const read: number[] = []
  for (const events of both) {
    events.reader('audit', {
      types: [counted],
      async handle({ db, afterCommit }, batch) {
        // Long enough for the other to come to the same place.
        await execute(db, 'select pg_sleep(0.05)')
        afterCommit(() => read.push(...batch.map(({ payload }) => payload.n)))
      },
    })
    events.run()
  }
  const all = Array.from({ length: 60 }, (_, index) => index + 1)
  await Promise.all(all.map((n) => kit.tell(both[n % 2]!, n)))
  await Promise.all(both.map((events) => events.idle()))
  await both[1]!.stop()
  await other.close()
  assert.deepEqual(
    read.sort((a, b) => a - b),
    all,
  )
})

test('events are kept for their time, and until every reader has read them; a reader that is gone holds nothing', async () => {
  await using kit = await setUp()
  const [old, mine] = [kit.make(), kit.make()]
  old.reader('gone', {
    async handle() {
      throw new Error('it never reads')
    },
  })
  mine.reader('mine', { handle: async () => {} })
  await kit.tell(old, 1)
  const count = async () => (await kit.database.read.selectFrom('events').select('seq').execute()).length
  mine.run()
  await mine.idle()
  await kit.database.write(({ db }) =>
    db
      .insertInto('event_readers')
      .values({ name: 'gone', seen_at: new Date(kit.clock.now()).toISOString() })
      .execute(),
  )
  await mine.purge()
  assert.equal(await count(), 1, 'it is young')
  await kit.clock.advance(2 * day * 1000)
  await kit.tell(old, 2)
  await mine.idle()
  await mine.purge()
  assert.equal(await count(), 2, 'one has not read it')
  await old.purge()
  await kit.clock.advance(6 * day * 1000)
  await mine.purge()
  assert.equal(await count(), 2, 'it was there six days ago')
  await kit.clock.advance(2 * day * 1000)
  await kit.tell(old, 3)
  await mine.idle()
  await mine.purge()
  assert.equal(await count(), 1)
  assert.deepEqual(
    (await mine.list({ after: 0 })).events.map(({ place, payload }) => [place, payload]),
    [[3, { n: 3 }]],
    'places go on',
  )
})

test('a list shows the newest, or what came after a place, of some types', async () => {
  await using kit = await setUp()
  const events = kit.make()
  for (let n = 1; n <= 3; n++) await kit.tell(events, n)
  await kit.database.write((tx) => events.tell(tx, named, { ...kit.about, payload: { name: 'x' } }))
  const places = async (which: Parameters<Events['list']>[0]) => (await events.list(which)).events.map(({ place }) => place)
  assert.deepEqual(await places({ last: 2 }), [3, 4])
  assert.deepEqual(await places({ last: 2, types: ['test.counted'] }), [2, 3])
  assert.deepEqual(await places({ after: 1 }), [2, 3, 4])
  assert.deepEqual(await places({ after: 1, types: ['test.named'] }), [4])
  assert.equal((await events.list({ after: 4 })).place, 4)
})
