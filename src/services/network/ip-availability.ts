// How many addresses of networks and subnets there are, and how many are taken.
import { type BaseContext, operation } from '../../api/operation.ts'
import { rule } from '../../auth/policy.ts'
import { poolSize } from './addresses/pools.ts'
import { networkResource } from './networks/resource.ts'
import { type Network, visibleNetworks } from './networks/store.ts'
import { adminOnly, anybody } from './rules.ts'
import { countAddresses, subnetsOfNetwork } from './subnets/store.ts'
import { listerOf } from './wire/actor.ts'
import { checkFilters } from './wire/filters.ts'

const see = rule('get_network_ip_availability', adminOnly, 'Show how many addresses are taken.')

async function availability(context: BaseContext, network: Network) {
  const subnets = await subnetsOfNetwork(context.db, network.id)
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

const list = operation({
  id: 'ip-availability.list',
  method: 'GET',
  path: '/network-ip-availabilities',
  summary: 'List how many addresses of networks are taken',
  catalog: [],
  policy: anybody,
  async handle(context) {
    checkFilters(context, ['network_id', 'network_name', 'project_id', 'tenant_id', 'ip_version'])
    if (!context.allows(see.name)) return { network_ip_availabilities: [] }
    let query = visibleNetworks(context.db, listerOf(context, see.name))
    for (const [name, column] of [
      ['network_id', 'id'],
      ['network_name', 'name'],
      ['project_id', 'project_id'],
      ['tenant_id', 'project_id'],
    ] as const) {
      const wanted = context.rawQuery.getAll(name)
      if (wanted.length) query = query.where(column, 'in', wanted)
    }
    const networks = await query.orderBy('id').execute()
    return { network_ip_availabilities: await Promise.all(networks.map((network) => availability(context, network))) }
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
  handle: async (context) => ({ network_ip_availability: await availability(context, context.network) }),
})

export const ipAvailabilityOperations = [list, show]
