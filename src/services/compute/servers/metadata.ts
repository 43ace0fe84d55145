// Labels of a server (reference 3.8), which the guest can read as well.
import { Type } from 'typebox'
import { badRequest, forbidden, notFound } from '../../../api/faults.ts'
import { type BaseContext, operation } from '../../../api/operation.ts'
import { Closed } from '../../../api/types.ts'
import { rule } from '../../../auth/policy.ts'
import { refreshMetadata } from '../metadata/guest-spec.ts'
import { memberOrAdmin, readerOrAdmin } from '../rules.ts'
import type { ServerState } from './machine.ts'
import { servers } from './resource.ts'
import { MetadataItems } from './schema.ts'
import { type Server, updateServer } from './store.ts'

const path = '/servers/{server_id}/metadata'
const itemPath = '/servers/{server_id}/metadata/{key}'
const allowed: ServerState[] = ['active', 'stopped', 'building', 'error', 'powering-on', 'powering-off', 'rebooting', 'rebooting_hard']
const Body = Closed({ metadata: MetadataItems })
const MetadataShown = Type.Record(Type.String(), Type.String())
const noItem = () => notFound('Metadata item was not found')

async function save(context: BaseContext & { server: Server }, metadata: Record<string, string>): Promise<Record<string, string>> {
  const { cloud, tx, server, now } = context
  const limit = await cloud.quota.limit(tx.db, server.project_id, 'compute.metadata_items')
  if (limit >= 0 && Object.keys(metadata).length > limit) throw forbidden(`Maximum number of metadata items exceeds ${limit}`)
  await updateServer(tx.db, server.id, { metadata, updated_at: now })
  await refreshMetadata(cloud, tx, { ...server, metadata })
  return metadata
}

export const metadataOperations = [
  operation({
    id: 'server-metadata.list',
    method: 'GET',
    path,
    summary: 'List a server’s metadata',
    catalog: ['compute-v2.1.server-metadata.list-all-metadata'],
    policy: rule('os_compute_api:server-metadata:index', readerOrAdmin, 'List metadata of a server.'),
    on: servers,
    answer: Type.Object({ metadata: MetadataShown }),
    handle: async ({ server }) => ({ metadata: server.metadata }),
  }),
  operation({
    id: 'server-metadata.show',
    method: 'GET',
    path: itemPath,
    summary: 'Show one item of a server’s metadata',
    catalog: ['compute-v2.1.server-metadata.show-metadata-item-details'],
    policy: rule('os_compute_api:server-metadata:show', readerOrAdmin, 'Show one metadata item of a server.'),
    on: servers,
    answer: Type.Object({ meta: MetadataShown }),
    async handle({ server, params }) {
      if (!Object.hasOwn(server.metadata, params.key)) throw noItem()
      return { meta: { [params.key]: server.metadata[params.key] } }
    },
  }),
  operation({
    id: 'server-metadata.create',
    method: 'POST',
    path,
    summary: 'Add or change items of a server’s metadata',
    catalog: ['compute-v2.1.server-metadata.update-metadata-items'],
    policy: rule('os_compute_api:server-metadata:create', memberOrAdmin, 'Add metadata to a server.'),
    on: servers,
    answer: Type.Object({ metadata: MetadataShown }),
    locked: 'refused',
    allowed,
    body: Body,
    handle: async (context) => ({ metadata: await save(context, { ...context.server.metadata, ...context.body.metadata }) }),
  }),
  operation({
    id: 'server-metadata.replace',
    method: 'PUT',
    path,
    summary: 'Replace a server’s metadata',
    catalog: ['compute-v2.1.server-metadata.create-or-replace-metadata-items'],
    policy: rule('os_compute_api:server-metadata:update_all', memberOrAdmin, 'Replace the metadata of a server.'),
    on: servers,
    answer: Type.Object({ metadata: MetadataShown }),
    locked: 'refused',
    allowed,
    body: Body,
    handle: async (context) => ({ metadata: await save(context, context.body.metadata) }),
  }),
  operation({
    id: 'server-metadata.update',
    method: 'PUT',
    path: itemPath,
    summary: 'Set one item of a server’s metadata',
    catalog: ['compute-v2.1.server-metadata.create-or-update-metadata-item'],
    policy: rule('os_compute_api:server-metadata:update', memberOrAdmin, 'Set one metadata item of a server.'),
    on: servers,
    answer: Type.Object({ meta: MetadataShown }),
    locked: 'refused',
    allowed,
    body: Closed({ meta: MetadataItems }),
    async handle(context) {
      const { key } = context.params
      const { meta } = context.body
      if (Object.keys(meta).length !== 1) throw badRequest('Request body contains too many items')
      if (!Object.hasOwn(meta, key)) throw badRequest('Request body and URI mismatch')
      await save(context, { ...context.server.metadata, ...meta })
      return { meta }
    },
  }),
  operation({
    id: 'server-metadata.delete',
    method: 'DELETE',
    path: itemPath,
    summary: 'Remove one item of a server’s metadata',
    catalog: ['compute-v2.1.server-metadata.delete-metadata-item'],
    status: 204,
    policy: rule('os_compute_api:server-metadata:delete', memberOrAdmin, 'Remove one metadata item of a server.'),
    on: servers,
    locked: 'refused',
    allowed,
    async handle(context) {
      const { [context.params.key]: gone, ...rest } = context.server.metadata
      if (gone === undefined) throw noItem()
      await save(context, rest)
      return undefined
    },
  }),
]
