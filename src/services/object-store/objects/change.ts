import { Fault } from '../../../api/faults.ts'
import { type BaseContext, operation, reply } from '../../../api/operation.ts'
import type { Cloud } from '../../../cloud.ts'
import type { Db, Tx } from '../../../db/database.ts'
import { allowedByLists, denied, ownAccess } from '../access/authorize.ts'
import { bulkDelete } from '../bulk/delete.ts'
import { ReportBody } from '../bulk/report.ts'
import { lockContainer } from '../containers/store.ts'
import { isForm, postForm } from '../forms/post.ts'
import { header } from '../headers.ts'
import { deleteSegments } from '../large-objects/delete.ts'
import { plain } from '../limits.ts'
import { Writing } from '../queries.ts'
import { noteChange } from '../sync/queue.ts'
import type { Container, Headers } from '../tables.ts'
import { nextTimestamp } from '../timestamps.ts'
import { lookAhead } from './ahead.ts'
import { cameFrom, takenByDelete } from './archive.ts'
import { objectMissing } from './get.ts'
import { linkPath } from './link-target.ts'
import { deleteAt, objectMetadata } from './metadata.ts'
import { objectScope, type Scope } from './scope.ts'
import { count, expired, findObject, setObject } from './store.ts'
import { checkVersion, isVersioned, marksRemovals, removeKeeping, removeVersion, unlink, versionName } from './versions.ts'

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
  // Reports, forms as at a container, and of a link where to go instead.
  otherStatuses: [200, 201, 303, 307],
  query: Writing,
  answer: ReportBody,
  input: 'stream',
  transaction: 'none',
  ahead: lookAhead('container'),
  async handle(context) {
    const { account, container, object } = context.params
    if (isForm(context)) return postForm(context, account, container, object)
    if (context.rawQuery.has('bulk-delete')) return bulkDelete(context, account)
    const scope = await objectScope(context, 'write')
    const { headers, cloud } = context
    if (context.rawQuery.get('version-id') !== null) throw plain(400, 'POST to a specific version is not allowed')
    if (headers['x-symlink-target'] !== undefined) throw plain(400, 'A PUT request is required to set a symlink target')
    const metadata = objectMetadata(context, account)
    const delete_at = deleteAt(headers, cloud)
    return context.write(async (tx) => {
      const container = await lockContainer(tx, cloud, scope.container.id)
      const row = await findObject(tx.db, container.id, scope.place.object)
      if (!row || expired(cloud, row)) throw objectMissing()
      const content_type = header(headers, 'content-type') ?? row.content_type
      const changed_at = nextTimestamp(cloud.environment.clock)
      const dynamic = metadata['x-object-manifest'] ? 'dlo' : ''
      const kind = row.kind === '' || row.kind === 'dlo' ? dynamic : row.kind
      const kept: Headers = {}
      for (const name in row.metadata)
        if (name.startsWith('x-object-sysmeta-') || name.startsWith('x-symlink-')) kept[name] = row.metadata[name]!
      await setObject(tx.db, container.id, row.name, { metadata: { ...metadata, ...kept }, content_type, delete_at, changed_at, kind })
      await count(tx.db, container, 0, 0)
      await noteChange(tx, container, row.name, changed_at)
      if (row.kind === 'link') return redirected(context, scope, row.metadata)
      const body = '<html><h1>Accepted</h1><p>The request is accepted for processing.</p></html>'
      return reply({ headers: { 'content-type': 'text/html; charset=UTF-8' }, body })
    })
  },
})

/** Metadata of a link are its own: the client is told where to change those of its target. */
function redirected(context: BaseContext, scope: Scope, link: Headers) {
  const etag = link['x-symlink-target-etag']
  return reply({
    status: 307,
    headers: {
      location: linkPath(context.major, link, scope.place.account),
      'content-type': 'text/html; charset=UTF-8',
      ...(etag && { 'x-symlink-target-etag': etag }),
    },
    body: 'The requested POST was applied to a symlink. POST directly to the target to apply requested metadata.',
  })
}

export const deleteObject = operation({
  ...common,
  id: 'objects.delete',
  method: 'DELETE',
  summary: 'Delete object',
  catalog: ['object-store-v1.objects.delete-object', 'quickstart-object-store-v1.0.objects.delete-object'],
  status: 204,
  // The report of what was removed.
  otherStatuses: [200],
  query: Writing,
  answer: ReportBody,
  input: 'stream',
  transaction: 'none',
  ahead: lookAhead('container'),
  async handle(context) {
    if (context.rawQuery.has('bulk-delete')) return bulkDelete(context, context.params.account)
    const scope = await objectScope(context, 'write')
    if (context.rawQuery.get('multipart-manifest') === 'delete') return deleteSegments(context, scope)
    const headers = await dropObject(context, scope)
    return reply({ headers: { ...headers, 'content-type': 'text/html; charset=UTF-8' } })
  },
})

/** What a removal answers with; `missing`: nothing was there, if a mark of its removal is now. */
interface Dropped {
  headers: Record<string, string>
  missing: boolean
}

/** Removes the object, or the version that the query names. Throws 404; gives headers about versions. */
export async function dropObject(context: BaseContext, scope: Scope): Promise<Record<string, string>> {
  const { cloud } = context
  const version = context.rawQuery.get('version-id')
  if (version !== null) {
    if (ownAccess(context, scope.place.account, false) === null) throw denied(context, scope.place.account)
    checkVersion(scope.container, version)
  }
  const drop = async (tx: Tx): Promise<Dropped> => {
    const container = await lockContainer(tx, cloud, scope.container.id)
    if (version !== null && isVersioned(container)) return dropVersionNamed(tx, cloud, container, scope.place.object, version)
    return dropPresent(context, tx, scope, container)
  }
  const { headers, missing } = await cloud.database.write(drop, { frees: true })
  // The mark of removal is made all the same: it tells when the name was found missing.
  if (missing) throw Object.assign(objectMissing(), { headers })
  return headers
}

/** The time at which an object must end to be removed by this request; null where that does not matter. */
function onlyEnding({ headers }: BaseContext): number | null {
  const text = header(headers, 'x-if-delete-at')
  if (text === undefined) return null
  if (!/^\d{1,15}$/.test(text)) throw plain(400, 'Bad X-If-Delete-At header value')
  return Number(text)
}

async function dropPresent(context: BaseContext, tx: Tx, scope: Scope, container: Container): Promise<Dropped> {
  const { cloud } = context
  const ending = onlyEnding(context)
  const { object } = scope.place
  const found = await findObject(tx.db, container.id, object)
  if (scope.syncAt !== undefined && found && found.changed_at >= scope.syncAt) throw new Fault(409, 'There is a newer object.')
  const old = found && !expired(cloud, found) ? found : undefined
  if (ending !== null && found && found.delete_at !== ending) throw plain(412, 'X-If-Delete-At and X-Delete-At do not match')
  await mayRestore(context, tx.db, scope, container)
  const restored = !old && (await takenByDelete(tx.db, container, object)) !== null
  // Where no mark is made there is nothing to do, and nothing that a partner would have to hear of.
  if (!found && !restored && !marksRemovals(container)) throw objectMissing()
  const marker = await removeKeeping(tx, cloud, container, found, object, scope.syncAt ?? nextTimestamp(cloud.environment.clock))
  return { headers: marker ? { 'x-object-version-id': marker } : {}, missing: !old && !restored }
}

/** One version goes for good; `null` where it names no version is the present object, whose version stays. */
async function dropVersionNamed(tx: Tx, cloud: Cloud, container: Container, name: string, version: string): Promise<Dropped> {
  const removed = await removeVersion(tx, cloud, container, name, version)
  let present = await findObject(tx.db, container.id, name)
  if (!removed && (version !== 'null' || !present)) throw objectMissing()
  if (!removed && present) {
    await unlink(tx, cloud, container, present)
    present = undefined
  }
  const current = present ? versionName(present.version_id) : 'null'
  return { headers: { 'x-object-version-id': version, 'x-object-current-version-id': current }, missing: false }
}

/** Deleting in a container that stacks its versions takes one out of the other container: who may not write there takes only what came from here. */
export async function mayRestore(context: BaseContext, db: Db, scope: Scope, container: Container): Promise<void> {
  if (scope.access.owner) return
  const taken = await takenByDelete(db, container, scope.place.object)
  if (!taken || allowedByLists(context, taken.archive.account, 'write', taken.archive.metadata)) return
  if (!taken.rows.every((row) => cameFrom(container, row))) throw denied(context, container.account)
}
