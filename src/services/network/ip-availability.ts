// How many addresses of networks and subnets there are, and how many are taken.
import { type Static, Type } from 'typebox'
import { type BaseContext, operation } from '../../api/operation.ts'
import { rule } from '../../auth/policy.ts'
import { poolSize } from './addresses/pools.ts'
import { networkResource } from './networks/resource.ts'
import { adminOnly, anybody } from './rules.ts'
import { type Network, visibleNetworks } from './store/networks.ts'
import { countAddresses, subnetsOfNetwork } from './store/subnets.ts'
import { listerOf } from './wire/actor.ts'
import { attributesQuery, checkFilters } from './wire/filters.ts'

const see = rule('get_network_ip_availability', adminOnly, 'Show how many addresses are taken.')

/** How many addresses of a network are taken. */
const IpAvailability = Type.Object({
  network_id: Type.String(),
  network_name: Type.String(),
  project_id: Type.String(),
  tenant_id: Type.String(),
  total_ips: Type.Number(),
  used_ips: Type.Integer(),
  subnet_ip_availability: Type.Array(
    Type.Object({
      subnet_id: Type.String(),
      subnet_name: Type.String(),
      cidr: Type.String(),
      ip_version: Type.Unsafe<4 | 6>({ enum: [4, 6] }),
      // A network of IPv6 has more than an integer holds exactly.
      total_ips: Type.Number(),
      used_ips: Type.Integer(),
    }),
  ),
})

async function availability(context: BaseContext, network: Network, versions: string[] = []): Promise<Static<typeof IpAvailability>> {
  const all = await subnetsOfNetwork(context.db, network.id)
  const subnets = versions.length ? all.filter((subnet) => versions.includes(`${subnet.ip_version}`)) : all
  const used = await countAddresses(
    context.db,
    subnets.map((subnet) => subnet.id),
  )
  const rows = subnets.map((subnet) => ({
    subnet_id: subnet.id,
    subnet_name: subnet.name,
    cidr: subnet.cidr,
    ip_version: subnet.ip_version,
    total_ips: Number(poolSize(subnet.allocation_pools)),
    used_ips: used.get(subnet.id) ?? 0,
  }))
  const sum = (name: 'total_ips' | 'used_ips') => rows.reduce((total, row) => total + row[name], 0)
  return {
    network_id: network.id,
    network_name: network.name,
    project_id: network.project_id,
    tenant_id: network.project_id,
    total_ips: sum('total_ips'),
    used_ips: sum('used_ips'),
    subnet_ip_availability: rows,
  }
}

/** Filter to column. */
const filters = { network_id: 'id', network_name: 'name', project_id: 'project_id', tenant_id: 'project_id' } as const
const filterNames = [...Object.keys(filters), 'ip_version']

const list = operation({
  id: 'ip-availability.list',
  method: 'GET',
  path: '/network-ip-availabilities',
  summary: 'List how many addresses of networks are taken',
  catalog: [],
  policy: anybody,
  query: attributesQuery(filterNames),
  answer: Type.Object({ network_ip_availabilities: Type.Array(IpAvailability) }),
  async handle(context) {
    checkFilters(context, filterNames)
    if (!context.allows(see.name)) return { network_ip_availabilities: [] }
    let query = visibleNetworks(context.db, listerOf(context, see.name))
    for (const [name, column] of Object.entries(filters)) {
      const wanted = context.rawQuery.getAll(name)
      if (wanted.length) query = query.where(column, 'in', wanted)
    }
    const networks = await query.orderBy('id').execute()
    const versions = context.rawQuery.getAll('ip_version')
    const found = await Promise.all(networks.map((network) => availability(context, network, versions)))
    return { network_ip_availabilities: versions.length ? found.filter((one) => one.subnet_ip_availability.length) : found }
  },
})

const show = operation({
  id: 'ip-availability.show',
  method: 'GET',
  path: '/network-ip-availabilities/{network_id}',
  summary: 'Show how many addresses of a network are taken',
  catalog: [],
  policy: see,
  on: networkResource,
  answer: Type.Object({ network_ip_availability: IpAvailability }),
  handle: async (context) => ({ network_ip_availability: await availability(context, context.network) }),
})

export const ipAvailabilityOperations = [list, show]
