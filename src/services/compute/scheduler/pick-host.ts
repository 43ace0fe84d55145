// Where a server goes: hosts that are up, enabled and have room; the one with most free memory first.
import type { Cloud } from '../../../cloud.ts'
import type { Db } from '../../../db/database.ts'
import type { HostStatus } from '../../../host/client.ts'
import { TaskFailure } from '../../../tasks/task.ts'
import { membersOf, takeGroupOf } from '../server-groups/store.ts'
import { hostsOf, type Server } from '../servers/store.ts'
import { addHost, type Claim, claimHost, claimOf, listUsage } from './usage.ts'

/** How much more may be promised than there is. */
export const allocationRatios = { vcpus: 16, ram: 1.5, disk: 1 }

/** The one zone of this version: aggregates, which make others, are not built yet. */
export const defaultZone = 'nova'

export const limitsOf = ({ facts }: HostStatus): Claim => ({
  vcpus: Math.floor(facts.cpus * allocationRatios.vcpus),
  ramMiB: Math.floor(facts.memoryMiB * allocationRatios.ram),
  diskGiB: Math.floor(facts.diskGiB * allocationRatios.disk),
})

const noHost = () => new TaskFailure('No valid host was found. There are not enough hosts available.')

/** Claims room for the server on a host and gives the host's name. Throws TaskFailure when there is none. */
export async function pickHost(cloud: Cloud, db: Db, server: Server): Promise<string> {
  const { hints, availability_zone } = server
  if (availability_zone !== null && availability_zone !== defaultZone) throw noHost()
  let hosts = (await cloud.hosts.list(db)).filter((host) => host.up)
  // An administrator's own choice overrides that the host takes no new servers.
  hosts = hints.forcedHost ? hosts.filter((host) => host.name === hints.forcedHost) : hosts.filter((host) => host.enabled)
  if (hints.sameHost) {
    const wanted = await hostsOf(db, hints.sameHost, server.project_id)
    hosts = hosts.filter((host) => wanted.includes(host.name))
  }
  if (hints.differentHost) {
    const unwanted = await hostsOf(db, hints.differentHost, server.project_id)
    hosts = hosts.filter((host) => !unwanted.includes(host.name))
  }
  const group = await takeGroupOf(db, server.id)
  const members = group
    ? (await membersOf(db, [group.id])).get(group.id)!.flatMap(({ id, host }) => (id === server.id ? [] : (host ?? [])))
    : []
  const near = (host: HostStatus) => members.filter((name) => name === host.name).length
  if (group?.policy === 'affinity' && members.length) hosts = hosts.filter(near)
  if (group?.policy === 'anti-affinity') hosts = hosts.filter((host) => !near(host))
  const wish = group?.policy === 'soft-affinity' ? 1 : group?.policy === 'soft-anti-affinity' ? -1 : 0
  const usage = new Map((await listUsage(db)).map((row) => [row.host, row]))
  const free = (host: HostStatus) => limitsOf(host).ramMiB - (usage.get(host.name)?.ram_mib ?? 0)
  const claim = claimOf(server.flavor)
  for (const host of hosts.sort((a, b) => wish * (near(b) - near(a)) || free(b) - free(a) || (a.name < b.name ? -1 : 1))) {
    if (!usage.has(host.name)) await addHost(db, host.name)
    if (await claimHost(db, host.name, claim, limitsOf(host))) return host.name
  }
  throw noHost()
}
