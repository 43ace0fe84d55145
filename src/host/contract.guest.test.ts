// The linux host under the contract that the fake one keeps too. Needs root, and builds the guest image when it is not there.
import { createHash } from 'node:crypto'
import { chmod, copyFile, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createEnvironment } from '../environment.ts'
import { silentLog } from '../log.ts'
import { hostContract } from '../testing/host/contract.ts'
import { testDisks } from '../testing/host/guests.ts'
import { run } from './commands/exec.ts'
import { guestProcesses } from './guests/processes.ts'
import { createLinuxHost } from './linux-host.ts'

const root = join(import.meta.dirname, '../..')
const images = join(root, '.cache/guest-image')
const disk = join(images, 'nephos-guest.qcow2')

hostContract(async () => {
  await run(join(root, 'guest-image/build'), [images], { timeout: 600_000 })
  const dataDir = await mkdtemp(join(tmpdir(), 'host-contract-'))
  await chmod(dataDir, 0o700)
  const content = await readFile(disk)
  const image = {
    id: 'image',
    format: 'qcow2' as const,
    size: content.length,
    sha512: createHash('sha512').update(content).digest('hex'),
  }
  const host = await createLinuxHost({
    name: 'contract',
    dataDir,
    guestUids: { first: 1_900_000_000, count: 100 },
    hostRoute: false,
    environment: createEnvironment(),
    log: silentLog,
    fetchImage: (_image, toPath) => copyFile(disk, toPath),
    tell: async () => {},
  })
  return {
    host,
    image,
    impossible: () => ({ disks: testDisks({ ...image, sha512: 'c'.repeat(128) }) }),
    async failSoftReboot(id) {
      const pid = (await guestProcesses(dataDir)).get(id)!
      process.kill(pid, 'SIGSTOP') // its monitor hangs
      return () => void process.kill(pid, 'SIGCONT')
    },
    async keepDevices(id) {
      const pid = (await guestProcesses(dataDir)).get(id)!
      process.kill(pid, 'SIGSTOP')
      return () => void process.kill(pid, 'SIGCONT')
    },
    tooShortSeconds: 0.2,
    async kill(id) {
      process.kill((await guestProcesses(dataDir)).get(id)!, 'SIGKILL')
    },
    async dispose() {
      for (const [id, pid] of await guestProcesses(dataDir)) if (id) process.kill(pid, 'SIGKILL')
      await host.close()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
})
