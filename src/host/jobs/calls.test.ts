// Jobs from the control process's side, over a whole cloud with its fake host.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Type } from 'typebox'
import type { Tx } from '../../db/database.ts'
import { createTasks } from '../../tasks/runner.ts'
import { TaskFailure, task, Wait } from '../../tasks/task.ts'
import { guestSpec } from '../../testing/host/guests.ts'
import { type TestCloud, testCloud } from '../../testing/test-cloud.ts'
import { until } from '../../testing/until.ts'
import type { JobReport } from '../job.ts'

const host = 'fake-1'
const soft = (id: string) => ({ id, type: 'reboot-soft' as const, input: {}, timeoutSeconds: 60 })

/** A guest of no server, and what a service may do with its jobs. */
async function withGuest(work: (kit: ReturnType<typeof kitOf>) => Promise<void>, settings: { fakeDelay?: number } = {}): Promise<void> {
  await using cloud = await testCloud({ settings })
  const kit = kitOf(cloud)
  await cloud.cloud.database.write((tx) => kit.hosts.put(tx, host, 'guest', kit.id, guestSpec()))
  await cloud.settled()
  await work(kit)
}

function kitOf(cloud: TestCloud) {
  const { hosts, database, environment } = cloud.cloud
  const id = environment.uuid()
  const { read } = database
  const row = () => read.selectFrom('host_documents').selectAll().where('id', '=', id).executeTakeFirstOrThrow()
  return {
    cloud,
    hosts,
    id,
    row,
    write: database.write.bind(database),
    start: (job: string) => database.write((tx) => hosts.startJob(tx, host, 'guest', id, soft(job))),
    result: (job: string) => hosts.jobResult(read, host, 'guest', id, soft(job)),
    state: (job: string) => hosts.jobState(read, host, 'guest', id, job),
    get: () => hosts.get(read, host, 'guest', id),
    /** What an agent tells of jobs. */
    async tell(jobs: JobReport[]) {
      const [{ facts } = { facts: {} }] = await hosts.list(read)
      const { generation } = await row()
      const reports = [{ kind: 'guest' as const, id, generation, outcome: 'done' as const, jobs }]
      await hosts.sync({ host, session: 'inside', facts: facts as never, all: false, taken: [], reports }, 0)
    },
  }
}

test('a job is asked for once, waited for, and gives what its type says', () =>
  withGuest(async ({ cloud, start, result, state, row, get }) => {
    assert.equal(await state('a'), undefined)
    await start('a')
    const { generation } = await row()
    await start('a')
    assert.equal((await row()).generation, generation, 'the same id is the same job')
    await cloud.settled()
    const { followed } = await result('a')
    assert.equal(followed, true)
    assert.equal(((await state('a')) as JobReport).state, 'done')
    await start('a')
    assert.equal((await row()).generation, generation, 'also when it has ended')
    assert.deepEqual(await get(), guestSpec(), 'services do not see jobs in what they asked for')
  }))

test('ended jobs leave the document with a later change, and can still be read', () =>
  withGuest(async ({ cloud, hosts, id, start, result, write, row }) => {
    const jobs = async () => ((await row()).spec as { jobs?: { id: string }[] }).jobs?.map((job) => job.id)
    await start('a')
    await cloud.settled()
    assert.deepEqual(await jobs(), ['a'])
    await write((tx) => hosts.put(tx, host, 'guest', id, guestSpec()))
    assert.deepEqual(await jobs(), ['a'], 'the same again changes nothing')
    await write((tx) => hosts.put(tx, host, 'guest', id, guestSpec({ name: 'other' })))
    assert.equal(await jobs(), undefined)
    await cloud.settled()
    assert.deepEqual(await result('a'), { followed: true })
    await start('b')
    assert.deepEqual(await jobs(), ['b'])
    await cloud.settled()
    assert.deepEqual([await result('a'), await result('b')], [{ followed: true }, { followed: true }])
  }))

test('a change of the document keeps the jobs that are open', () =>
  withGuest(
    async ({ cloud, hosts, id, start, result, write }) => {
      await write((tx) => hosts.startJob(tx, host, 'guest', id, soft('a')))
      await write((tx) => hosts.put(tx, host, 'guest', id, guestSpec({ name: 'other' })))
      await start('b')
      await cloud.settled()
      assert.deepEqual([await result('a'), await result('b')], [{ followed: true }, { followed: true }])
    },
    { fakeDelay: 30 },
  ))

test('a host that has lost its memory is not asked again for what has ended', () =>
  withGuest(async ({ cloud, start, id }) => {
    await start('a')
    await cloud.settled()
    const boots = async () => (await cloud.host.consoleLog({ guestId: id })).split('login: ').length - 1
    assert.equal(await boots(), 2)
    await cloud.restart()
    await cloud.settled()
    assert.equal(await boots(), 1)
  }))

test('why a job failed is told, and its document is as asked all the same', () =>
  withGuest(async ({ cloud, start, result, row }) => {
    cloud.host.fail('guest.reboot-soft:1')
    await start('a')
    await cloud.settled()
    await assert.rejects(result('a'), (error: Error) => error instanceof TaskFailure && /fault injected/.test(error.message))
    assert.equal((await row()).outcome, 'done')
  }))

test('a task that waits for a job goes on when it ends, when it is taken back, and when its document is removed', () =>
  withGuest(async ({ cloud, hosts, id, write, row }) => {
    const { database, environment, log, tasks } = cloud.cloud
    await tasks.stop()
    const ends: string[] = []
    const { jobs } = cloud.host.drivers.guest
    let ask: Promise<{ followed: boolean }> = Promise.resolve({ followed: true })
    const run = (_id: string, _input: object, { signal }: { signal: AbortSignal }) =>
      Promise.race([ask, new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(new Error('cut short'))))])
    Object.assign(jobs, { 'reboot-soft': { ...jobs['reboot-soft'], run } })
    const wait = task('test.wait', { input: Type.Object({ job: Type.String() }), locks: ({ job }) => [job] })
      .step('wait', { run: ({ job }, { db }) => hosts.jobResult(db, host, 'guest', id, soft(job)) })
      .ends({
        done: async ({ job }, { results }) => void ends.push(`${job}: ${JSON.stringify(results.wait)}`),
        failed: async ({ job }, { error }) => void ends.push(`${job}: ${error}`),
      })
    const own = createTasks({ database, environment, log, cloud: () => cloud.cloud, declarations: [wait] })
    own.run()
    cloud.cloud.tasks = own // what hosts wake
    try {
      for (const [job, act, end] of [
        ['a', async () => {}, 'a: {"followed":true}'],
        ['b', (tx: Tx) => hosts.withdrawJob(tx, host, 'guest', id, 'b'), 'b: The guest is asked for reboot-soft no more.'],
        ['c', (tx: Tx) => hosts.remove(tx, host, 'guest', id), 'c: The guest is asked for reboot-soft no more.'],
      ] as const) {
        await write(async (tx) => {
          await hosts.startJob(tx, host, 'guest', id, soft(job))
          await own.start(tx, wait, { job }, 'req-1')
        })
        await own.idle()
        await write(act)
        await until(`the end of ${job}`, () => ends.length > 0)
        assert.deepEqual(ends.splice(0), [end])
        ask = new Promise(() => {}) // the others would never end
      }
      await until('the document is gone', () =>
        row().then(
          () => false,
          () => true,
        ),
      )
      await assert.rejects(
        write((tx) => hosts.startJob(tx, host, 'guest', id, soft('d'))),
        TaskFailure,
      )
    } finally {
      await own.stop()
    }
  }))

test('a host is heard on jobs that it was asked for, as much as an honest one says, and an end is an end', () =>
  withGuest(async ({ cloud, start, result, state, tell }) => {
    await cloud.agent.stop()
    await start('a')
    await assert.rejects(result('a'), Wait)
    assert.equal(await state('a'), 'waiting')
    await tell([
      { id: 'a', state: 'running', percent: 7, note: 'x'.repeat(1000) },
      { id: 'z', state: 'done', result: 1 },
    ])
    assert.deepEqual(await state('a'), { id: 'a', state: 'running', percent: 7, note: 'x'.repeat(200) })
    assert.equal(await state('z'), undefined)
    await assert.rejects(result('a'), Wait)
    await tell([{ id: 'a', state: 'failed', error: 'e'.repeat(10_000) }])
    await assert.rejects(result('a'), { message: 'e'.repeat(600) })
    await tell([{ id: 'a', state: 'done', result: { followed: true } }])
    await assert.rejects(result('a'), { message: 'e'.repeat(600) })
    await start('b')
    await tell([{ id: 'b', state: 'done', result: 'x'.repeat(20_000) }])
    await assert.rejects(result('b'), /too long/)
  }))

test('what is remembered of ended jobs is bounded, and one that was taken back is forgotten', () =>
  withGuest(async ({ cloud, hosts, id, start, state, tell, write, row }) => {
    await cloud.agent.stop()
    for (let number = 0; number < 30; number++) {
      await start(`j${number}`)
      await tell([{ id: `j${number}`, state: 'done', result: { followed: false } }])
    }
    const told = async () => (await row()).host_status as { jobs: JobReport[] }
    assert.deepEqual([(await told()).jobs.length, (await told()).jobs.at(-1)!.id], [20, 'j29'])
    await start('open')
    await tell([{ id: 'open', state: 'running' }])
    await write((tx) => hosts.withdrawJob(tx, host, 'guest', id, 'open'))
    await tell([])
    assert.equal(await state('open'), undefined)
  }))
