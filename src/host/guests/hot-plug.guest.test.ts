// One guest that runs gains and loses all that it can, and says itself what it sees. Needs root, and builds the guest image when it is not there.
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { chmod, copyFile, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { createEnvironment } from '../../environment.ts'
import { silentLog } from '../../log.ts'
import { blankDisk, guestSpec, testDisks } from '../../testing/host/guests.ts'
import { until } from '../../testing/until.ts'
import { run } from '../commands/exec.ts'
import { addNamespace, removeNamespace, runIn } from '../commands/netns.ts'
import { connectQmp } from '../commands/qmp.ts'
import type { GuestImage, GuestNic, GuestSpec, GuestStatus } from './document.ts'
import { guestFolder, names } from './files.ts'
import { createGuestDriver, type Guests } from './index.ts'
import { atSocket } from './monitors.ts'
import { guestProcesses } from './processes.ts'

const root = join(import.meta.dirname, '../../..')
const images = join(root, '.cache/guest-image')
await run(join(root, 'guest-image/build'), [images], { timeout: 600_000 })
const content = await readFile(join(images, 'nephos-guest.qcow2'))
const image: GuestImage = { id: 'i', format: 'qcow2', size: content.length, sha512: createHash('sha512').update(content).digest('hex') }

const dataDir = await mkdtemp(join(tmpdir(), 'hot-plug-'))
await chmod(dataDir, 0o700)
const netns = `h${randomBytes(3).toString('hex')}`
await addNamespace(netns)
for (const tap of ['tapone', 'taptwo']) await runIn(netns)('ip', ['tuntap', 'add', 'dev', tap, 'mode', 'tap', 'user', '0'])

const used: Guests[] = []
let guests = renew()
/** Another process's agent. */
function renew(): Guests {
  const driver = createGuestDriver({
    environment: createEnvironment(),
    log: silentLog,
    dataDir,
    uids: { first: 1_900_000_000, count: 100 },
    netns,
    tapName: (port) => `tap${port}`,
    accelerator: 'tcg',
    fetchImage: (_image, toPath) => copyFile(join(images, 'nephos-guest.qcow2'), toPath),
  })
  used.push(driver)
  return driver
}
after(async () => {
  for (const pid of (await guestProcesses(dataDir)).values()) process.kill(pid, 'SIGKILL')
  for (const driver of used) await driver.close()
  await removeNamespace(netns)
  await rm(dataDir, { recursive: true, force: true })
})

const id = '11111111-2222-4333-8444-555555555555'
const folder = guestFolder(dataDir, id)
const look = async () => (await guests.driver.observe()).get(id)
async function settle(want: GuestSpec): Promise<string[]> {
  const steps = guests.driver.plan(id, want, await look())
  for (const step of steps) await step.run(AbortSignal.timeout(120_000))
  return steps.map((step) => step.name)
}
const devices = async () => (guests.driver.status!(id, await look()) as GuestStatus).devices!
/** What the guest said last of what it sees. */
const seen = async () => /.*seen:(.*)end/s.exec((await guests.consoleLog(id)).replaceAll(/\r?\n/g, ' '))?.[1]?.trim() ?? ''
const sees = async (what: RegExp) => {
  await until(`the guest sees ${what}`, async () => what.test(await seen()), 120).catch(async (error) => {
    throw new Error(`${error.message}; it sees ${await seen()}`)
  })
}

/** Says what there is whenever that has changed. */
const watcher = `#!/bin/sh
modprobe virtio_console
(
  while :; do
    now="seen: $(for d in /sys/block/vd*; do echo "\${d##*/}=$(cat $d/size)"; done) $(cat /sys/class/net/*/address | sort) $(cat /sys/class/virtio-ports/*/name 2>/dev/null) end"
    [ "$now" = "$last" ] || echo $now > /dev/console
    last=$now
    sleep 0.2
  done
) &
`
const nic: GuestNic = { portId: 'one', mac: 'fa:16:3e:00:00:01', mtu: 1400 }
const nextNic: GuestNic = { portId: 'two', mac: 'fa:16:3e:00:00:02', mtu: 1400 }
const channel = { name: 'org.qemu.guest_agent.0' }
const disks = testDisks(image, { configDrive: true })
const limits = { totalOperations: 500 }
const spec = guestSpec({
  disks: [...disks, { ...blankDisk('data', 8), limits }],
  channels: [channel],
  metadata: { 'openstack/latest/meta_data.json': '{"uuid":"u"}', 'openstack/latest/user_data': watcher },
})
let want = spec
const change = (more: Partial<GuestSpec>) => {
  want = { ...want, ...more }
  return settle(want)
}

test('a guest that starts has its disks, their limits and its channels', async () => {
  await settle(spec)
  assert.deepEqual(await settle(spec), [])
  assert.equal((await look())!.devices!.disks.get('data')!.limits.totalOperations, 500)
  assert.ok((await readdir(join(folder, 'channels'))).includes(channel.name))
  await sees(/vda=2097152 vdb=16384 .*org\.qemu\.guest_agent\.0/)
})

test('a disk grows in the running guest', async () => {
  assert.deepEqual(await change({ disks: [...disks, { ...blankDisk('data', 16), limits }] }), ['grow disk'])
  await sees(/vdb=32768/)
})

test('limits change', async () => {
  const faster = { ...blankDisk('data', 16), limits: { totalOperations: 900, readBytes: 1_000_000 } }
  assert.deepEqual(await change({ disks: [...disks, faster] }), ['limit disk'])
  const { limits: now } = (await look())!.devices!.disks.get('data')!
  assert.deepEqual([now.totalOperations, now.readBytes, now.writeBytes], [900, 1_000_000, 0])
})

test('disks are added and removed', async () => {
  const [before] = want.disks.slice(-1)
  assert.deepEqual(await change({ disks: [...disks, before!, blankDisk('more', 4)] }), ['make disk', 'add disk'])
  await sees(/vdb=32768 vdc=8192/)
  assert.deepEqual(await change({ disks: [...disks, blankDisk('more', 4)] }), ['remove disk', 'remove disk file'])
  await sees(/vda=2097152 vdc=8192/)
  assert.ok(!(await readdir(folder)).includes('data.raw'))
  assert.deepEqual((await devices()).disks.map((disk) => disk.id).sort(), ['config', 'more', 'root'])
})

test('interfaces are added with their addresses, and removed', async () => {
  assert.deepEqual(await change({ nics: [nic] }), ['add nic'])
  await sees(/fa:16:3e:00:00:01/)
  assert.deepEqual(await change({ nics: [nic, nextNic] }), ['add nic'])
  await sees(/fa:16:3e:00:00:01 fa:16:3e:00:00:02/)
  assert.deepEqual(await change({ nics: [nextNic] }), ['remove nic'])
  await sees(/^(?!.*00:00:01).*fa:16:3e:00:00:02/)
  assert.deepEqual((await devices()).nics, [nextNic.mac])
  // Its tap is free again.
  assert.deepEqual(await change({ nics: [nextNic, nic] }), ['add nic'])
  await sees(/fa:16:3e:00:00:01 fa:16:3e:00:00:02/)
})

test('channels are added and removed', async () => {
  assert.deepEqual(await change({ channels: [channel, { name: 'org.example.0' }] }), ['add channel'])
  await sees(/org\.example\.0/)
  assert.deepEqual(await change({ channels: [{ name: 'org.example.0' }] }), ['remove channel'])
  await sees(/^(?!.*guest_agent).*org\.example\.0/)
  assert.deepEqual(await readdir(join(folder, 'channels')), ['org.example.0'])
})

test('a guest that does not answer keeps its disk, the document says so, and the next agent knows the truth and tries again', async () => {
  const onMonitor = async (command: string) => {
    await guests.close()
    const qmp = await atSocket(folder, names.qmp, (path) => connectQmp(path, 20_000))
    await qmp.execute(command)
    qmp.close()
    guests = renew()
  }
  await onMonitor('stop')
  const began = Date.now()
  await assert.rejects(change({ disks }), /the guest has not let go within 15 s of its disk more; it is asked again/)
  assert.ok(Date.now() - began < 60_000)
  assert.deepEqual(
    guests.driver.plan(id, want, await look()).map((step) => step.name),
    ['remove disk', 'remove disk file'],
  )
  await onMonitor('cont')
  await until(
    'it is gone',
    () =>
      settle(want).then(
        () => true,
        () => false,
      ),
    120,
  )
  await sees(/vda=2097152 00:/)
  assert.deepEqual(await settle(want), [])
  assert.deepEqual((await devices()).nics, [nic.mac, nextNic.mac])
})

test('at its next start it has the same, at the same slots', async () => {
  const slots = async () => JSON.parse(await readFile(join(folder, names.state), 'utf8')).slots as Record<string, number>
  const before = await slots()
  await guests.driver.jobs['reboot-hard'].run(id, {}, { spec: want, progress() {}, signal: AbortSignal.timeout(120_000) })
  assert.deepEqual(await settle(want), [])
  assert.deepEqual((await devices()).nics, [nic.mac, nextNic.mac])
  const now = await slots()
  for (const device of ['root-disk', 'nic-one', 'nic-two']) assert.equal(now[device], before[device], device)
})
