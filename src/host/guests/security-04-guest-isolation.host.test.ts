// What a QEMU that was taken over by its guest can reach of another's: nothing. Each program here runs as a guest's user, in its folder.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { chmod, chown, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { createEnvironment } from '../../environment.ts'
import { silentLog } from '../../log.ts'
import { guestSpec, testDisks } from '../../testing/host/guests.ts'
import { testPrefix } from '../../testing/host/machine.ts'
import { CommandError, run } from '../commands/exec.ts'
import { ipBatch } from '../commands/ip.ts'
import { addNamespace, removeNamespace, runIn } from '../commands/netns.ts'
import { qemuCommand } from '../commands/qemu.ts'
import { listTapOwners } from '../commands/taps.ts'
import { tapLines } from '../ports/taps.ts'
import type { GuestSpec } from './document.ts'
import { guestFolder, names } from './files.ts'
import { createGuestDriver, type Guests } from './index.ts'
import { guestProcesses } from './processes.ts'

const dataDir = await mkdtemp(join(tmpdir(), 'isolated-'))
await chmod(dataDir, 0o700)
const netns = testPrefix()
const range = { first: 1_900_000_000, count: 100 }
const portId = '99999999-2222-4333-8444-555555555555'
const tapName = (id: string) => `tap${id.slice(0, 8)}`
const content = Buffer.alloc(2 ** 20)
const sha512 = createHash('sha512').update(content).digest('hex')
const used: Guests[] = []
const renew = () => {
  const guests = createGuestDriver({
    environment: createEnvironment(),
    log: silentLog,
    dataDir,
    uids: range,
    netns,
    tapName,
    accelerator: 'tcg',
    fetchImage: (_image, toPath) => writeFile(toPath, content),
  })
  used.push(guests)
  return guests
}
let guests = renew()
await addNamespace(netns)
await ipBatch(netns, [`tuntap add dev ${tapName(portId)} mode tap user 0`])
after(async () => {
  for (const pid of (await guestProcesses(dataDir)).values()) process.kill(pid, 'SIGKILL')
  for (const driver of used) await driver.close()
  await removeNamespace(netns)
  await rm(dataDir, { recursive: true, force: true })
})

const [a, b, c] = ['a', 'b', 'c'].map((digit) => `${digit.repeat(8)}-2222-4333-8444-555555555555`) as [string, string, string]
const spec = guestSpec({
  disks: testDisks({ id: 'i', format: 'raw', size: content.length, sha512 }, { ephemeralGiB: 1, swapMiB: 1, configDrive: true }),
  metadata: { 'openstack/latest/meta_data.json': '{}' },
})
const specOf = (id: string) => (id === a ? { ...spec, nics: [{ portId, mac: 'fa:16:3e:00:00:01', mtu: 1450 }] } : spec)
async function settle(id: string, want: GuestSpec | undefined = specOf(id)): Promise<void> {
  for (const step of guests.driver.plan(id, want, (await guests.driver.observe()).get(id))) await step.run(AbortSignal.timeout(60_000))
}
const pidOf = async (id: string) => (await guestProcesses(dataDir)).get(id)!
const folderOf = (id: string) => guestFolder(dataDir, id)
const ownerOf = async (id: string) => (await stat(join(folderOf(id), names.root))).uid

/** What a program says that runs as the guest's user in its folder; null when it fails. */
async function as(id: string, ...command: string[]): Promise<string | null> {
  const uid = String(await ownerOf(id))
  const args = ['--reuid', uid, '--regid', uid, '--groups', uid, '--', ...command]
  return run('setpriv', args, { cwd: folderOf(id) }).catch((error) => {
    if (error instanceof CommandError) return null
    throw error
  })
}
const perl = (code: string) => ['perl', '-e', code]
const attach = (pid: number) => perl(`syscall(101, 16, ${pid}, 0, 0) == 0 or die $!`)
const readMemory = (pid: number) => perl(`open(my $f, "<", "/proc/${pid}/mem") or die $!`)

test('security-04: each guest has a user of its own, and runs under a filter without privileges', async () => {
  await settle(a)
  await settle(b)
  assert.notEqual(await ownerOf(a), await ownerOf(b))
  for (const id of [a, b]) {
    const uid = await ownerOf(id)
    const about = await readFile(`/proc/${await pidOf(id)}/status`, 'utf8')
    assert.match(about, new RegExp(`^Uid:(\t${uid}){4}$`, 'm'))
    assert.match(about, new RegExp(`^Groups:\t${uid} $`, 'm'))
    assert.match(about, /^CapEff:\t0+$/m)
    assert.match(about, /^NoNewPrivs:\t1$/m)
    assert.match(about, /^Seccomp_filters:\t2$/m)
    for (const name of [names.root, 'ephemeral.raw', 'swap.raw', names.configDrive, names.console])
      assert.equal((await stat(join(folderOf(id), name))).uid, uid, name)
  }
})

test("security-04: a guest's user opens its own disk, and nothing of another's", async () => {
  assert.notEqual(await as(a, 'head', '-c', '4', names.root), null)
  for (const name of [
    names.root,
    'base.img',
    'ephemeral.raw',
    names.configDrive,
    names.console,
    names.log,
    names.state,
    names.qmp,
    names.vnc,
    '.',
  ])
    assert.equal(await as(a, 'ls', '-l', `../${b}/${name}`), null, name)
  assert.equal(await as(a, 'head', '-c', '1', `../${b}/${'base.img'}`), null)
  assert.equal(await as(a, 'ls', '..'), null, 'nor does it see who else there is')
  assert.equal(await as(a, 'ls', '../../agent'), null)
})

test("security-04: a guest's user neither signals nor traces nor reads another process, nor traces or reads its own QEMU", async () => {
  const [own, other] = [await pidOf(a), await pidOf(b)]
  assert.equal(await as(a, ...perl(`kill(0, ${other}) or die $!`)), null)
  for (const pid of [other, own]) {
    assert.equal(await as(a, ...attach(pid)), null, 'ptrace')
    assert.equal(await as(a, ...readMemory(pid)), null, 'memory')
    assert.equal(await as(a, 'ls', `/proc/${pid}/fd`), null, 'open files')
    assert.equal(await as(a, 'cat', `/proc/${pid}/environ`), null)
  }
})

test('security-04: what runs under the filter of a guest cannot trace even its own child', async () => {
  const uid = await ownerOf(a)
  const command = qemuCommand({ args: [], uid, group: range.first, netns: null })
  const under = (...program: string[]) => run(command[0], [...command.slice(1, -1), ...program])
  assert.equal(await under('echo', 'runs'), 'runs\n')
  for (const [call, ...args] of [
    [101, 0, 0, 0, 0], // ptrace
    [310, 1, 0, 0, 0, 0, 0], // process_vm_readv
    [272, 0x10000000], // unshare
    [438, 0, 0, 0], // pidfd_getfd
  ])
    await assert.rejects(under(...perl(`syscall(${[call, ...args].join(', ')}) == 0 or die $!`)), /not permitted/, `${call}`)
})

test("security-04: a tap is its guest's alone", async () => {
  const open = (uid: number) =>
    runIn(netns)('setpriv', [
      ...['--reuid', String(uid), '--regid', String(uid), '--clear-groups', '--'],
      ...perl(
        `open my $t, "+<", "/dev/net/tun"; my $r = pack("a16 S x22", "${tapName(portId)}", 0x1002); ioctl($t, 0x400454ca, $r) or die $!`,
      ),
    ])
  assert.deepEqual(await listTapOwners(netns), [await ownerOf(a)])
  await settle(a, { ...specOf(a), power: 'off' })
  await assert.rejects(open(await ownerOf(b)), /not permitted/)
  await open(await ownerOf(a))
  assert.match(tapLines({ tapAs: 'tap' }, portId, 1450)[0]!, /user 0$/)
})

test('security-04: a number is not given again while its files are there, nor soon after; the agent remembers over its restart', async () => {
  const before = [await ownerOf(a), await ownerOf(b)]
  await guests.close()
  guests = renew()
  await settle(a)
  assert.deepEqual([await ownerOf(a), await ownerOf(b)], before)
  await settle(b, undefined)
  await settle(c)
  assert.ok(!before.includes(await ownerOf(c)))
})

test('security-04: a guest of the user that all shared before keeps running, and gets its own at its next start', async () => {
  const off = { ...spec, power: 'off' as const }
  await settle(c, off)
  await guests.close()
  // As an earlier version has left it.
  const map = join(dataDir, 'agent/guest-uids.json')
  const known = JSON.parse(await readFile(map, 'utf8'))
  await writeFile(map, JSON.stringify({ ...known, of: { [a]: known.of[a] } }))
  for (const name of [names.root, 'ephemeral.raw', 'swap.raw', names.configDrive, names.console])
    await chown(join(folderOf(c), name), 64_990, 64_990)
  await chown(folderOf(c), 0, 0)
  await chmod(folderOf(c), 0o711)
  guests = renew()
  const running = await pidOf(a)
  await settle(a)
  assert.equal(await pidOf(a), running)
  await settle(c, off)
  assert.equal(await ownerOf(c), 64_990, 'nothing changes without a start')
  await settle(c)
  const uid = await ownerOf(c)
  assert.ok(uid > range.first && uid < range.first + range.count)
  assert.match(await readFile(`/proc/${await pidOf(c)}/status`, 'utf8'), new RegExp(`^Uid:(\t${uid}){4}$`, 'm'))
  assert.equal((await stat(folderOf(c))).mode & 0o777, 0o710)
})
