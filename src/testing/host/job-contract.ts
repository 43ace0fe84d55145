// The part of a host's contract that is about jobs: with the guest that contract.ts has made.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Report } from '../../host/documents.ts'
import type { JobContext, JobDriver } from '../../host/driver.ts'
import { type GuestSpec, type GuestStatus, guestKind } from '../../host/guests/document.ts'
import { type Job, type JobReport, jobType } from '../../host/job.ts'
import { until } from '../until.ts'
import type { HostUnderTest } from './contract.ts'

export const job = (type: string, id: string, timeoutSeconds = 200): Job => ({
  id: id.replaceAll(' ', '-'),
  type,
  input: {},
  timeoutSeconds,
})
export const hard = (id: string) => job('reboot-hard', id)
export const soft = (id: string) => job('reboot-soft', id)

export interface JobKit {
  under(): HostUnderTest
  reports: Report[]
  /** Asks for the guest with these jobs, waits until nothing is done any more, and gives the report of the document. */
  ask(jobs: Job[], change?: Partial<GuestSpec>, id?: string): Promise<Report[]>
  /** Asks and does not wait; null: for its removal. */
  take(jobs: Job[], change?: Partial<GuestSpec> | null, id?: string): void
  idle(): Promise<void>
  lookAgain(): void
  /** The agent ends and another begins, with the same documents. */
  restart(): Promise<void>
  guestId: string
  /** The agent's folder. */
  folder(): string
}

/** Declares a type of jobs for the tests that no guest has, with what does it. */
function addType(kit: JobKit, type: string, driver: JobDriver<GuestSpec>): void {
  Object.assign(guestKind.jobs, { [type]: jobType()({}) })
  Object.assign(kit.under().host.drivers.guest.jobs, { [type]: driver })
}

/** Waits until it is cut short. */
const cutShort = ({ signal }: JobContext) =>
  new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(new Error('cut short')), { once: true }))

export function jobContract(kit: JobKit): void {
  const { reports, guestId } = kit
  const told = (id: string, from = 0): JobReport[] =>
    reports.slice(from).flatMap((report) => (report.id === guestId ? (report.jobs ?? []) : []).filter((one) => one.id === id))
  const last = (id: string): JobReport | undefined => told(id).at(-1)
  const power = () => (reports.findLast(({ id, status }) => id === guestId && status)!.status as GuestStatus).power
  const onDisk = () => readdirSync(join(kit.folder(), 'jobs')).filter((name) => name.includes(guestId))

  test('a job is done once, with progress and a result, beside a document that is done', async () => {
    const [report] = await kit.ask([soft('one')])
    assert.equal(report!.outcome, 'done', report!.error)
    const { state, result, error } = last('one')!
    assert.deepEqual([state, error, Object.keys(result as object)], ['done', undefined, ['followed']])
    assert.ok(told('one').some((one) => one.state === 'running' && one.note && one.percent! >= 0))
    assert.equal(power(), 'running')
    const from = reports.length
    kit.lookAgain()
    await kit.idle()
    assert.deepEqual(reports.slice(from), [], 'it is not done again')
  })

  test('a job that fails says why, leaves the document done, and is not tried again', async () => {
    const mend = await kit.under().failSoftReboot(guestId)
    const [report] = await kit.ask([soft('fails')])
    mend()
    assert.equal(report!.outcome, 'done')
    const failed = last('fails')!
    assert.equal(failed.state, 'failed')
    assert.ok(failed.error)
    const from = reports.length
    kit.lookAgain()
    await kit.idle()
    assert.ok(reports.slice(from).every(({ outcome }) => outcome === 'done'))
    assert.deepEqual(last('fails'), failed)
  })

  test('two jobs are done in their order, one after the other', async () => {
    const from = reports.length
    await kit.ask([hard('first'), hard('second')])
    const states = reports.slice(from).flatMap(({ jobs = [] }) => jobs.map(({ id, state }) => `${id} ${state}`))
    assert.ok(states.indexOf('first done') < states.indexOf('second running'), states.join())
    assert.deepEqual([last('first')!.state, last('second')!.state, power()], ['done', 'done', 'running'])
  })

  test('a job whose time is over is cut short and has failed; the next one is done', async () => {
    await kit.ask([job('reboot-soft', 'late', kit.under().tooShortSeconds), hard('after it')])
    assert.deepEqual([last('late')!.state, last('after-it')!.state, power()], ['failed', 'done', 'running'])
    assert.match(last('late')!.error!, /not done within .* seconds/)
  })

  test('one that the end of the agent cut off is begun again where its type says so, and has failed where it does not', async () => {
    let begun = 0
    const run = async (_id: string, _input: unknown, at: JobContext) => {
      // Known to the disk before it does anything.
      assert.match(readFileSync(join(kit.folder(), 'jobs', `guest-${guestId}.json`), 'utf8'), /"type":"test-[a-z]+","state":"begun"/)
      return ++begun === 1 || begun === 3 ? cutShort(at) : { begun }
    }
    addType(kit, 'test-again', { whenCutOff: 'begin again', run })
    addType(kit, 'test-fails', { whenCutOff: 'fail', run })
    kit.take([job('test-again', 'cut'), job('test-fails', 'cut too')])
    await until('the first was begun', () => begun === 1)
    await kit.restart()
    await until('the second was begun', () => begun === 3)
    assert.deepEqual(last('cut'), { id: 'cut', state: 'done', result: { begun: 2 } })
    await kit.restart()
    await kit.idle()
    assert.equal(last('cut-too')!.state, 'failed')
    assert.match(last('cut-too')!.error!, /agent of the host was ended/)
    assert.equal(begun, 3)
  })

  test('a reboot that was cut off is done by the next agent', async () => {
    kit.take([soft('cut reboot')])
    await until('it was begun', () => last('cut-reboot')?.state === 'running')
    await kit.restart()
    await kit.idle()
    assert.deepEqual([last('cut-reboot')!.state, power()], ['done', 'running'])
  })

  test('while a job runs its document waits, and what takes the job back ends it', async () => {
    const order: string[] = []
    addType(kit, 'test-waits', {
      whenCutOff: 'fail',
      async run(_id, _input, at) {
        await cutShort(at).catch(() => {})
        await new Promise((resolve) => setImmediate(resolve))
        order.push('job over')
      },
    })
    kit.take([job('test-waits', 'waits')])
    await until('it was begun', () => last('waits')?.state === 'running')
    const from = reports.length
    kit.take([job('test-waits', 'waits'), hard('behind')])
    kit.lookAgain()
    await new Promise((resolve) => setTimeout(resolve, 50))
    assert.deepEqual(
      reports.slice(from).filter(({ id, generation }) => id === guestId && generation > 0),
      [],
    )
    const [report] = await kit.ask([hard('instead')])
    assert.equal(report!.outcome, 'done')
    assert.deepEqual([order, last('behind'), last('instead')!.state], [['job over'], undefined, 'done'])
  })

  test('a document that is removed takes its running job along, and leaves nothing of it', async () => {
    const other = guestId.replace(/^......../, '99999999')
    await kit.ask([], { nics: [] }, other)
    const from = reports.length
    kit.take([soft('of a guest that goes')], { nics: [] }, other)
    await until('it was begun', () => reports.slice(from).some(({ id, jobs }) => id === other && jobs?.length))
    kit.take([hard('never')], null, other)
    await kit.idle()
    const [end] = reports.slice(from).filter(({ id, outcome }) => id === other && outcome === 'removed')
    assert.ok(end)
    assert.ok(!reports.slice(from).some(({ jobs }) => jobs?.some(({ id }) => id === 'never')))
    assert.deepEqual([...(await kit.under().host.drivers.guest.observe()).keys()], [guestId])
    assert.ok(readdirSync(join(kit.folder(), 'jobs')).every((name) => !name.includes(other)))
  })

  test('what a document names no more is forgotten', async () => {
    assert.equal(onDisk().length, 1)
    const [report] = await kit.ask([])
    assert.deepEqual([report!.outcome, report!.jobs, onDisk()], ['done', undefined, []])
  })
}
