// What the control process may rely on, whichever host is behind: the same tests for the linux host and the fake one.
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { createEnvironment } from '../../environment.ts'
import type { HostDocument, Report } from '../../host/documents.ts'
import type { Host } from '../../host/driver.ts'
import type { GuestImage, GuestSpec, GuestStatus } from '../../host/guests/document.ts'
import { openJournal } from '../../host/journal.ts'
import { type Kind, kinds } from '../../host/kinds.ts'
import { createReconciler } from '../../host/reconcile.ts'
import { silentLog } from '../../log.ts'
import { until } from '../until.ts'
import { blankDisk, guestSpec, testDisks } from './guests.ts'
import { hard, jobContract } from './job-contract.ts'
import { egress, network, port, router, rule, subnet } from './machine.ts'

export interface HostUnderTest {
  host: Host
  /** An image that boots there and ends at a login prompt. */
  image: GuestImage
  /** The next guest with this change cannot be made. */
  impossible(): Partial<GuestSpec>
  /** The next soft reboot of the guest fails; gives what mends it. */
  failSoftReboot(guestId: string): Promise<() => void>
  /** The guest lets go of no device; gives what mends it. */
  keepDevices(guestId: string): Promise<() => void>
  /** No soft reboot is over in so many seconds. */
  tooShortSeconds: number
  /** Ends a guest from outside, as if its process had been killed. */
  kill(guestId: string): Promise<void>
  dispose(): Promise<void>
}

const environment = createEnvironment()
const { uuid } = environment

/** Registers the tests; they run in their order, on one host. */
export const hostContract = (make: () => Promise<HostUnderTest>) => describe('a host keeps its contract', () => register(make))

function register(make: () => Promise<HostUnderTest>): void {
  let made: HostUnderTest
  let reconciler: ReturnType<typeof createReconciler>
  const reports: Report[] = []
  const generations = new Map<string, number>()
  const [net, group, routerId, portId, guestId] = [uuid(), uuid(), uuid(), uuid(), uuid()]
  const ids: Record<Kind, string> = { network: net, 'security-group': group, router: routerId, port: portId, guest: guestId }
  let guest: GuestSpec
  let folder = ''

  const start = () => {
    const { jobs } = openJournal(folder)
    return createReconciler({ host: made.host, environment, log: silentLog, jobs, report: (report) => void reports.push(report) })
  }
  function next(id: string): number {
    const generation = (generations.get(id) ?? 0) + 1
    generations.set(id, generation)
    return generation
  }
  /** Asks for these and gives what was reported of them. */
  async function ask(...wishes: Omit<HostDocument, 'generation'>[]): Promise<Report[]> {
    const from = reports.length
    const documents = wishes.map((wish) => {
      return { ...wish, generation: next(wish.id) } as HostDocument
    })
    reconciler.take(documents)
    await reconciler.idle()
    return documents.map(({ kind, id, generation }) => {
      const found = reports.slice(from).findLast((report) => report.kind === kind && report.id === id && report.generation === generation)
      assert.ok(found, `${kind} was reported`)
      return found
    })
  }
  const askGuest = async (change: Partial<GuestSpec>): Promise<GuestStatus> => {
    guest = { ...guest, ...change }
    const [report] = await ask({ kind: 'guest', id: guestId, spec: guest })
    assert.equal(report!.outcome, 'done', report!.error)
    return report!.status as GuestStatus
  }
  const have = async (kind: Kind) => [...(await made.host.drivers[kind].observe()).keys()]

  before(async () => {
    made = await make()
    folder = await mkdtemp(join(tmpdir(), 'host-journal-'))
    reconciler = start()
    const mac = 'fa:16:3e:00:00:05'
    guest = guestSpec({ disks: testDisks(made.image, { diskGiB: 0 }), nics: [{ portId, mac, mtu: 1450 }] })
  })
  after(async () => {
    await reconciler?.stop()
    await made?.dispose()
    await rm(folder, { recursive: true, force: true })
  })

  test('it says what it is', async () => {
    const facts = await made.host.facts()
    for (const name of ['hypervisorType', 'hypervisorHostname', 'hostIp'] as const) assert.equal(typeof facts[name], 'string')
    for (const name of ['cpus', 'memoryMiB', 'diskGiB'] as const) assert.ok(facts[name] > 0, name)
  })

  test('what is asked for is made and reported, whatever the order', async () => {
    const address = '10.0.0.5'
    const answers = await ask(
      { kind: 'guest', id: guestId, spec: guest },
      { kind: 'port', id: portId, spec: port(net, guest.nics[0]!.mac, address, { securityGroupIds: [group], guestId }) },
      { kind: 'router', id: routerId, spec: router({}) },
      { kind: 'security-group', id: group, spec: { rules: [...egress, rule({ protocol: 1 })], members: [address] } },
      { kind: 'network', id: net, spec: network({ subnets: [subnet('10.0.0')] }) },
    )
    for (const { kind, outcome, error } of answers) assert.equal(outcome, 'done', `${kind}: ${error}`)
    const { power, accelerator } = answers[0]!.status as GuestStatus
    assert.equal(power, 'running')
    assert.equal(typeof accelerator, 'string')
    for (const kind of kinds) assert.deepEqual(await have(kind), [ids[kind]])
  })

  test('a look without news reports nothing', async () => {
    const before = reports.length
    reconciler.lookAgain()
    await reconciler.idle()
    assert.deepEqual(reports.slice(before), [])
  })

  test('its console and its screen are there, and no stream goes where no network is', async () => {
    await until('the prompt', async () => (await made.host.consoleLog({ guestId })).includes(' login: '), 240)
    const last = await made.host.consoleLog({ guestId, lines: 1 })
    assert.ok(last.trim() && !last.trim().includes('\n'), last)
    assert.ok((await made.host.consoleLog({ guestId })).includes(last.trim()))
    const screen = await made.host.vnc({ guestId })
    const hello = await new Promise<Buffer>((resolve, reject) => screen.once('data', resolve).once('error', reject))
    assert.equal(hello.toString(), 'RFB 003.008\n')
    screen.destroy()
    await assert.rejects(made.host.tcp({ address: '10.0.0.5', port: 22 }))
  })

  test('its serial console answers who types, one at a time, and its log goes on', async () => {
    const before = await made.host.consoleLog({ guestId })
    const prompts = (text: string) => text.split(' login: ').length - 1
    const serial = await made.host.serial({ guestId })
    let said = ''
    serial.on('data', (piece: Buffer) => {
      said += piece
    })
    await until('a prompt', () => {
      if (!said) serial.write('\r') // a guest that is still booting does not hear it
      return prompts(said) > 0
    })
    await assert.rejects(made.host.serial({ guestId }), /somebody else/)
    serial.destroy()
    await until('the log', async () => prompts(await made.host.consoleLog({ guestId })) > prompts(before))
    await until('it is free', () =>
      made.host.serial({ guestId }).then(
        (stream) => stream.destroy().destroyed,
        () => false,
      ),
    )
    await assert.rejects(made.host.serial({ guestId: uuid() }))
  })

  test('a running guest gains and loses disks, interfaces and channels, and its disks grow', async () => {
    const root = guest.disks[0]!
    const devices = async (change: Partial<GuestSpec>) => (await askGuest(change)).devices!
    const other = { portId: uuid(), mac: 'fa:16:3e:00:00:06', mtu: 1450 }
    const [asked] = await ask({ kind: 'port', id: other.portId, spec: port(net, other.mac, '10.0.0.6', { guestId }) })
    assert.equal(asked!.outcome, 'done', asked!.error)
    const [first] = guest.nics
    const before = await devices({})
    assert.deepEqual([before.nics, before.disks.map(({ id }) => id), before.channels], [[first!.mac], ['root'], []])
    const more = await devices({
      nics: [first!, other],
      disks: [root, blankDisk('data', 8)],
      channels: [{ name: 'org.example.0' }],
    })
    assert.deepEqual(more.nics, [first!.mac, other.mac])
    assert.deepEqual(more.disks.at(-1), { id: 'data', bytes: 8 * 2 ** 20 })
    assert.deepEqual(more.channels, ['org.example.0'])
    const grown = await devices({ disks: [root, blankDisk('data', 16)] })
    assert.deepEqual(grown.disks.at(-1), { id: 'data', bytes: 16 * 2 ** 20 })
    assert.deepEqual(await devices({ nics: [first!], disks: [root], channels: [] }), before)
    // Nothing of it stays: the same again is new.
    const again = await devices({ nics: [first!, other], disks: [root, blankDisk('data', 8)] })
    assert.deepEqual([again.nics, again.disks.at(-1)!.bytes], [[first!.mac, other.mac], 8 * 2 ** 20])
    await devices({ nics: [first!], disks: [root] })
    const [gone] = await ask({ kind: 'port', id: other.portId, spec: null })
    assert.equal(gone!.outcome, 'removed')
  })

  test('a device that the guest does not let go of fails the document with a reason, and is tried again', async () => {
    await askGuest({ disks: [guest.disks[0]!, blankDisk('data', 8)] })
    const mend = await made.keepDevices(guestId)
    guest = { ...guest, disks: [guest.disks[0]!] }
    const [report] = await ask({ kind: 'guest', id: guestId, spec: guest })
    assert.equal(report!.outcome, 'failed')
    assert.ok(report!.error)
    mend()
    await until('it is gone', () => {
      const { outcome, status } = reports.findLast(({ kind, generation }) => kind === 'guest' && generation > 0)!
      return outcome === 'done' && (status as GuestStatus).devices!.disks.length === 1
    })
  })

  test('a guest stops and starts as it is asked', async () => {
    assert.equal((await askGuest({ power: 'off' })).power, 'off')
    assert.equal((await askGuest({ power: 'running' })).power, 'running')
  })

  test('a guest that is killed is reported at once, and stays down until somebody asks for another', async () => {
    const from = reports.length
    await made.kill(guestId)
    await until('the report', () => reports.slice(from).some(({ status }) => (status as GuestStatus | undefined)?.power === 'crashed'))
    reconciler.lookAgain()
    await reconciler.idle()
    assert.equal((reports.findLast(({ id }) => id === guestId)!.status as GuestStatus).power, 'crashed')
    const [mended] = await ask({ kind: 'guest', id: guestId, spec: guest, jobs: [hard('after the end')] })
    assert.deepEqual([mended!.outcome, (mended!.status as GuestStatus).power], ['done', 'running'])
  })

  jobContract({
    under: () => made,
    reports,
    ask: (jobs, change = {}, id = guestId) => ask({ kind: 'guest', id, spec: { ...guest, ...change }, jobs }),
    take(jobs, change = {}, id = guestId) {
      reconciler.take([{ kind: 'guest', id, generation: next(id), spec: change && { ...guest, ...change }, jobs }])
    },
    idle: () => reconciler.idle(),
    lookAgain: () => reconciler.lookAgain(),
    async restart() {
      const before = [...reconciler.documents.values()]
      await reconciler.stop()
      reconciler = start()
      reconciler.take(before)
    },
    guestId,
    folder: () => folder,
  })

  test('what cannot be made is reported with a reason, and can be taken back', async () => {
    const other = uuid()
    const [failed] = await ask({ kind: 'guest', id: other, spec: { ...guest, nics: [], ...made.impossible() } })
    assert.equal(failed!.outcome, 'failed')
    assert.ok(failed!.error)
    const [removed] = await ask({ kind: 'guest', id: other, spec: null })
    assert.equal(removed!.outcome, 'removed')
    assert.deepEqual(await have('guest'), [guestId])
  })

  test('what nobody asks for goes, but only when the list is known to be complete', async () => {
    await reconciler.stop()
    reconciler = start()
    reconciler.lookAgain()
    await reconciler.idle()
    for (const kind of kinds) assert.deepEqual(await have(kind), [ids[kind]])
    reconciler.complete()
    await until('nothing is left', async () => {
      await reconciler.idle()
      const left = (await Promise.all(kinds.map(have))).flat()
      if (left.length) reconciler.lookAgain()
      return left.length === 0
    })
  })
}
