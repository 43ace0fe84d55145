// Guests that the version before lists of devices has started go on, and are changed as others.
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { createEnvironment } from '../../environment.ts'
import { silentLog } from '../../log.ts'
import { blankDisk, guestSpec, testDisks } from '../../testing/host/guests.ts'
import { until } from '../../testing/until.ts'
import { addNamespace, removeNamespace, runIn } from '../commands/netns.ts'
import { startQemu } from '../commands/qemu.ts'
import { giveTap, openTunDevice } from '../commands/taps.ts'
import type { GuestSpec, GuestStatus } from './document.ts'
import { guestFolder, names } from './files.ts'
import { createGuestDriver, type Guests } from './index.ts'
import { guestProcesses } from './processes.ts'

const content = Buffer.alloc(2 ** 20)
const image = { id: 'i', format: 'raw' as const, size: content.length, sha512: createHash('sha512').update(content).digest('hex') }
const dataDir = await mkdtemp(join(tmpdir(), 'upgrade-'))
await chmod(dataDir, 0o700)
const netns = `u${randomBytes(3).toString('hex')}`
await addNamespace(netns)
for (const tap of ['tapone', 'taptwo']) await runIn(netns)('ip', ['tuntap', 'add', 'dev', tap, 'mode', 'tap', 'user', '0'])
const used: Guests[] = []
function agent(): Guests {
  const driver = createGuestDriver({
    environment: createEnvironment(),
    log: silentLog,
    dataDir,
    uids: { first: 1_900_000_000, count: 100 },
    netns,
    tapName: (port) => `tap${port}`,
    accelerator: 'tcg',
    fetchImage: (_image, toPath) => writeFile(toPath, content),
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
const nic = { portId: 'one', mac: 'fa:16:3e:00:00:01', mtu: 1400 }
const spec = guestSpec({
  disks: testDisks(image, { ephemeralGiB: 1, configDrive: true }),
  nics: [nic],
  metadata: { 'openstack/latest/meta_data.json': '{}' },
})
async function settle(guests: Guests, want: GuestSpec): Promise<string[]> {
  const steps = guests.driver.plan(id, want, (await guests.driver.observe()).get(id))
  for (const step of steps) await step.run(AbortSignal.timeout(60_000))
  return steps.map((step) => step.name)
}

/** The arguments as that version wrote them: no slots, counted nics, a drive without an id, running at once. */
const before = (args: string[]) =>
  args
    .filter((arg) => arg !== '-S')
    .map((arg) => {
      const renamed = arg.replaceAll('nic-one', 'nic0').replaceAll('net-one', 'net0').replace(',addr=2', '')
      if (!renamed.startsWith('{"driver"')) return renamed
      const { addr: _slot, ...device } = JSON.parse(renamed)
      if (device.driver === 'scsi-cd') delete device.id
      return JSON.stringify(device)
    })

test('a guest that the version before has started is as it shall be, gains devices, and starts with the same slots', async () => {
  const first = agent()
  await settle(first, spec)
  const pid = (await guestProcesses(dataDir)).get(id)!
  const words = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0').slice(1, -1)
  const slots = JSON.parse(await readFile(join(folder, names.state), 'utf8')).slots
  await first.close()
  process.kill(pid, 'SIGKILL')
  await until('it is gone', async () => (await guestProcesses(dataDir)).size === 0)
  const state = { made: true, running: true, handled: 'running', bootId: '', configDrive: null, accelerator: 'tcg' }
  await writeFile(join(folder, names.state), JSON.stringify(state))
  for (const name of [names.channels, names.sockets]) await rm(join(folder, name), { recursive: true })
  await runIn(netns)('install', ['-d', '-o', '1900000001', '-m', '700', join(folder, names.sockets)])
  await openTunDevice()
  await giveTap(netns, 'tapone', 1_900_000_001)
  startQemu({ folder, args: before(words), uid: 1_900_000_001, group: 1_900_000_000, netns, log: names.log })
  const guests = agent()
  await until('it runs', async () => (await guests.driver.observe()).get(id)?.monitor === 'running')
  assert.deepEqual(await settle(guests, spec), [])
  const more = {
    ...spec,
    disks: [...spec.disks, blankDisk('data', 8)],
    nics: [nic, { ...nic, portId: 'two', mac: 'fa:16:3e:00:00:02' }],
    channels: [{ name: 'org.example.0' }],
  }
  assert.deepEqual(await settle(guests, more), ['make disk', 'add disk', 'add nic', 'add channel'])
  const { devices } = guests.driver.status!(id, (await guests.driver.observe()).get(id)) as GuestStatus
  assert.deepEqual(devices!.nics, ['fa:16:3e:00:00:01', 'fa:16:3e:00:00:02'])
  assert.deepEqual(devices!.channels, ['org.example.0'])
  assert.ok(devices!.disks.some((disk) => disk.id === 'data'))
  await guests.driver.jobs['reboot-hard'].run(id, {}, { spec, progress() {}, signal: AbortSignal.timeout(60_000) })
  assert.deepEqual(JSON.parse(await readFile(join(folder, names.state), 'utf8')).slots, slots)
})
