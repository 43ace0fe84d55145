import type { Cloud } from '../../../cloud.ts'
import type { Tx } from '../../../db/database.ts'
import { flavorDisks, type GuestSpec } from '../../../host/guests/document.ts'
import type { ServerPort } from '../../network/facade.ts'
import type { Server } from '../servers/store.ts'
import { adminPassIn, instanceName, metadataTree, seedIn } from './tree.ts'

/** Seconds that a guest gets to shut down by itself. */
const shutdownTimeout = 60

/** What the host is asked to have for a new server. */
export function guestSpec(server: Server, ports: ServerPort[], seed: string): GuestSpec {
  const { flavor, boot_images } = server
  return {
    name: instanceName(server.seq),
    vcpus: flavor.vcpus,
    ramMiB: flavor.ram,
    kernel: boot_images.kernel,
    ramdisk: boot_images.ramdisk,
    kernelArguments: boot_images.arguments,
    disks: flavorDisks(boot_images.disk, {
      diskGiB: flavor.disk,
      ephemeralGiB: flavor.ephemeral,
      swapMiB: flavor.swap,
      configDrive: server.config_drive,
    }),
    nics: ports.map(({ id, mac, mtu }) => ({ portId: id, mac, mtu })),
    metadata: metadataTree(server, ports, seed),
    channels: [],
    power: 'running',
    shutdownTimeout,
  }
}

/** Lets a guest read what its server is now called and labelled; nothing else of it changes. */
export async function refreshMetadata(cloud: Cloud, tx: Tx, server: Server): Promise<void> {
  if (!server.host) return
  const known = await cloud.hosts.get(tx.db, server.host, 'guest', server.id)
  if (!known) return
  const ports = (await cloud.network.portsOf(tx.db, [server.id])).get(server.id) ?? []
  const withPassword = { ...server, admin_pass: adminPassIn(known.metadata) }
  await cloud.hosts.put(tx, server.host, 'guest', server.id, {
    ...known,
    metadata: metadataTree(withPassword, ports, seedIn(known.metadata)),
  })
}
