// Hosts by the services that they run (reference 3.38). Administrators only.
import { Type } from 'typebox'
import { operation } from '../../../api/operation.ts'
import { rule } from '../../../auth/policy.ts'
import { admin } from '../rules.ts'
import { defaultZone } from '../scheduler/pick-host.ts'
import { controlServices, controlZone } from './control-services.ts'
import { knownHosts } from './known-hosts.ts'

const Word = Type.Optional(Type.String({ maxLength: 255 }))

export const hostOperations = [
  operation({
    id: 'hosts.list',
    method: 'GET',
    path: '/os-hosts',
    summary: 'List hosts',
    catalog: ['compute-v2.1.hosts.list-hosts'],
    policy: rule('os_compute_api:os-hosts:list', admin, 'List hosts.'),
    query: Type.Object({ zone: Word, service: Word }),
    answer: Type.Object({
      hosts: Type.Array(Type.Object({ host_name: Type.String(), service: Type.String(), zone: Type.String() })),
    }),
    async handle({ cloud, query }) {
      const control = controlServices(cloud).map(({ host, binary }) => [host, binary.slice('nova-'.length), controlZone] as const)
      const agents = (await knownHosts(cloud)).map(({ name }) => [name, 'compute', defaultZone] as const)
      const hosts = [...agents, ...control].map(([host_name, service, zone]) => ({ host_name, service, zone }))
      const { zone, service } = query
      return { hosts: hosts.filter((host) => (!zone || host.zone === zone) && (!service || host.service === service)) }
    },
  }),
]
