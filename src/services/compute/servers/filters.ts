// What lists of servers can be narrowed by (reference 3.2.1).
import { sql } from 'kysely'
import { badRequest, forbidden } from '../../../api/faults.ts'
import type { BaseContext } from '../../../api/operation.ts'
import { safePattern } from '../../../api/safe-pattern.ts'
import { isTrue } from '../../../api/types.ts'
import { isAdmin } from '../asker.ts'
import { ownTaskStates, stateFilter } from './states.ts'

/** Filters of everybody, by equality. */
const plain: Record<string, string> = { reservation_id: 'reservation_id', flavor: 'flavor_id', image: 'image_id' }
/** Those that only who the rule lets use all of them may; from others they are ignored. */
const plainForAdmins: Record<string, string> = {
  host: 'host',
  node: 'host',
  availability_zone: 'availability_zone',
  key_name: 'key_name',
  user_id: 'user_id',
  uuid: 'id',
  hostname: 'hostname',
  vm_state: 'vm_state',
  task_state: 'task_state',
  access_ip_v4: 'access_ip_v4',
  access_ip_v6: 'access_ip_v6',
}

export const allFilters = 'os_compute_api:servers:allow_all_filters'

const last = (search: URLSearchParams, name: string): string | undefined => search.getAll(name).at(-1)
const idOf = (reference: string) => reference.split('/').at(-1)!

function allTenants(search: URLSearchParams): boolean {
  const text = last(search, 'all_tenants') ?? last(search, 'all_projects')
  if (text === undefined) return false
  if (text === '') return true
  if (!/^(true|false|yes|no|on|off|t|f|y|n|0|1)$/i.test(text)) {
    throw badRequest(`Invalid input for field/attribute all_tenants. Value: ${text.slice(0, 60)}.`)
  }
  return isTrue(text)
}

/** The rows that a list is of, narrowed by the request's filters; `rule` is asked for all projects. */
export async function filteredServers(context: BaseContext, rule: string) {
  const { db, who, rawQuery: search, cloud } = context
  const every = context.allows(allFilters)
  const projectFilter = last(search, 'tenant_id') ?? last(search, 'project_id')
  // A project is only looked at when all are asked for, as it has always been.
  const everyProject = allTenants(search)
  if (everyProject && !context.allows(rule)) throw forbidden(`Policy doesn't allow ${rule} to be performed.`)
  const projectId = everyProject ? (projectFilter ?? null) : (who.project?.id ?? '')

  let rows = db.selectFrom('compute_servers')
  if (projectId !== null) rows = rows.where('project_id', '=', projectId)

  const statuses = [...new Set(search.getAll('status').map((status) => status.toUpperCase()))]
  const since = last(search, 'changes-since')
  const deleted = every && isTrue(last(search, 'deleted') ?? last(search, 'is_deleted') ?? '')
  if (statuses.some((status) => status.toUpperCase() === 'DELETED') && !isAdmin(context)) {
    throw forbidden('Only administrators may list deleted instances')
  }
  const wantsDeleted = deleted || statuses.some((status) => status.toUpperCase() === 'DELETED')
  if (since !== undefined) {
    const time = Date.parse(since)
    if (!/^\d{4}-\d\d-\d\d/.test(since) || Number.isNaN(time)) throw badRequest('Invalid filter field: changes-since.')
    rows = rows.where('updated_at', '>=', new Date(time).toISOString())
  } else rows = wantsDeleted ? rows.where('deleted_at', 'is not', null) : rows.where('deleted_at', 'is', null)

  if (statuses.length) {
    const known = statuses.flatMap((status) => stateFilter(status) ?? [])
    rows = rows.where(({ eb, and, or }) =>
      known.length
        ? or(
            known.map(({ vmState, taskStates }) =>
              taskStates
                ? eb('task_state', 'in', taskStates)
                : and([eb('vm_state', '=', vmState!), or([eb('task_state', 'is', null), eb('task_state', 'not in', ownTaskStates)])]),
            ),
          )
        : eb(sql.lit(1), '=', sql.lit(0)),
    )
  }
  for (const [name, column] of Object.entries({ ...plain, ...(every ? plainForAdmins : {}) })) {
    const values = search.getAll(name)
    if (values.length) rows = rows.where(sql.ref(column), 'in', name === 'image' || name === 'flavor' ? values.map(idOf) : values)
  }
  const drive = every ? last(search, 'config_drive') : undefined
  if (drive !== undefined) rows = rows.where('config_drive', '=', isTrue(drive))

  const name = last(search, 'name')
  if (name !== undefined) {
    const matches = safePattern(name, { ignoreCase: true })
    const candidates = await rows.select(['id', 'name']).execute()
    rows = rows.where('id', 'in', orNone(candidates.filter((row) => matches(row.name)).map((row) => row.id)))
  }
  const ip = last(search, 'ip') ?? (context.at('2.5') || every ? last(search, 'ip6') : undefined)
  if (ip !== undefined) rows = rows.where('id', 'in', orNone(await cloud.network.serversWithIp(db, projectId, ip)))
  return rows
}

/** A list for `in`: an empty one is no SQL. */
const orNone = (ids: string[]) => (ids.length ? ids : [''])
