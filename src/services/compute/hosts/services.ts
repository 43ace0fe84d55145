// Services (reference 3.50): the hosts' agents, as nova-compute, and what the control process does, as scheduler and conductor.
import { type Static, Type } from 'typebox'
import { notBuilt, notFound } from '../../../api/faults.ts'
import { type BaseContext, operation } from '../../../api/operation.ts'
import { Closed, Nullable } from '../../../api/types.ts'
import { since } from '../../../api/versions.ts'
import { rule } from '../../../auth/policy.ts'
import { admin } from '../rules.ts'
import { defaultZone } from '../scheduler/pick-host.ts'
import { controlBinaries, controlServices, controlZone } from './control-services.ts'
import { type KnownHost, knownHosts } from './known-hosts.ts'

const binary = 'nova-compute'
const Text = Type.String({ minLength: 1, maxLength: 255, pattern: '^[^\\u0000-\\u001f\\u007f]*$' })
const Which = Closed({ host: Text, binary: Text })
const update = rule('os_compute_api:os-services:update', admin, 'Update a compute service.')

const Status = Type.Unsafe<string>({ enum: ['enabled', 'disabled'] })
const Service = Type.Object({
  id: Type.Integer(),
  binary: Type.String(),
  host: Type.String(),
  zone: Type.String(),
  status: Status,
  state: Type.Unsafe<string>({ enum: ['up', 'down'] }),
  updated_at: Nullable(Type.String()),
  disabled_reason: Nullable(Type.String()),
  forced_down: since('2.11', Type.Boolean()),
})
const Changed = Type.Object({ host: Type.String(), binary: Type.String(), status: Status })

const micros = (ms: number) => `${new Date(ms).toISOString().slice(0, -1)}000`

const agentView = (host: KnownHost): Static<typeof Service> => ({
  id: host.number,
  binary,
  host: host.name,
  zone: defaultZone,
  status: host.enabled ? 'enabled' : 'disabled',
  state: host.up ? 'up' : 'down',
  updated_at: micros(host.lastSeen),
  disabled_reason: host.disabledReason,
  forced_down: false,
})

const controlView = ({ id, binary, host, lastSeen }: ReturnType<typeof controlServices>[number]): Static<typeof Service> => ({
  id,
  binary,
  host,
  zone: controlZone,
  status: 'enabled',
  state: 'up',
  updated_at: micros(lastSeen),
  disabled_reason: null,
  forced_down: false,
})

const list = operation({
  id: 'services.list',
  method: 'GET',
  path: '/os-services',
  summary: 'List compute services',
  catalog: ['compute-v2.1.manage-services.list-services'],
  also: [{ path: '/os-services/detail', catalog: ['compute-v2.1.manage-services.list-disabled-services'] }],
  policy: rule('os_compute_api:os-services:list', admin, 'List compute services.'),
  query: Type.Object({ host: Type.Optional(Type.String()), binary: Type.Optional(Type.String()) }),
  answer: Type.Object({ services: Type.Array(Service) }),
  async handle({ cloud, query }) {
    const all = [...(await knownHosts(cloud)).map(agentView), ...controlServices(cloud).map(controlView)]
    const isWanted = (one: (typeof all)[number]) =>
      (query.host === undefined || query.host === one.host) && (query.binary === undefined || query.binary === one.binary)
    return { services: all.filter(isWanted) }
  },
})

async function setEnabled({ cloud, tx }: BaseContext, which: { host: string; binary: string }, enabled: boolean, reason: string | null) {
  if (controlBinaries.includes(which.binary) && which.host === cloud.config.hostName) throw notBuilt(`A change of ${which.binary}`)
  const known = which.binary === binary && (await cloud.hosts.list(tx.db)).some((host) => host.name === which.host)
  if (!known) throw notFound(`Could not find binary ${which.binary} on host ${which.host}.`)
  await cloud.hosts.setEnabled(tx, which.host, enabled, reason)
  return { host: which.host, binary: which.binary, status: enabled ? 'enabled' : 'disabled' }
}

export const serviceOperations = [
  list,
  operation({
    id: 'services.enable',
    method: 'PUT',
    path: '/os-services/enable',
    summary: 'Let a host take new servers',
    catalog: ['compute-v2.1.manage-services.enable-scheduling-for-a-service'],
    policy: update,
    body: Which,
    answer: Type.Object({ service: Changed }),
    handle: async (context) => ({ service: await setEnabled(context, context.body, true, null) }),
  }),
  operation({
    id: 'services.disable',
    method: 'PUT',
    path: '/os-services/disable',
    summary: 'Keep new servers from a host',
    catalog: ['compute-v2.1.manage-services.disable-scheduling-for-a-service'],
    policy: update,
    body: Which,
    answer: Type.Object({ service: Changed }),
    handle: async (context) => ({ service: await setEnabled(context, context.body, false, null) }),
  }),
  operation({
    id: 'services.disable-log-reason',
    method: 'PUT',
    path: '/os-services/disable-log-reason',
    summary: 'Keep new servers from a host and say why',
    catalog: ['compute-v2.1.manage-services.log-disabled-service-information'],
    policy: update,
    body: Closed({ host: Text, binary: Text, disabled_reason: Text }),
    answer: Type.Object({ service: Type.Object({ ...Changed.properties, disabled_reason: Type.String() }) }),
    async handle(context) {
      const { disabled_reason } = context.body
      return { service: { ...(await setEnabled(context, context.body, false, disabled_reason)), disabled_reason } }
    },
  }),
]
