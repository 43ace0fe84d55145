// Where a server goes: hosts that pass every filter and have room; the one with most free memory first.
import type { Cloud } from '../../../cloud.ts'
import type { Db } from '../../../db/database.ts'
import type { HostStatus } from '../../../host/client.ts'
import { TaskFailure } from '../../../tasks/task.ts'
import { membersOf, takeGroupOf } from '../server-groups/store.ts'
import type { Server } from '../servers/store.ts'
import { addHost, type Claim, claimHost, claimOf, hostsOf, listUsage } from './usage.ts'

/** How much more may be promised than there is. */
export const allocationRatios = { vcpus: 16, ram: 1.5, disk: 1 }

/** The one zone of this version: aggregates, which make others, are not built yet. */
export const defaultZone = 'nova'

export const limitsOf = ({ facts }: HostStatus): Claim => ({
  vcpus: Math.floor(facts.cpus * allocationRatios.vcpus),
  ramMiB: Math.floor(facts.memoryMiB * allocationRatios.ram),
  diskGiB: Math.floor(facts.diskGiB * allocationRatios.disk),
})

/** What owners read; which filter refused which host is for administrators and the log. */
export const noValidHost = 'No valid host was found. There are not enough hosts available.'

interface Filter {
  /** As the real scheduler's filter of that kind is called. */
  name: string
  /** Why not; null when the host passes. */
  refuses(host: HostStatus): string | null
}

const filter = (name: string, refuses: Filter['refuses']): Filter => ({ name, refuses })

/** Hosts that pass, best first, and of each other one the filter that refused it and why. */
async function judgeHosts(cloud: Cloud, db: Db, server: Server): Promise<{ passed: HostStatus[]; refused: string[] }> {
  const { hints, availability_zone: zone } = server
  const hosts = await cloud.hosts.list(db)
  const filters = [
    filter('ComputeFilter', (host) => (host.up ? null : 'its agent does not answer')),
    filter('AvailabilityZoneFilter', () => (zone === null || zone === defaultZone ? null : `it is in zone ${defaultZone}, not ${zone}`)),
    // An administrator's own choice overrides that the host takes no new servers.
    hints.forcedHost
      ? filter('force_hosts', (host) => (host.name === hints.forcedHost ? null : `${hints.forcedHost} was asked for`))
      : filter('ComputeFilter', (host) => (host.enabled ? null : `it is disabled${host.disabledReason ? `: ${host.disabledReason}` : ''}`)),
  ]
  if (hints.sameHost) {
    const wanted = await hostsOf(db, hints.sameHost, server.project_id)
    filters.push(filter('SameHostFilter', ({ name }) => (wanted.includes(name) ? null : 'none of the servers named is there')))
  }
  if (hints.differentHost) {
    const unwanted = await hostsOf(db, hints.differentHost, server.project_id)
    filters.push(filter('DifferentHostFilter', ({ name }) => (unwanted.includes(name) ? 'one of the servers named is there' : null)))
  }
  const group = await takeGroupOf(db, server.id)
  const members = group
    ? (await membersOf(db, [group.id])).get(group.id)!.flatMap(({ id, host }) => (id === server.id ? [] : (host ?? [])))
    : []
  const near = (host: HostStatus) => members.filter((name) => name === host.name).length
  if (group?.policy === 'affinity' && members.length)
    filters.push(filter('ServerGroupAffinityFilter', (host) => (near(host) ? null : 'the group is elsewhere')))
  if (group?.policy === 'anti-affinity')
    filters.push(filter('ServerGroupAntiAffinityFilter', (host) => (near(host) ? 'one of the group is there' : null)))
  const usage = new Map((await listUsage(db)).map((row) => [row.host, row]))
  const claim = claimOf(server.flavor)
  const room = (name: string, unit: string, needed: number, free: (host: HostStatus) => number) =>
    filter(name, (host) => (needed <= free(host) ? null : `${needed} ${unit} asked for, ${Math.max(0, free(host))} free`))
  const freeRam = (host: HostStatus) => limitsOf(host).ramMiB - (usage.get(host.name)?.ram_mib ?? 0)
  filters.push(
    room('CoreFilter', 'VCPUs', claim.vcpus, (host) => limitsOf(host).vcpus - (usage.get(host.name)?.vcpus ?? 0)),
    room('RamFilter', 'MiB of memory', claim.ramMiB, freeRam),
    room('DiskFilter', 'GiB of disk', claim.diskGiB, (host) => limitsOf(host).diskGiB - (usage.get(host.name)?.disk_gib ?? 0)),
  )
  const passed: HostStatus[] = []
  const refused: string[] = []
  for (const host of hosts) {
    const by = filters.find(({ refuses }) => refuses(host) !== null)
    if (by) refused.push(`${host.name}: ${by.name} (${by.refuses(host)})`)
    else passed.push(host)
  }
  const wish = group?.policy === 'soft-affinity' ? 1 : group?.policy === 'soft-anti-affinity' ? -1 : 0
  passed.sort((a, b) => wish * (near(b) - near(a)) || freeRam(b) - freeRam(a) || (a.name < b.name ? -1 : 1))
  return { passed, refused: refused.length ? refused : ['there are no hosts'] }
}

/** Claims room for the server on a host and gives the host's name. Throws TaskFailure when there is none. */
export async function pickHost(cloud: Cloud, db: Db, server: Server): Promise<string> {
  const { passed, refused } = await judgeHosts(cloud, db, server)
  const claim = claimOf(server.flavor)
  for (const host of passed) {
    if (await claimHost(db, host.name, claim, limitsOf(host))) return host.name
    // Its row is only missing before its first server.
    await addHost(db, host.name)
    if (await claimHost(db, host.name, claim, limitsOf(host))) return host.name
  }
  cloud.log.warn({ server: server.id, refused }, 'no valid host')
  throw new TaskFailure(noValidHost)
}

/** Which filter refuses each host to that server, for administrators. */
export async function whyNoHost(cloud: Cloud, db: Db, server: Server): Promise<string> {
  const { passed, refused } = await judgeHosts(cloud, db, server)
  return [...passed.map(({ name }) => `${name}: taken by others meanwhile`), ...refused].join('\n')
}
