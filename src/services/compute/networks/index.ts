// Networks of the network service (reference 3.42, 3.52): compute only shows them. What its own networks had besides is null.
import { type Static, type TSchema, Type } from 'typebox'
import { notFound } from '../../../api/faults.ts'
import { operation } from '../../../api/operation.ts'
import { Nullable } from '../../../api/types.ts'
import { rule } from '../../../auth/policy.ts'
import { lastProxyVersion as until } from '../proxy.ts'
import { readerOrAdmin } from '../rules.ts'

interface Network {
  id: string
  name: string
}

const ownOnly = ['netmask', 'gateway', 'broadcast', 'dns1', 'dns2', 'cidr_v6', 'netmask_v6', 'gateway_v6']
const Brief = Type.Object({ id: Type.String(), label: Type.String(), cidr: Nullable(Type.String()) })
const Wide = Type.Object({ ...Brief.properties, ...Object.fromEntries(ownOnly.map((name) => [name, Nullable(Type.String())])) })

const brief = ({ id, name }: Network): Static<typeof Brief> => ({ id, label: name, cidr: null })
const wide = (network: Network) => ({ ...brief(network), ...Object.fromEntries(ownOnly.map((name) => [name, null])) })

const listAndShow = (name: string, catalog: { list: string; show: string }, schema: TSchema, view: (network: Network) => object) => [
  operation({
    id: `${name}.list`,
    method: 'GET',
    path: `/os-${name}`,
    until,
    summary: 'List networks',
    catalog: [catalog.list],
    policy: rule(`os_compute_api:os-${name}:list`, readerOrAdmin, 'List networks.'),
    answer: Type.Object({ networks: Type.Array(schema) }),
    handle: async (context) => ({ networks: (await context.cloud.network.networks(context.db, context)).map(view) }),
  }),
  operation({
    id: `${name}.show`,
    method: 'GET',
    path: `/os-${name}/{id}`,
    until,
    summary: 'Show a network',
    catalog: [catalog.show],
    policy: rule(`os_compute_api:os-${name}:show`, readerOrAdmin, 'Show a network.'),
    answer: Type.Object({ network: schema }),
    async handle(context) {
      const [network] = await context.cloud.network.networks(context.db, context, context.params.id)
      if (!network) throw notFound('Network not found')
      return { network: view(network) }
    },
  }),
]

const own = 'compute-v2.1.networks'
const projects = 'compute-v2.1.project-networks'
export const networkOperations = [
  ...listAndShow('networks', { list: `${own}.list-networks`, show: `${own}.show-network-details` }, Wide, wide),
  ...listAndShow(
    'tenant-networks',
    { list: `${projects}.list-project-networks`, show: `${projects}.show-project-network-details` },
    Brief,
    brief,
  ),
]
