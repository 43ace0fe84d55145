// Lists of things that this version cannot make yet: there are none, and clients read the lists on their way to something else.
// What would make them is refused as not built, also at paths that the reference of 2015 spells otherwise.
import { Type } from 'typebox'
import { notBuilt, notFound } from '../../api/faults.ts'
import { type Operation, operation } from '../../api/operation.ts'
import { rule } from '../../auth/policy.ts'
import { admin, memberOrAdmin, readerOrAdmin } from './rules.ts'
import { servers } from './servers/resource.ts'

const Nothing = Type.Array(Type.Unknown(), { maxItems: 0 })

/** A list that is empty; `key` is what it is called in the answer. */
const empty = (path: string, key: string, name: string, summary: string): Operation =>
  operation({
    id: `${path.slice(1)}.list`,
    method: 'GET',
    path,
    summary,
    catalog: [],
    policy: rule(name, admin, `${summary}.`),
    answer: Type.Object({ [key]: Nothing }),
    handle: async () => ({ [key]: [] }),
  })

const ofServer = (path: string, key: string, name: string, summary: string): Operation =>
  operation({
    id: `server-${path}.list`,
    method: 'GET',
    path: `/servers/{server_id}/${path}`,
    summary,
    catalog: [],
    policy: rule(name, readerOrAdmin, `${summary}.`),
    on: servers,
    answer: Type.Object({ [key]: Nothing }),
    handle: async () => ({ [key]: [] }),
  })

const refused = (id: string, method: 'POST' | 'PUT' | 'DELETE', path: string, name: string, summary: string): Operation =>
  operation({
    id,
    method,
    path: `/servers/{server_id}/${path}`,
    summary,
    catalog: [],
    policy: rule(name, memberOrAdmin, `${summary}.`),
    on: servers,
    transaction: 'none',
    async handle() {
      throw notBuilt(summary)
    },
  })

/** A server has no volumes yet, so it has none by that id. */
const showVolume = operation({
  id: 'server-volumes.show',
  method: 'GET',
  path: '/servers/{server_id}/os-volume_attachments/{volume_id}',
  summary: 'Show a volume of a server',
  catalog: [],
  policy: rule('os_compute_api:os-volumes-attachments:show', readerOrAdmin, 'Show a volume of a server.'),
  on: servers,
  async handle({ params }) {
    throw notFound(`Instance ${params.server_id} is not attached to volume ${params.volume_id.slice(0, 100)}`)
  },
})

const volumes = 'os_compute_api:os-volumes-attachments'

export const notThereOperations: Operation[] = [
  empty('/os-aggregates', 'aggregates', 'os_compute_api:os-aggregates:index', 'List host aggregates'),
  empty('/os-agents', 'agents', 'os_compute_api:os-agents:list', 'List guest agents'),
  empty('/os-cloudpipe', 'cloudpipes', 'os_compute_api:os-cloudpipe', 'List cloudpipes'),
  empty('/os-migrations', 'migrations', 'os_compute_api:os-migrations:index', 'List migrations'),
  ofServer('os-consoles', 'consoles', 'os_compute_api:os-consoles:index', 'List the older kind of consoles of a server'),
  ofServer('consoles', 'consoles', 'os_compute_api:os-consoles:index', 'List the older kind of consoles of a server'),
  ofServer('os-volume_attachments', 'volumeAttachments', `${volumes}:index`, 'List the volumes of a server'),
  showVolume,
  refused('server-volumes.attach', 'POST', 'os-volume_attachments', `${volumes}:create`, 'Attach a volume to a server'),
  refused('server-volumes.swap', 'PUT', 'os-volume_attachments/{volume_id}', `${volumes}:swap`, 'Replace a volume of a server'),
  refused('server-volumes.detach', 'DELETE', 'os-volume_attachments/{volume_id}', `${volumes}:delete`, 'Detach a volume from a server'),
]
