// A real guest under QEMU, through the driver as the reconcile loop uses it. Needs root, and builds the guest image when it is not there.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { chmod, copyFile, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { after, test } from 'node:test'
import { createEnvironment, systemClock } from '../../environment.ts'
import { silentLog } from '../../log.ts'
import { guestSpec, testDisks } from '../../testing/host/guests.ts'
import { run } from '../commands/exec.ts'
import type { GuestImage, GuestSpec, GuestStatus } from './document.ts'
import { createGuestDriver, type Guests } from './index.ts'
import { guestProcesses } from './processes.ts'

const root = join(import.meta.dirname, '../../..')
const folder = join(root, '.cache/guest-image')
const built = (await run(join(root, 'guest-image/build'), [folder], { timeout: 600_000 })).trim().split('\n')
const fileOf = (name: string) => built.find((path) => basename(path) === name)!

async function imageOf(name: string, format: 'raw' | 'qcow2'): Promise<GuestImage> {
  const content = await readFile(fileOf(name))
  return { id: name, format, size: content.length, sha512: createHash('sha512').update(content).digest('hex') }
}

// The folder is closed to QEMU's user, as a data folder is.
const dataDir = await mkdtemp(join(tmpdir(), 'guests-'))
await chmod(dataDir, 0o700)
const start = () =>
  createGuestDriver({
    environment: createEnvironment(),
    log: silentLog,
    dataDir,
    uids: { first: 1_900_000_000, count: 100 },
    netns: null,
    tapName: () => '',
    accelerator: 'tcg',
    fetchImage: (image, toPath) => copyFile(fileOf(image.id), toPath),
    keepImagesMs: 0,
  })
const used: Guests[] = []
let guests = renew()
function renew() {
  const fresh = start()
  used.push(fresh)
  return fresh
}
after(async () => {
  for (const [id, pid] of await guestProcesses(dataDir)) if (id) process.kill(pid, 'SIGKILL')
  for (const driver of used) await driver.close()
  await rm(dataDir, { recursive: true, force: true })
})

const id = '11111111-2222-4333-8444-555555555555'
const signal = AbortSignal.timeout(900_000)

/** What the reconcile loop does; gives the steps it took. */
async function settle(want: GuestSpec | undefined, guest = id): Promise<string[]> {
  const steps = guests.driver.plan(guest, want, (await guests.driver.observe()).get(guest))
  for (const step of steps) await step.run(signal)
  return steps.map((step) => step.name)
}
/** What the job runner does. */
const reboot = (type: 'reboot-soft' | 'reboot-hard', want: GuestSpec) =>
  guests.driver.jobs[type].run(id, {}, { spec: want, progress: () => {}, signal })
const status = async (guest = id) => guests.driver.status!(guest, (await guests.driver.observe()).get(guest))

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 240_000
  while (!(await holds())) {
    assert.ok(Date.now() < end, `${what} did not come; the console said: ${await guests.consoleLog(id, 20)}`)
    await systemClock.sleep(100)
  }
}
const prompts = async (guest = id) => (await guests.consoleLog(guest)).split('login: ').length - 1

const image = await imageOf('nephos-guest.qcow2', 'qcow2')
const spec = guestSpec({
  disks: testDisks(image, { configDrive: true, ephemeralGiB: 1, swapMiB: 32 }),
  shutdownTimeout: 60,
  metadata: {
    'openstack/latest/meta_data.json': JSON.stringify({
      uuid: id,
      hostname: 'first.example',
      public_keys: { k: 'ssh-ed25519 AAAA k' },
      files: [{ path: '/etc/given', content_path: '/content/0000' }],
    }),
    'openstack/content/0000': 'given content',
    'openstack/latest/user_data':
      '#!/bin/sh\necho "user data: $(cat /etc/given), $(hostname), $(tail -n 1 /home/cirros/.ssh/authorized_keys)"\nblkid\ndf -k / | tail -n 1 | awk \'{ print "root KiB " $2 }\'\n',
  },
})

test('a guest boots to its prompt with what its config drive says', async () => {
  const started = Date.now()
  assert.deepEqual(await settle(spec), ['fetch image', 'make disk', 'make disk', 'make disk', 'write config drive', 'start'])
  await until('the prompt', async () => (await prompts()) === 1)
  const seconds = (Date.now() - started) / 1000
  await until('the end of the set-up', async () => (await guests.consoleLog(id)).includes('cloud-setup: done'))
  const log = await guests.consoleLog(id)
  assert.match(log, /first login: /)
  assert.match(log, /user data: given content, first, ssh-ed25519 AAAA k/)
  assert.match(log, /LABEL="config-2"/)
  assert.match(log, /LABEL="ephemeral0"/)
  assert.match(log, /TYPE="swap"/)
  assert.ok(Number(/root KiB (\d+)/.exec(log)?.[1]) > 900_000, 'the root file system has grown to the disk of 1 GiB')
  const { devices, ...rest } = (await status()) as GuestStatus
  assert.deepEqual(rest, { power: 'running', accelerator: 'tcg' })
  assert.deepEqual(devices!.disks.map(({ id }) => id).sort(), ['config', 'ephemeral', 'root', 'swap'])
  assert.deepEqual(await settle(spec), [], 'nothing is left to do')
  process.stdout.write(`# prompt after ${seconds} s\n`)
})

test('its process has no rights and its sockets are not its own', async () => {
  const pid = (await guestProcesses(dataDir)).get(id)!
  const about = await readFile(`/proc/${pid}/status`, 'utf8')
  assert.match(about, /^Uid:\t1900000001\t1900000001\t1900000001\t1900000001$/m)
  assert.match(about, /^CapEff:\t0+$/m)
  assert.match(about, /^NoNewPrivs:\t1$/m)
  assert.match(about, /^Seccomp:\t2$/m)
  process.stdout.write(`# resident ${/VmRSS:\s+(.*)/.exec(about)![1]}\n`)
  assert.equal((await stat(join(dataDir, 'guests', id, 'sockets'))).uid, 0)
  assert.equal((await stat(join(dataDir, 'guests', id))).uid, 0)
})

test('VNC answers', async () => {
  const stream = await guests.vncStream(id)
  const greeting = await new Promise<Buffer>((resolve) => stream.once('data', resolve))
  assert.equal(greeting.toString(), 'RFB 003.008\n')
  stream.destroy()
})

test('another agent process finds it, and reboots it softly', async () => {
  await guests.close()
  guests = renew()
  assert.equal((await status()).power, 'running')
  assert.deepEqual(await reboot('reboot-soft', spec), { followed: true })
  assert.equal((await status()).power, 'running')
  assert.match(await guests.consoleLog(id), /Requesting system poweroff/, 'the guest has shut down by itself')
  await until('the second prompt', async () => (await prompts()) === 2)
  assert.deepEqual(await settle(spec), [])
})

test('a hard reboot makes a new process', async () => {
  const pid = (await guestProcesses(dataDir)).get(id)
  await reboot('reboot-hard', spec)
  assert.notEqual((await guestProcesses(dataDir)).get(id), pid)
  await until('the third prompt', async () => (await prompts()) === 3)
})

test('a soft stop lets the guest write its disk, and it starts again', async () => {
  const off = { ...spec, power: 'off' as const }
  assert.deepEqual(await settle(off), ['shut down', 'note'])
  assert.equal((await status()).power, 'off')
  assert.equal((await guestProcesses(dataDir)).size, 0)
  await assert.rejects(guests.vncStream(id), 'no screen without a process')
  assert.deepEqual(await settle(off), [])
  assert.deepEqual(await settle(spec), ['start'])
  await until('the fourth prompt', async () => (await prompts()) === 4)
  assert.equal((await guests.consoleLog(id)).split('user data: ').length - 1, 1, 'user data runs once in the life of a server')
})

test('a killed QEMU is told at once, reported as crashed, and left to control', async () => {
  const told = new Promise<string>((resolve) => guests.onChange((_kind, guest) => resolve(guest)))
  assert.equal((await status()).power, 'running')
  process.kill((await guestProcesses(dataDir)).get(id)!, 'SIGKILL')
  assert.equal(await told, id)
  await until('the end', async () => (await guestProcesses(dataDir)).size === 0)
  assert.equal((await status()).power, 'crashed')
  assert.deepEqual(await settle(spec), [])
  await reboot('reboot-hard', spec)
  assert.equal((await status()).power, 'running')
})

test('a QEMU that hangs is listed, refuses a reboot with a reason, and is stopped by force', async () => {
  await guests.close()
  process.kill((await guestProcesses(dataDir)).get(id)!, 'SIGSTOP')
  guests = renew()
  assert.equal((await status()).power, 'running')
  await assert.rejects(reboot('reboot-soft', spec), /monitor did not answer/)
  assert.deepEqual(await settle({ ...spec, power: 'off' }), ['shut down', 'note'])
  assert.equal((await status()).power, 'off')
})

test('a guest that switches itself off is seen, and stays off', async () => {
  const offSpec = {
    ...spec,
    metadata: {
      ...spec.metadata,
      'openstack/latest/meta_data.json': '{"uuid":"again"}',
      'openstack/latest/user_data': '#!/bin/sh\npoweroff\n',
    },
  }
  const told = new Promise<void>((resolve) => guests.onChange(() => resolve()))
  assert.deepEqual(await settle(offSpec), ['write config drive', 'start'])
  await told
  await until('the shutdown', async () => (await status()).power === 'off')
  assert.deepEqual(await settle(offSpec), ['end process'])
  assert.equal((await status()).power, 'off')
  assert.deepEqual(await settle(offSpec), [])
})

test('kernel, ramdisk and root file system boot too', async () => {
  const other = '22222222-2222-4333-8444-555555555555'
  const ami = guestSpec({
    disks: testDisks(await imageOf('nephos-guest.ext4', 'raw'), { diskGiB: 0 }),
    kernel: await imageOf('vmlinuz', 'raw'),
    ramdisk: await imageOf('initrd.img', 'raw'),
    ramMiB: 96,
  })
  await settle(ami, other)
  await until('the prompt', async () => (await prompts(other)) === 1)
  await settle(undefined, other)
  assert.deepEqual(await readdir(join(dataDir, 'guests')), [id])
})

test('QEMU that cannot start says why, and nothing of it stays', async () => {
  const other = '33333333-2222-4333-8444-555555555555'
  await assert.rejects(settle({ ...spec, ramMiB: 2 ** 40, disks: testDisks(image) }, other), /QEMU did not start: .*(memory|size|ram)/is)
  assert.equal((await guestProcesses(dataDir)).get(other), undefined)
  await assert.rejects(
    settle({ ...spec, disks: testDisks({ ...image, sha512: 'c'.repeat(128) }) }, '44444444-2222-4333-8444-555555555555'),
    /SHA-512/,
  )
  await settle(undefined, other)
  await settle(undefined, '44444444-2222-4333-8444-555555555555')
})

test('removal leaves no process and no file', async () => {
  await reboot('reboot-hard', spec)
  assert.equal((await guestProcesses(dataDir)).size, 1)
  assert.deepEqual(await settle(undefined), ['end process', 'remove'])
  assert.equal((await guestProcesses(dataDir)).size, 0)
  assert.deepEqual(await readdir(join(dataDir, 'guests')), [])
  assert.deepEqual(await readdir(join(dataDir, 'cache/images')), [])
})
