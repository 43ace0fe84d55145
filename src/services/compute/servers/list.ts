// By what lists of servers are narrowed and sorted (reference 3.2.1); filters.ts does it.
import { type Filter, listing } from '../../../api/listing.ts'
import { listStyle } from '../list-style.ts'

const own = (...names: string[]): Record<string, Filter> => Object.fromEntries(names.map((name) => [name, {}]))

export const serverList = (path: '/servers' | '/servers/detail') =>
  listing({
    style: listStyle,
    many: 'servers',
    path,
    filters: {
      ...own('all_tenants', 'all_projects', 'tenant_id', 'project_id', 'status', 'changes-since', 'deleted', 'is_deleted'),
      ...own('name', 'image', 'flavor', 'reservation_id', 'ip', 'ip6'),
      // For administrators; from others they are ignored.
      ...own('host', 'node', 'availability_zone', 'key_name', 'user_id', 'uuid', 'hostname', 'vm_state', 'task_state'),
      ...own('access_ip_v4', 'access_ip_v6', 'config_drive'),
    },
    sortKeys: {
      created_at: 'created_at',
      updated_at: 'updated_at',
      display_name: 'name',
      name: 'name',
      uuid: 'id',
      id: 'id',
      vm_state: 'vm_state',
      power_state: 'power_state',
      project_id: 'project_id',
      user_id: 'user_id',
      launch_index: 'launch_index',
      hostname: 'hostname',
      config_drive: 'config_drive',
      instance_type_id: 'flavor_id',
      reservation_id: 'reservation_id',
    },
    defaultSort: [
      ['created_at', 'desc'],
      ['seq', 'desc'],
    ],
    id: 'id',
    maxLimit: 1000,
  })
