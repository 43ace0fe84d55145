// A real machine as a host: guests by QEMU, networks in namespaces. What the drivers share is decided here.
import { createHash } from 'node:crypto'
import { statfs } from 'node:fs/promises'
import os from 'node:os'
import type { Environment } from '../environment.ts'
import type { Log } from '../log.ts'
import type { HostDocument, HostFacts } from './documents.ts'
import type { Host } from './driver.ts'
import { type Accelerator, probeAccelerator } from './guests/accelerator.ts'
import type { GuestImage } from './guests/document.ts'
import { createGuestDriver } from './guests/index.ts'
import { isGuestUid, type UidRange } from './guests/uids.ts'
import type { Kind } from './kinds.ts'
import { guestAt, metadataAnswer } from './metadata/answer.ts'
import { createNetworkDrivers, switchNamespace, tapName } from './network-drivers.ts'

/** Begins all names on the machine: two clouds on one machine have two data folders. */
export const prefixOf = (dataDir: string): string => `n${createHash('sha256').update(dataDir).digest('hex').slice(0, 4)}`

export interface LinuxHostOptions {
  name: string
  dataDir: string
  guestUids: UidRange
  hostRoute: boolean
  environment: Environment
  log: Log
  /** Gets an image's file from the control process. */
  fetchImage(image: GuestImage, toPath: string, signal: AbortSignal): Promise<void>
  /** Reports a guest's status to the control process and waits until it has it. */
  tell(guestId: string): Promise<void>
}

/** Makes the host; needs root. Nothing is changed on the machine before the first document. */
export async function createLinuxHost(options: LinuxHostOptions): Promise<Host> {
  const { environment, log, dataDir, guestUids } = options
  const prefix = prefixOf(dataDir)
  // Not waited for here: the host is known at once, and the first guest that starts waits for the answer.
  let accelerator: Accelerator | '' = ''
  const probed = probeAccelerator({ dataDir, log })
    .catch((error: Error) => {
      log.error({ error: error.stack }, 'KVM could not be tried: guests are emulated')
      return 'tcg' as const
    })
    .then((found) => (accelerator = found))
  let documents: ReadonlyMap<string, HostDocument> = new Map()
  const networks = createNetworkDrivers({
    environment,
    log,
    prefix,
    isGuestUid: (uid) => isGuestUid(guestUids, uid),
    hostRoute: options.hostRoute,
    async metadata(networkId, address, path, posted) {
      if (posted === undefined) return metadataAnswer(documents, networkId, address, path)
      const guest = guestAt(documents, networkId, address)
      if (!guest) return null
      await guests.leavePassword(guest.id, posted)
      await options.tell(guest.id) // the guest's owner may ask for it as soon as the guest has its answer
      return { status: 200, body: '' }
    },
  })
  const guests = createGuestDriver({
    environment,
    log,
    dataDir,
    uids: guestUids,
    netns: switchNamespace(prefix),
    tapName,
    accelerator: probed,
    fetchImage: options.fetchImage,
  })
  return {
    drivers: { ...networks.drivers, guest: guests.driver },
    documents(all) {
      documents = all
      networks.documents(all)
    },
    onChange(listener: (kind: Kind, id: string) => void) {
      networks.onChange(listener)
      guests.onChange(listener)
    },
    async facts(): Promise<HostFacts> {
      const disk = await statfs(dataDir)
      const gib = (blocks: number) => Math.floor((blocks * disk.bsize) / 2 ** 30)
      return {
        hypervisorType: 'QEMU',
        hypervisorVersion: guests.version,
        hypervisorHostname: options.name,
        cpus: os.cpus().length,
        cpuModel: os.cpus()[0]?.model ?? '',
        memoryMiB: Math.floor(os.totalmem() / 2 ** 20),
        // Rounded, so that a contact without news changes no row.
        memoryUsedMiB: Math.round((os.totalmem() - os.freemem()) / 2 ** 28) * 256,
        diskGiB: gib(disk.blocks),
        diskFreeGiB: gib(disk.bavail),
        accelerator,
        hostIp: '127.0.0.1',
      }
    },
    forgetImage: ({ sha512 }) => guests.forgetImage(sha512),
    consoleLog: ({ guestId, lines }) => guests.consoleLog(guestId, lines),
    vnc: ({ guestId }) => guests.vncStream(guestId),
    serial: ({ guestId }) => guests.serialStream(guestId),
    tcp: (target) => networks.connect(target),
    async close() {
      await guests.close()
      await networks.close()
    },
  }
}
