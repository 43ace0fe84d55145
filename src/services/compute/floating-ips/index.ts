// Floating IPs and the pools that they come from (reference 3.34, 3.35).
import { type Static, Type } from 'typebox'
import { operation, resource } from '../../../api/operation.ts'
import { Closed, Nullable } from '../../../api/types.ts'
import { rule } from '../../../auth/policy.ts'
import { holding } from '../../../db/hold.ts'
import type { PlacedFloatingIp } from '../../network/servers/floating-ips.ts'
import { ownProject } from '../asker.ts'
import { proxied, lastProxyVersion as until } from '../proxy.ts'
import { anyone, memberOrAdmin, readerOrAdmin } from '../rules.ts'

const catalog = (name: string) => [`compute-v2.1.floating-ips.${name}`]
const path = '/os-floating-ips'

const FloatingIp = Type.Object({
  id: Type.String(),
  ip: Type.String(),
  fixed_ip: Nullable(Type.String()),
  instance_id: Nullable(Type.String()),
  pool: Type.String(),
})

const view = (row: PlacedFloatingIp): Static<typeof FloatingIp> => ({
  id: row.id,
  ip: row.floating_ip_address,
  fixed_ip: row.fixed_ip_address,
  instance_id: row.serverId,
  pool: row.pool,
})

const floatingIps = resource({
  name: 'floatingIp',
  param: 'id',
  hold: holding('network_floating_ips'),
  load: (id, context) => context.cloud.network.floatingIps.find(context.db, context, id),
  target: ({ project_id }) => ({ project_id }),
  missing: (id) => `Floating IP not found for ID ${id.slice(0, 100)}`,
})

export const floatingIpOperations = [
  operation({
    id: 'floating-ip-pools.list',
    method: 'GET',
    path: '/os-floating-ip-pools',
    until,
    summary: 'List pools of floating IPs',
    catalog: ['compute-v2.1.floating-ip-pools.list-floating-ip-pools'],
    policy: rule('os_compute_api:os-floating-ip-pools', anyone, 'List pools of floating IPs.'),
    answer: Type.Object({ floating_ip_pools: Type.Array(Type.Object({ name: Type.String() })) }),
    handle: async (context) => ({
      floating_ip_pools: (await context.cloud.network.floatingIps.pools(context.db, context)).map(({ id, name }) => ({
        name: name || id,
      })),
    }),
  }),
  operation({
    id: 'floating-ips.list',
    method: 'GET',
    path,
    until,
    summary: 'List floating IPs',
    catalog: catalog('list-floating-ips'),
    policy: rule('os_compute_api:os-floating-ips:list', readerOrAdmin, 'List floating IPs.'),
    answer: Type.Object({ floating_ips: Type.Array(FloatingIp) }),
    handle: async ({ cloud, db, who }) => ({
      floating_ips: (await cloud.network.floatingIps.list(db, who.project?.id ?? '')).map(view),
    }),
  }),
  operation({
    id: 'floating-ips.show',
    method: 'GET',
    path: `${path}/{id}`,
    until,
    summary: 'Show a floating IP',
    catalog: [],
    policy: rule('os_compute_api:os-floating-ips:show', readerOrAdmin, 'Show a floating IP.'),
    on: floatingIps,
    answer: Type.Object({ floating_ip: FloatingIp }),
    handle: async ({ floatingIp }) => ({ floating_ip: view(floatingIp) }),
  }),
  operation({
    id: 'floating-ips.create',
    method: 'POST',
    path,
    until,
    summary: 'Take a floating IP from a pool',
    catalog: catalog('allocate-floating-ip'),
    quota: { 'network.floatingip': 'handler' },
    policy: rule('os_compute_api:os-floating-ips:create', memberOrAdmin, 'Take a floating IP from a pool.'),
    body: Type.Unsafe<{ pool?: string | null } | null>(
      Nullable(Closed({ pool: Type.Optional(Nullable(Type.String({ maxLength: 255 }))) })),
    ),
    answer: Type.Object({ floating_ip: FloatingIp }),
    async handle(context) {
      const pool = context.body?.pool || null
      return { floating_ip: view(await proxied(context.cloud.network.floatingIps.create(context, ownProject(context), pool))) }
    },
  }),
  operation({
    id: 'floating-ips.delete',
    method: 'DELETE',
    path: `${path}/{id}`,
    until,
    summary: 'Give a floating IP back',
    catalog: catalog('deallocate-floating-ip'),
    status: 202,
    policy: rule('os_compute_api:os-floating-ips:delete', memberOrAdmin, 'Give a floating IP back.'),
    on: floatingIps,
    handle: (context) => context.cloud.network.floatingIps.remove(context, context.floatingIp),
  }),
]
