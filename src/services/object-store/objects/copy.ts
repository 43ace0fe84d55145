// Copies: PUT with X-Copy-From, and COPY with Destination. Files are linked, so that a copy costs no bytes to move.
import { Fault } from '../../../api/faults.ts'
import { type BaseContext, operation, type Reply } from '../../../api/operation.ts'
import { authorize } from '../access/authorize.ts'
import { loadGrant } from '../access/grants.ts'
import { containerMissing, findContainer } from '../containers/store.ts'
import { decodedHeader, header } from '../headers.ts'
import { splitName } from '../large-objects/manifest.ts'
import { checkContainerName, checkObjectName, limits, plain } from '../limits.ts'
import { isTrue } from '../listing/query.ts'
import { duplicate, type Received, receive, receivedBytes, rowBytes } from '../storage/data.ts'
import { isoText, timestampText } from '../timestamps.ts'
import { condition } from './conditions.ts'
import { contentOf } from './content.ts'
import { objectMissing } from './get.ts'
import { followLink } from './links.ts'
import { contentType, deleteAt, objectMetadata } from './metadata.ts'
import { madeReply } from './put.ts'
import { type Opened, objectScope, type Place, type Scope } from './scope.ts'
import { liveObject, type StoredObject } from './store.ts'
import { findVersion } from './versions.ts'
import { writeObject } from './write.ts'

type At = BaseContext & { params: Place }

export const copyObject = operation({
  path: '/{account}/{container}/{object*}',
  auth: 'optional',
  policy: null,
  majors: ['v1', 'v1.0'],
  id: 'objects.copy',
  method: 'COPY',
  summary: 'Copy object',
  catalog: ['object-store-v1.objects.copy-object'],
  input: 'stream',
  transaction: 'none',
  status: 201,
  async handle(context) {
    const place = splitName(decodedHeader(context.headers, 'destination') ?? '')
    if (!place) throw plain(412, 'Destination header must be of the form <container name>/<object name>')
    const source = await sourceScope(context, context.params.account, context.params.container, context.params.object)
    const account = decodedHeader(context.headers, 'destination-account') ?? context.params.account
    await loadGrant(context, account)
    const container = await findContainer(context.cloud.database.read, account, place.container)
    const access = authorize(context, account, 'write', container?.metadata)
    checkContainerName(place.container)
    checkObjectName(place.object)
    if (!container) throw containerMissing()
    return copy(context, source, { place: { account, ...place }, container, access, temp: null })
  },
})

/** PUT with X-Copy-From onto what `scope` names. */
export async function copyInto(context: At, scope: Scope): Promise<Reply> {
  const place = splitName(decodedHeader(context.headers, 'x-copy-from') ?? '')
  if (!place) throw plain(412, 'X-Copy-From header must be of the form <container name>/<object name>')
  if (Number(header(context.headers, 'content-length') ?? 0) > 0) throw plain(400, 'Copy requests require a zero byte body')
  const account = decodedHeader(context.headers, 'x-copy-from-account') ?? scope.place.account
  return copy(context, await sourceScope(context, account, place.container, place.object), scope)
}

async function sourceScope(context: At, account: string, container: string, object: string): Promise<Scope> {
  await loadGrant(context, account)
  return objectScope({ ...context, params: { account, container, object } }, 'read')
}

async function copy(context: At, source: Scope, target: Scope): Promise<Reply> {
  const { cloud, headers, rawQuery } = context
  const { row: found, where } = await findSource(context, source)
  if (condition(headers, found.etag, found.changed_at) === 412) throw new Fault(412, 'A precondition for this request was not met.')
  const asManifest = rawQuery.get('multipart-manifest') === 'get' && found.kind !== ''
  const asLink = found.kind === 'link'
  const size = found.kind === 'slo' && !asManifest ? found.size : found.stored
  if (size > limits.max_file_size) throw new Fault(413, 'Your request is too large.')
  const metadata = objectMetadata(headers)
  const old = isTrue(header(headers, 'x-fresh-metadata')) ? {} : { ...found.metadata }
  if (!asManifest && !asLink) delete old['x-object-manifest']
  // What was said of the parts of a manifest is not true of one object with their bytes.
  if (found.kind !== '' && !asManifest && !asLink) for (const name in old) if (name.startsWith('x-object-sysmeta-')) delete old[name]
  const delete_at = deleteAt(headers, cloud) ?? (isTrue(header(headers, 'x-fresh-metadata')) ? null : found.delete_at)
  const received = await bytesOf(context, source, where, found, asManifest || asLink)
  const made = await writeObject(cloud, target.container, {
    name: target.place.object,
    content_type: header(headers, 'content-type') ? contentType(headers, target.place.object) : found.content_type,
    metadata: { ...old, ...metadata },
    delete_at,
    kind: asManifest || asLink ? found.kind : '',
    received,
    ...((asManifest || asLink) && { size: found.size, etag: found.etag }),
    reseller: target.access.reseller,
  })
  return madeReply(made, {
    'x-copied-from': encodeURI(`${source.place.container}/${source.place.object}`),
    'x-copied-from-account': encodeURI(source.place.account),
    'x-copied-from-last-modified': new Date(`${isoText(found.changed_at).slice(0, 23)}Z`).toUTCString(),
    'x-timestamp': timestampText(made.changed_at),
    ...Object.fromEntries(Object.entries(made.metadata).filter(([name]) => name.startsWith('x-object-meta-'))),
  })
}

async function findSource(context: At, source: Scope): Promise<{ row: StoredObject; where: Opened }> {
  const { cloud, rawQuery } = context
  const version = rawQuery.get('version-id')
  const { read } = cloud.database
  const { object } = source.place
  const row =
    version === null
      ? await liveObject(cloud, read, source.container.id, object)
      : await findVersion(read, source.container.id, object, version)
  if (!row || row.kind === 'marker') throw objectMissing()
  if (row.kind !== 'link' || rawQuery.get('symlink') === 'get') return { row, where: source }
  return followLink(context, source, row)
}

async function bytesOf(context: At, source: Scope, where: Opened, row: StoredObject, raw: boolean): Promise<Received> {
  const { cloud } = context
  if (row.kind === '' || row.kind === 'link') return duplicate(cloud, { ...row, size: row.stored })
  if (raw)
    return row.place === 'row'
      ? receivedBytes(cloud, await rowBytes(cloud.database.read, row.data_id!))
      : duplicate(cloud, { ...row, size: row.stored })
  const content = await contentOf(context, where ?? source, row)
  const body = await content.read(0, content.size - 1)
  return receive(
    cloud,
    Buffer.isBuffer(body)
      ? (async function* () {
          yield body
        })()
      : (body as AsyncIterable<Buffer>),
    limits.max_file_size,
  )
}
