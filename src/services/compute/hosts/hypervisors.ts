// Hypervisors (reference 3.39): the hosts as the scheduler sees them. Administrators only.
import { type Static, Type } from 'typebox'
import { badRequest, notFound } from '../../../api/faults.ts'
import { operation } from '../../../api/operation.ts'
import { Nullable } from '../../../api/types.ts'
import { until } from '../../../api/versions.ts'
import { rule } from '../../../auth/policy.ts'
import { admin } from '../rules.ts'
import { type KnownHost, knownHosts } from './known-hosts.ts'

const Brief = Type.Object({
  id: Type.Integer(),
  hypervisor_hostname: Type.String(),
  state: Type.Unsafe<string>({ enum: ['up', 'down'] }),
  status: Type.Unsafe<string>({ enum: ['enabled', 'disabled'] }),
})
const Amounts = Type.Object({
  vcpus: Type.Integer(),
  vcpus_used: Type.Integer(),
  memory_mb: Type.Integer(),
  memory_mb_used: Type.Integer(),
  free_ram_mb: Type.Integer(),
  local_gb: Type.Integer(),
  local_gb_used: Type.Integer(),
  free_disk_gb: Type.Integer(),
  disk_available_least: Nullable(Type.Integer()),
  running_vms: Type.Integer(),
  current_workload: Type.Integer(),
})
const Hypervisor = Type.Object({
  ...Brief.properties,
  ...Amounts.properties,
  /** JSON as text; an object from 2.28 on. */
  cpu_info: until('2.27', Type.String()),
  host_ip: Type.String(),
  hypervisor_type: Type.String(),
  hypervisor_version: Type.Integer(),
  service: Type.Object({ host: Type.String(), id: Type.Integer(), disabled_reason: Nullable(Type.String()) }),
})
/** The servers are left out of a host without any. */
const WithServers = Type.Object({
  ...Brief.properties,
  servers: Type.Optional(Type.Array(Type.Object({ uuid: Type.String(), name: Type.String() }))),
})

const brief = (host: KnownHost): Static<typeof Brief> => ({
  id: host.number,
  hypervisor_hostname: host.facts.hypervisorHostname,
  state: host.up ? 'up' : 'down',
  status: host.enabled ? 'enabled' : 'disabled',
})

/** Amounts of one host in the API's words. */
const amounts = ({ facts, used }: KnownHost) => ({
  vcpus: facts.cpus,
  vcpus_used: used.vcpus,
  memory_mb: facts.memoryMiB,
  memory_mb_used: used.ramMiB,
  free_ram_mb: facts.memoryMiB - used.ramMiB,
  local_gb: facts.diskGiB,
  local_gb_used: used.diskGiB,
  free_disk_gb: facts.diskGiB - used.diskGiB,
  disk_available_least: facts.diskFreeGiB,
  running_vms: used.servers,
  current_workload: 0,
})

const detail = (host: KnownHost): Static<typeof Hypervisor> => ({
  ...brief(host),
  ...amounts(host),
  cpu_info: JSON.stringify({ arch: 'x86_64', model: host.facts.cpuModel, topology: { cores: host.facts.cpus, threads: 1, sockets: 1 } }),
  host_ip: host.facts.hostIp,
  hypervisor_type: host.facts.hypervisorType,
  hypervisor_version: host.facts.hypervisorVersion,
  service: { host: host.name, id: host.number, disabled_reason: host.disabledReason },
})

const matching = async (hosts: KnownHost[], text: string): Promise<KnownHost[]> => {
  const found = hosts.filter((host) => host.facts.hypervisorHostname.includes(text))
  if (!found.length) throw notFound(`No hypervisor matching '${text.slice(0, 255)}' could be found.`)
  return found
}

async function one(hosts: KnownHost[], id: string): Promise<KnownHost> {
  const host = hosts.find(({ number }) => String(number) === id)
  if (!host) throw notFound(`Hypervisor with ID '${id.slice(0, 60)}' could not be found.`)
  return host
}

const noQuery = Type.Object({})
const common = { method: 'GET', query: noQuery } as const

export const hypervisorOperations = [
  operation({
    ...common,
    id: 'hypervisors.list',
    path: '/os-hypervisors',
    summary: 'List hypervisors',
    catalog: ['compute-v2.1.hypervisors.list-hypervisors'],
    policy: rule('os_compute_api:os-hypervisors:list', admin, 'List hypervisors.'),
    answer: Type.Object({ hypervisors: Type.Array(Brief) }),
    handle: async ({ cloud }) => ({ hypervisors: (await knownHosts(cloud)).map(brief) }),
  }),
  operation({
    ...common,
    id: 'hypervisors.detail',
    path: '/os-hypervisors/detail',
    summary: 'List hypervisors with details',
    catalog: [],
    policy: rule('os_compute_api:os-hypervisors:list-detail', admin, 'List hypervisors with details.'),
    answer: Type.Object({ hypervisors: Type.Array(Hypervisor) }),
    handle: async ({ cloud }) => ({ hypervisors: (await knownHosts(cloud)).map(detail) }),
  }),
  operation({
    ...common,
    id: 'hypervisors.statistics',
    path: '/os-hypervisors/statistics',
    summary: 'Sum up all hypervisors',
    catalog: ['compute-v2.1.hypervisors.show-hypervisor-statistics'],
    policy: rule('os_compute_api:os-hypervisors:statistics', admin, 'Show sums over all hypervisors.'),
    answer: Type.Object({ hypervisor_statistics: Type.Object({ count: Type.Integer(), ...Amounts.properties }) }),
    async handle({ cloud }) {
      const all = (await knownHosts(cloud)).filter(({ enabled }) => enabled)
      const sum = Object.fromEntries(Object.keys(Amounts.properties).map((name) => [name, 0]))
      for (const host of all) for (const [name, value] of Object.entries(amounts(host))) sum[name]! += value
      return { hypervisor_statistics: { count: all.length, ...sum } }
    },
  }),
  operation({
    ...common,
    id: 'hypervisors.show',
    path: '/os-hypervisors/{hypervisor_id}',
    summary: 'Show a hypervisor',
    catalog: ['compute-v2.1.hypervisors.show-hypervisor-details'],
    policy: rule('os_compute_api:os-hypervisors:show', admin, 'Show a hypervisor.'),
    answer: Type.Object({ hypervisor: Hypervisor }),
    handle: async ({ cloud, params }) => ({ hypervisor: detail(await one(await knownHosts(cloud), params.hypervisor_id)) }),
  }),
  operation({
    ...common,
    id: 'hypervisors.search',
    path: '/os-hypervisors/{hypervisor_id}/search',
    summary: 'Find hypervisors by a part of their name',
    catalog: [],
    policy: rule('os_compute_api:os-hypervisors:search', admin, 'Search hypervisors.'),
    answer: Type.Object({ hypervisors: Type.Array(Brief) }),
    handle: async ({ cloud, params }) => ({ hypervisors: (await matching(await knownHosts(cloud), params.hypervisor_id)).map(brief) }),
  }),
  operation({
    ...common,
    id: 'hypervisors.servers',
    path: '/os-hypervisors/{hypervisor_id}/servers',
    summary: 'List the servers of hypervisors, by a part of their name',
    catalog: [],
    policy: rule('os_compute_api:os-hypervisors:servers', admin, 'List servers of hypervisors.'),
    answer: Type.Object({ hypervisors: Type.Array(WithServers) }),
    async handle({ cloud, params, db }) {
      const found = await matching(await knownHosts(cloud), params.hypervisor_id)
      if (found.length > 1000) throw badRequest('Too many hypervisors match.')
      const servers = await db
        .selectFrom('compute_servers')
        .select(['id', 'name', 'host'])
        .where('deleted_at', 'is', null)
        .where(
          'host',
          'in',
          found.map(({ name }) => name),
        )
        .orderBy('seq')
        .execute()
      return {
        hypervisors: found.map((host) => {
          const mine = servers.filter((server) => server.host === host.name).map(({ id, name }) => ({ uuid: id, name }))
          return { ...brief(host), ...(mine.length ? { servers: mine } : {}) }
        }),
      }
    },
  }),
]
