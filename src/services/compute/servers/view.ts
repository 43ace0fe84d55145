// What clients see of servers. Made for lists of hundreds: all that is the same for every server is worked out once.
import { createHash } from 'node:crypto'
import type { Static } from 'typebox'
import type { BaseContext } from '../../../api/operation.ts'
import type { ServerPort } from '../../network/facade.ts'
import { isAdmin } from '../asker.ts'
import { instanceName } from '../metadata/tree.ts'
import { defaultZone } from '../scheduler/pick-host.ts'
import type { Server as Shown, ShownAddress, UpdatedServer } from './shown.ts'
import { statusOf } from './states.ts'
import type { Server } from './store.ts'
import type { ServerFault } from './tables.ts'

/** What the detailed view needs of a row. */
export const shownColumns = [
  'seq',
  'id',
  'name',
  'description',
  'project_id',
  'user_id',
  'image_id',
  'flavor_id',
  'vm_state',
  'task_state',
  'power_state',
  'host',
  'availability_zone',
  'key_name',
  'metadata',
  'config_drive',
  'access_ip_v4',
  'access_ip_v6',
  'disk_config',
  'hostname',
  'security_groups',
  'reservation_id',
  'launch_index',
  'fault',
  'locked_by',
  'created_at',
  'updated_at',
  'launched_at',
  'terminated_at',
] as const
export type ShownServer = Pick<Server, (typeof shownColumns)[number]> & Partial<Pick<Server, 'user_data' | 'boot_images'>>

const hostIds = new Map<string, string>()
/** The same for the same project and host, and telling nothing of either. */
function hostId(project: string, host: string | null): string {
  if (!host) return ''
  const key = project + host
  const known = hostIds.get(key)
  if (known) return known
  if (hostIds.size > 10_000) hostIds.clear()
  const made = createHash('sha224').update(key).digest('hex')
  hostIds.set(key, made)
  return made
}

const seconds = (time: string) => `${time.slice(0, 19)}Z`
const micros = (time: string | null) => (time === null ? null : `${time.slice(0, 23)}000`)

export type Address = Static<typeof ShownAddress>

/** Addresses by network name, each fixed one followed by its floating ones. */
export function addressesOf(ports: ServerPort[], extended: boolean): Record<string, Address[]> {
  const addresses: Record<string, Address[]> = {}
  for (const { networkName, mac, fixedIps } of ports) {
    let list = addresses[networkName]
    if (!list) {
      list = []
      addresses[networkName] = list
    }
    for (const { ip, ipVersion, floatingIps } of fixedIps) {
      list.push(
        extended
          ? { version: ipVersion, addr: ip, 'OS-EXT-IPS:type': 'fixed', 'OS-EXT-IPS-MAC:mac_addr': mac }
          : { version: ipVersion, addr: ip },
      )
      for (const addr of floatingIps) {
        list.push(extended ? { version: 4, addr, 'OS-EXT-IPS:type': 'floating', 'OS-EXT-IPS-MAC:mac_addr': mac } : { version: 4, addr })
      }
    }
  }
  return addresses
}

function groupsOf(row: ShownServer, ports: ServerPort[]): { name: string }[] {
  // Until it has ports, what was asked for is all there is to show.
  if (!ports.length) return row.vm_state === 'building' ? row.security_groups.map((name) => ({ name })) : []
  if (ports.length === 1) return ports[0]!.securityGroups.map(({ name }) => ({ name }))
  const names = new Map(ports.flatMap((port) => port.securityGroups.map(({ id, name }) => [id, name])))
  return [...names.values()].map((name) => ({ name }))
}

const progressing = new Set(['ACTIVE', 'BUILD', 'REBUILD', 'RESIZE', 'VERIFY_RESIZE', 'MIGRATING'])

/** Renders servers for one request. */
export function serverView(context: BaseContext) {
  const { href, allows } = context
  const self = href('/servers')
  const bookmark = href('//servers')
  const images = href('//images')
  const flavors = href('//flavors')
  const readsDetails = isAdmin(context)
  const attributes = allows('os_compute_api:os-extended-server-attributes')
  /** Owners read what went wrong; where, administrators. */
  const faultOf = ({ details, ...fault }: ServerFault) => (details && readsDetails ? { ...fault, details } : fault)
  const links = (id: string) => [
    { rel: 'self', href: `${self}/${id}` },
    { rel: 'bookmark', href: `${bookmark}/${id}` },
  ]
  const common = (row: ShownServer, ports: ServerPort[], extended: boolean): Static<typeof UpdatedServer> => {
    const status = statusOf(row)
    return {
      id: row.id,
      name: row.name,
      status,
      tenant_id: row.project_id,
      user_id: row.user_id,
      metadata: row.metadata,
      hostId: hostId(row.project_id, row.host),
      image: row.image_id === null ? '' : { id: row.image_id, links: [{ rel: 'bookmark', href: `${images}/${row.image_id}` }] },
      flavor: { id: row.flavor_id, links: [{ rel: 'bookmark', href: `${flavors}/${row.flavor_id}` }] },
      created: seconds(row.created_at),
      updated: seconds(row.updated_at),
      addresses: addressesOf(ports, extended),
      accessIPv4: row.access_ip_v4 ?? '',
      accessIPv6: row.access_ip_v6 ?? '',
      links: links(row.id),
      'OS-DCF:diskConfig': row.disk_config,
      ...(progressing.has(status) ? { progress: row.vm_state === 'active' ? 100 : 0 } : {}),
      ...(row.fault && (row.vm_state === 'error' || row.vm_state === 'deleted') ? { fault: faultOf(row.fault) } : {}),
      locked: row.locked_by !== null,
      description: row.description,
    }
  }
  return {
    links,
    brief: (row: { id: string; name: string }) => ({ id: row.id, name: row.name, links: links(row.id) }),
    /** The answer to an update, which has fewer fields. */
    updated: (row: ShownServer, ports: ServerPort[]) => common(row, ports, false),
    detail(row: ShownServer, ports: ServerPort[], hostStatus?: string): Static<typeof Shown> {
      const groups = groupsOf(row, ports)
      return {
        ...common(row, ports, true),
        'OS-EXT-AZ:availability_zone': row.host ? (row.availability_zone ?? defaultZone) : (row.availability_zone ?? ''),
        config_drive: row.config_drive ? 'True' : '',
        key_name: row.key_name,
        'OS-SRV-USG:launched_at': micros(row.launched_at),
        'OS-SRV-USG:terminated_at': micros(row.terminated_at),
        ...(groups.length ? { security_groups: groups } : {}),
        'OS-EXT-STS:task_state': row.task_state,
        'OS-EXT-STS:vm_state': row.vm_state,
        'OS-EXT-STS:power_state': row.power_state,
        'os-extended-volumes:volumes_attached': [],
        ...(attributes
          ? {
              'OS-EXT-SRV-ATTR:host': row.host,
              'OS-EXT-SRV-ATTR:instance_name': instanceName(row.seq),
              'OS-EXT-SRV-ATTR:hypervisor_hostname': row.host,
              'OS-EXT-SRV-ATTR:reservation_id': row.reservation_id,
              'OS-EXT-SRV-ATTR:launch_index': row.launch_index,
              'OS-EXT-SRV-ATTR:hostname': row.hostname,
              'OS-EXT-SRV-ATTR:kernel_id': row.boot_images?.kernel?.id ?? '',
              'OS-EXT-SRV-ATTR:ramdisk_id': row.boot_images?.ramdisk?.id ?? '',
              'OS-EXT-SRV-ATTR:root_device_name': '/dev/vda',
              'OS-EXT-SRV-ATTR:user_data': row.user_data ?? null,
            }
          : {}),
        ...(hostStatus === undefined ? {} : { host_status: hostStatus }),
      }
    },
  }
}
