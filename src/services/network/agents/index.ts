// Agents: each host's agent, once as the DHCP agent and once as the L3 agent that other clouds would have there.
import { createHash } from 'node:crypto'
import { type Static, Type } from 'typebox'
import { notFound } from '../../../api/faults.ts'
import { type BaseContext, operation, resource } from '../../../api/operation.ts'
import { Nullable } from '../../../api/types.ts'
import { rule } from '../../../auth/policy.ts'
import { networkResource } from '../networks/resource.ts'
import { Network } from '../networks/schema.ts'
import { networkViews, seenOfNetwork, zone } from '../networks/view.ts'
import { routerResource } from '../routers/resource.ts'
import { Router } from '../routers/schema.ts'
import { routerView } from '../routers/view.ts'
import { adminOnly, anybody } from '../rules.ts'
import { findNetwork } from '../store/networks.ts'
import { findRouter } from '../store/routers.ts'
import { Word } from '../wire/fields.ts'
import { attributesQuery, booleanFilter, checkFilters } from '../wire/filters.ts'
import { FieldsQuery, pickFields, Shown } from '../wire/listing.ts'
import { dhcpNetworks, routersOnHosts } from './store.ts'

/** A host's agent, as one of those that other clouds have there. */
const Agent = Type.Object({
  id: Type.String(),
  agent_type: Word('DHCP agent', 'L3 agent'),
  binary: Type.String(),
  topic: Type.String(),
  host: Type.String(),
  alive: Type.Boolean(),
  admin_state_up: Type.Boolean(),
  availability_zone: Nullable(Type.String()),
  // Each kind of agent tells of itself what it likes.
  configurations: Type.Record(Type.String(), Type.Unknown()),
  description: Nullable(Type.String()),
  resources_synced: Nullable(Type.Boolean()),
  heartbeat_timestamp: Type.String(),
  started_at: Type.String(),
  created_at: Type.String(),
})
type Agent = Static<typeof Agent>

const filters = [
  ...['id', 'agent_type', 'host', 'binary', 'alive', 'admin_state_up', 'availability_zone', 'topic', 'description'],
] as (keyof Agent)[]

const kinds = [
  { agent_type: 'DHCP agent', binary: 'nephos-agent', topic: 'dhcp_agent' },
  { agent_type: 'L3 agent', binary: 'nephos-agent', topic: 'l3_agent' },
]

/** The same id for the same agent of the same host at each request. */
function agentId(host: string, type: string): string {
  const hex = createHash('sha256').update(`${type} ${host}`).digest('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

async function allAgents(context: BaseContext): Promise<Agent[]> {
  const hosts = await context.cloud.hosts.list(context.db)
  const time = (ms: number) => new Date(ms).toISOString().slice(0, 19).replace('T', ' ')
  return hosts.flatMap((host) =>
    kinds.map((kind) => ({
      id: agentId(host.name, kind.agent_type),
      ...kind,
      host: host.name,
      alive: host.up,
      admin_state_up: host.enabled,
      availability_zone: zone,
      configurations: {},
      description: null,
      resources_synced: null,
      heartbeat_timestamp: time(host.lastSeen),
      started_at: time(host.lastSeen),
      created_at: time(host.lastSeen),
    })),
  )
}

const agentResource = resource({
  name: 'agent',
  param: 'agent_id',
  load: async (id, context) => (await allAgents(context)).find((agent) => agent.id === id),
  target: () => ({}),
  missing: (id) => `Agent ${id.slice(0, 100)} could not be found`,
  missingType: 'AgentNotFound',
  hidden: true,
})

const see = rule('get_agent', adminOnly, 'Show an agent.')

const listAgents = operation({
  id: 'agents.list',
  method: 'GET',
  path: '/agents',
  summary: 'List agents',
  catalog: [],
  policy: anybody,
  query: attributesQuery(filters),
  answer: Type.Object({ agents: Type.Array(Shown(Agent)) }),
  async handle(context) {
    const { rawQuery } = context
    checkFilters(context, filters)
    const isWanted = filters.map((name) => {
      const wanted = rawQuery.getAll(name)
      const booleans = name === 'alive' || name === 'admin_state_up' ? wanted.map(booleanFilter) : null
      return (agent: Agent) =>
        !wanted.length || (booleans ? booleans.includes(agent[name] as boolean) : wanted.includes(String(agent[name])))
    })
    if (!context.allows(see.name)) return { agents: [] }
    const agents = (await allAgents(context)).filter((agent) => isWanted.every((holds) => holds(agent)))
    return { agents: agents.map((agent) => pickFields(context, agent)) }
  },
})

const showAgent = operation({
  id: 'agents.show',
  method: 'GET',
  path: '/agents/{agent_id}',
  summary: 'Show an agent',
  catalog: [],
  policy: see,
  on: agentResource,
  query: FieldsQuery,
  answer: Type.Object({ agent: Shown(Agent) }),
  handle: async (context) => ({ agent: pickFields(context, context.agent) }),
})

const wrongAgent = (id: string) => notFound(`Agent ${id.slice(0, 100)} could not be found`, 'AgentNotFound')

const agentsOfNetwork = operation({
  id: 'networks.dhcp-agents',
  method: 'GET',
  path: '/networks/{network_id}/dhcp-agents',
  summary: 'List the DHCP agents of a network',
  catalog: [],
  policy: rule('get_dhcp-agents', adminOnly, 'List the DHCP agents of a network.'),
  on: networkResource,
  answer: Type.Object({ agents: Type.Array(Agent) }),
  async handle(context) {
    const served = (await dhcpNetworks(context.db)).includes(context.network.id)
    const agents = served ? (await allAgents(context)).filter((agent) => agent.agent_type === 'DHCP agent') : []
    return { agents: agents.slice(0, 1) }
  },
})

const networksOfAgent = operation({
  id: 'agents.dhcp-networks',
  method: 'GET',
  path: '/agents/{agent_id}/dhcp-networks',
  summary: 'List the networks of a DHCP agent',
  catalog: [],
  policy: rule('get_dhcp-networks', adminOnly, 'List the networks of a DHCP agent.'),
  on: agentResource,
  answer: Type.Object({ networks: Type.Array(Network) }),
  async handle(context) {
    const { agent, db } = context
    if (agent.agent_type !== 'DHCP agent') throw wrongAgent(agent.id)
    const first = (await allAgents(context)).find((one) => one.agent_type === 'DHCP agent')
    const ids = first?.id === agent.id ? await dhcpNetworks(db) : []
    const networks = (await Promise.all(ids.map((id) => findNetwork(db, id)))).flatMap((network) => network ?? [])
    return { networks: await networkViews(db, networks, seenOfNetwork(context)) }
  },
})

/** No router is on several hosts at once, so its agents are in none of the states of that. */
const AgentOfRouter = Type.Object({ ...Agent.properties, ha_state: Type.Null() })

const agentsOfRouter = operation({
  id: 'routers.l3-agents',
  method: 'GET',
  path: '/routers/{router_id}/l3-agents',
  summary: 'List the L3 agents of a router',
  catalog: [],
  policy: rule('get_l3-agents', adminOnly, 'List the L3 agents of a router.'),
  on: routerResource,
  answer: Type.Object({ agents: Type.Array(AgentOfRouter) }),
  async handle(context) {
    const hosts = await context.cloud.hosts.holders(context.db, 'router', context.router.id)
    const agents = (await allAgents(context)).filter((agent) => agent.agent_type === 'L3 agent' && hosts.includes(agent.host))
    return { agents: agents.map((agent) => ({ ...agent, ha_state: null })) }
  },
})

const routersOfAgent = operation({
  id: 'agents.l3-routers',
  method: 'GET',
  path: '/agents/{agent_id}/l3-routers',
  summary: 'List the routers of an L3 agent',
  catalog: [],
  policy: rule('get_l3-routers', adminOnly, 'List the routers of an L3 agent.'),
  on: agentResource,
  answer: Type.Object({ routers: Type.Array(Router) }),
  async handle(context) {
    const { agent, db } = context
    if (agent.agent_type !== 'L3 agent') throw wrongAgent(agent.id)
    const routers: Static<typeof Router>[] = []
    for (const id of await routersOnHosts(db, agent.host)) {
      const router = await findRouter(db, id)
      if (router) routers.push(await routerView(db, router))
    }
    return { routers }
  },
})

const listProviders = operation({
  id: 'service-providers.list',
  method: 'GET',
  path: '/service-providers',
  summary: 'List service providers',
  catalog: ['network-v2.0.service-providers.list-service-providers'],
  policy: rule('get_service_provider', '@', 'List service providers.'),
  answer: Type.Object({
    service_providers: Type.Array(Type.Object({ service_type: Type.String(), name: Type.String(), default: Type.Boolean() })),
  }),
  handle: async () => ({ service_providers: [{ service_type: 'L3_ROUTER_NAT', name: 'nephos', default: true }] }),
})

export const agentOperations = [listAgents, showAgent, agentsOfNetwork, networksOfAgent, agentsOfRouter, routersOfAgent, listProviders]
