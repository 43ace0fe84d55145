// Hosts with the numbers by which the 2.1 API names them, and what is claimed of each.
import type { Cloud } from '../../../cloud.ts'
import type { HostStatus } from '../../../host/client.ts'
import { addHost, listUsage } from '../scheduler/usage.ts'

export interface KnownHost extends HostStatus {
  number: number
  used: { vcpus: number; ramMiB: number; diskGiB: number; servers: number }
}

/** All hosts, by number. A host that is seen for the first time gets its number here. */
export async function knownHosts(cloud: Cloud): Promise<KnownHost[]> {
  const { database, hosts } = cloud
  const all = await hosts.list(database.read)
  let usage = await listUsage(database.read)
  const fresh = all.filter(({ name }) => !usage.some((row) => row.host === name))
  if (fresh.length) {
    await database.write(async ({ db }) => {
      for (const { name } of fresh) await addHost(db, name)
    })
    usage = await listUsage(database.read)
  }
  return all
    .map((host) => {
      const { seq, vcpus, ram_mib, disk_gib, servers } = usage.find((row) => row.host === host.name)!
      return { ...host, number: seq, used: { vcpus, ramMiB: ram_mib, diskGiB: disk_gib, servers } }
    })
    .sort((a, b) => a.number - b.number)
}
