// Class 02 with a real QEMU: a header that a guest wrote to its raw disk means nothing at its next start.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { chmod, mkdtemp, open, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { createEnvironment } from '../../environment.ts'
import { silentLog } from '../../log.ts'
import { guestSpec, testDisks } from '../../testing/host/guests.ts'
import { run } from '../commands/exec.ts'
import { connectQmp } from '../commands/qmp.ts'
import type { GuestSpec } from './document.ts'
import { guestFolder, names } from './files.ts'
import { createGuestDriver } from './index.ts'
import { atSocket } from './monitors.ts'
import { guestProcesses } from './processes.ts'

const dataDir = await mkdtemp(join(tmpdir(), 'headers-'))
await chmod(dataDir, 0o700)
const content = Buffer.alloc(2 ** 20)
const make = () =>
  createGuestDriver({
    environment: createEnvironment(),
    log: silentLog,
    dataDir,
    uids: { first: 1_900_001_000, count: 100 },
    netns: null,
    tapName: () => '',
    accelerator: 'tcg',
    fetchImage: (_image, toPath) => writeFile(toPath, content),
  })
const guests = make()
after(async () => {
  for (const pid of (await guestProcesses(dataDir)).values()) process.kill(pid, 'SIGKILL')
  await guests.close()
  await rm(dataDir, { recursive: true, force: true })
})

const id = '11111111-2222-4333-8444-555555555555'
const folder = guestFolder(dataDir, id)
const spec = guestSpec({
  disks: testDisks(
    { id: 'i', format: 'raw', size: content.length, sha512: createHash('sha512').update(content).digest('hex') },
    { ephemeralGiB: 1, swapMiB: 8 },
  ),
})
async function settle(want: GuestSpec): Promise<void> {
  for (const step of guests.driver.plan(id, want, (await guests.driver.observe()).get(id))) await step.run(AbortSignal.timeout(60_000))
}

interface Inserted {
  file: string
  drv: string
  backing_file?: string
  backing_file_depth: number
  'node-name': string
}
/** What QEMU has opened, as it says itself. */
async function opened(): Promise<Map<string, Inserted>> {
  // The monitor takes one client, which the driver is: another process of the agent would look like this.
  await guests.close()
  const qmp = await atSocket(folder, names.qmp, (path) => connectQmp(path, 20_000))
  const all = (await qmp.execute('query-named-block-nodes')) as Inserted[]
  qmp.close()
  return new Map(all.map((node) => [node['node-name'], node]))
}

test('security-02: a qcow2 header with a backing file, written by a guest to its raw disks, is data', async () => {
  await settle(spec)
  await settle({ ...spec, power: 'off' })
  const canary = join(dataDir, 'canary')
  await writeFile(canary, 'not for guests')
  const header = join(dataDir, 'header')
  await run('qemu-img', ['create', '-q', '-f', 'qcow2', '-b', canary, '-F', 'raw', header, '64M'])
  const { size } = await stat(header)
  for (const name of ['ephemeral.raw', 'swap.raw']) {
    const before = (await stat(join(folder, name))).size
    const file = await open(join(folder, name), 'r+')
    const bytes = Buffer.alloc(size)
    const from = await open(header, 'r')
    await from.read(bytes, 0, size, 0)
    await from.close()
    await file.write(bytes, 0, size, 0)
    await file.close()
    assert.equal((await stat(join(folder, name))).size, before)
    // What a program that looks for itself would take it for.
    const info = JSON.parse(await run('qemu-img', ['info', '-U', '--output=json', join(folder, name)]))
    assert.equal(info.format, 'qcow2')
  }
  await settle(spec)
  const nodes = await opened()
  for (const name of ['ephemeral', 'swap']) {
    const node = nodes.get(name)!
    assert.deepEqual([node.drv, node.backing_file, node.backing_file_depth], ['raw', undefined, 0], name)
  }
  assert.deepEqual([nodes.get('root')!.drv, nodes.get('root')!.backing_file_depth], ['qcow2', 1])
})
