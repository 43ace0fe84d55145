import { Type } from 'typebox'
import { type BaseContext, operation } from '../../../api/operation.ts'
import { type Rule, rule } from '../../../auth/policy.ts'
import { admin, readerOrAdmin } from '../rules.ts'
import { allFilters, filteredServers } from './filters.ts'
import { serverList } from './list.ts'
import { servers } from './resource.ts'
import { BriefServer, Server } from './shown.ts'
import { type ShownServer, serverView, shownColumns } from './view.ts'

const brief = serverList('/servers')
const details = serverList('/servers/detail')

export const serverListRules: Rule[] = [
  rule('os_compute_api:servers:index:get_all_tenants', admin, 'List servers of all projects.'),
  rule('os_compute_api:servers:detail:get_all_tenants', admin, 'List servers of all projects with details.'),
  rule(allFilters, admin, 'Narrow lists of servers by everything, hosts and deleted servers included.'),
  rule('os_compute_api:os-extended-server-attributes', admin, 'See on which host a server is.'),
  rule('os_compute_api:servers:show:host_status', admin, 'See the state of the host of a server.'),
  rule('os_compute_api:servers:create:forced_host', admin, 'Choose the host of a new server.'),
]

/** Small columns only, with all that one can sort by. */
const briefColumns = [
  'seq',
  'id',
  'name',
  'created_at',
  'updated_at',
  'vm_state',
  'power_state',
  'project_id',
  'user_id',
  'launch_index',
  'hostname',
  'config_drive',
  'flavor_id',
  'reservation_id',
] as const

/** Whether each host is up, for those who may see it; looked up from 2.16 on, which shows it. */
async function hostStatuses(context: BaseContext): Promise<((host: string | null) => string) | null> {
  if (!context.at('2.16') || !context.allows('os_compute_api:servers:show:host_status')) return null
  const hosts = new Map((await context.cloud.hosts.list(context.db)).map((host) => [host.name, host]))
  return (name) => {
    if (name === null) return ''
    const host = hosts.get(name)
    return host ? (host.enabled ? (host.up ? 'UP' : 'DOWN') : 'MAINTENANCE') : 'UNKNOWN'
  }
}

const moreColumns = (context: BaseContext) =>
  context.at('2.3') && context.allows('os_compute_api:os-extended-server-attributes') ? (['user_data', 'boot_images'] as const) : []

export const listServers = operation({
  id: 'servers.list',
  method: 'GET',
  path: '/servers',
  summary: 'List servers',
  catalog: ['compute-v2.1.servers.list-servers'],
  policy: rule('os_compute_api:servers:index', readerOrAdmin, 'List servers.'),
  query: brief.query,
  answer: brief.answer(BriefServer),
  async handle(context) {
    const rows = await filteredServers(context, 'os_compute_api:servers:index:get_all_tenants')
    const page = await brief.page<{ id: string; name: string }>(context, rows.select([...briefColumns]))
    return brief.body(context, page, page.rows.map(serverView(context).brief))
  },
})

export const detailServers = operation({
  id: 'servers.detail',
  method: 'GET',
  path: '/servers/detail',
  summary: 'List servers with details',
  catalog: ['compute-v2.1.servers.list-details-for-servers'],
  policy: rule('os_compute_api:servers:detail', readerOrAdmin, 'List servers with details.'),
  query: details.query,
  answer: details.answer(Server),
  async handle(context) {
    const { db, cloud } = context
    const rows = await filteredServers(context, 'os_compute_api:servers:detail:get_all_tenants')
    const page = await details.page<ShownServer>(context, rows.select([...shownColumns, ...moreColumns(context)]))
    const found = page.rows
    const ports = found.length
      ? await cloud.network.portsOf(
          db,
          found.map((row) => row.id),
        )
      : new Map()
    const { detail } = serverView(context)
    const status = await hostStatuses(context)
    return details.body(
      context,
      page,
      found.map((row) => detail(row, ports.get(row.id) ?? [], status?.(row.host))),
    )
  },
})

export const showServer = operation({
  id: 'servers.show',
  method: 'GET',
  path: '/servers/{server_id}',
  summary: 'Show a server',
  catalog: ['compute-v2.1.servers.get-server-details'],
  policy: rule('os_compute_api:servers:show', readerOrAdmin, 'Show a server.'),
  on: servers,
  answer: Type.Object({ server: Server }),
  async handle(context) {
    const { server, db, cloud } = context
    const ports = (await cloud.network.portsOf(db, [server.id])).get(server.id) ?? []
    const status = await hostStatuses(context)
    return { server: serverView(context).detail(server, ports, status?.(server.host)) }
  },
})
