import { Fault } from '../../../api/faults.ts'
import { type BaseContext, operation, reply } from '../../../api/operation.ts'
import type { Db } from '../../../db/database.ts'
import { allowedByLists, denied } from '../access/authorize.ts'
import { findContainer, lockContainer } from '../containers/store.ts'
import { isForm, postForm } from '../forms/post.ts'
import { header } from '../headers.ts'
import { deleteSegments } from '../large-objects/delete.ts'
import { plain } from '../limits.ts'
import { noteChange } from '../sync/queue.ts'
import type { Container, Headers } from '../tables.ts'
import { nextTimestamp } from '../timestamps.ts'
import { lookAhead } from './ahead.ts'
import { objectMissing } from './get.ts'
import { linkTarget } from './links.ts'
import { deleteAt, objectMetadata } from './metadata.ts'
import { objectScope, type Place, type Scope } from './scope.ts'
import { count, expired, findObject, setObject } from './store.ts'
import { archiveName, keepsVersions, removeKeeping, removeVersion } from './versions.ts'

const common = { path: '/{account}/{container}/{object*}', auth: 'optional', policy: null, majors: ['v1', 'v1.0'] } as const

export const updateObject = operation({
  ...common,
  id: 'objects.update',
  method: 'POST',
  summary: 'Create or update object metadata',
  catalog: [
    'object-store-v1.objects.create-or-update-object-metadata',
    'quickstart-object-store-v1.0.objects.create-or-update-object-metadata',
  ],
  status: 202,
  input: 'stream',
  transaction: 'none',
  ahead: lookAhead('container'),
  async handle(context) {
    const { account, container, object } = context.params
    if (isForm(context)) return postForm(context, account, container, object)
    const scope = await objectScope(context, 'write')
    const { headers, cloud } = context
    const metadata = objectMetadata(headers)
    const delete_at = deleteAt(headers, cloud)
    return cloud.database.write(async (tx) => {
      const container = await lockContainer(tx, cloud, scope.container.id)
      const row = await findObject(tx.db, container.id, scope.place.object)
      if (!row || expired(cloud, row)) throw objectMissing()
      if (row.kind === 'link') return redirected(context, scope, linkTarget(row, scope.place.account))
      const content_type = header(headers, 'content-type') ?? row.content_type
      const changed_at = nextTimestamp(cloud.environment.clock)
      // A manifest without a new place stays one: otherwise its data could not be reached any more.
      const manifest = row.kind === 'dlo' && !metadata['x-object-manifest'] ? row.metadata['x-object-manifest'] : undefined
      const kind = row.kind === '' && metadata['x-object-manifest'] ? 'dlo' : row.kind
      const kept: Headers = manifest ? { 'x-object-manifest': manifest } : {}
      for (const name in row.metadata) if (name.startsWith('x-object-sysmeta-')) kept[name] = row.metadata[name]!
      await setObject(tx.db, container.id, row.name, { metadata: { ...kept, ...metadata }, content_type, delete_at, changed_at, kind })
      await count(tx.db, container, 0, 0)
      await noteChange(tx, container, row.name, changed_at)
      const body = '<html><h1>Accepted</h1><p>The request is accepted for processing.</p></html>'
      return reply({ status: 202, headers: { 'content-type': 'text/html; charset=UTF-8' }, body })
    })
  },
})

/** Metadata of a link cannot be changed through it: the client is told where its target is. */
function redirected(context: BaseContext, _scope: Scope, target: Place) {
  const location = encodeURI(context.href(`//${context.major}/${target.account}/${target.container}/${target.object}`))
  return reply({
    status: 307,
    headers: { location, 'content-type': 'text/html; charset=UTF-8' },
    body: 'The requested POST was made to a symlink.',
  })
}

export const deleteObject = operation({
  ...common,
  id: 'objects.delete',
  method: 'DELETE',
  summary: 'Delete object',
  catalog: ['object-store-v1.objects.delete-object', 'quickstart-object-store-v1.0.objects.delete-object'],
  status: 204,
  input: 'stream',
  transaction: 'none',
  ahead: lookAhead('container'),
  async handle(context) {
    const scope = await objectScope(context, 'write')
    if (context.rawQuery.get('multipart-manifest') === 'delete') return deleteSegments(context, scope)
    const headers = await dropObject(context, scope)
    return reply({ status: 204, headers: { ...headers, 'content-type': 'text/html; charset=UTF-8' } })
  },
})

/** Removes the object, or the version that the query names. Throws 404; gives headers about versions. */
export async function dropObject(context: BaseContext, scope: Scope): Promise<Record<string, string>> {
  const { cloud, rawQuery } = context
  const version = rawQuery.get('version-id')
  const { object } = scope.place
  return cloud.database.write(async (tx): Promise<Record<string, string>> => {
    const container = await lockContainer(tx, cloud, scope.container.id)
    if (version !== null) {
      if (!/^(null|\d{1,10}\.\d{5})$/.test(version)) throw plain(400, 'Invalid version parameter')
      const removed = await removeVersion(tx, cloud, container, object, version)
      if (!removed) throw objectMissing()
      return { 'x-object-version-id': version }
    }
    const found = await findObject(tx.db, container.id, object)
    if (scope.syncAt !== undefined && found && found.changed_at >= scope.syncAt) throw new Fault(409, 'There is a newer object.')
    const old = found && !expired(cloud, found) ? found : undefined
    if (!old && !keepsVersions(container)) throw objectMissing()
    await mayRestore(context, tx.db, scope, container)
    const marker = await removeKeeping(tx, cloud, container, found, object, scope.syncAt ?? nextTimestamp(cloud.environment.clock))
    return marker ? { 'x-object-version-id': marker, 'x-object-current-version-id': marker } : {}
  })
}

/** Deleting in a container that stacks its versions takes one out of the other container: who may not write there may not do it. */
export async function mayRestore(context: BaseContext, db: Db, scope: Scope, container: Container): Promise<void> {
  if (!container.metadata['x-versions-location'] || scope.access.owner) return
  const other = await findContainer(db, container.account, archiveName(container)!)
  if (other && !allowedByLists(context, other.account, 'write', other.metadata)) throw denied(context, container.account)
}
