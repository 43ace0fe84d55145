// Copies: PUT with X-Copy-From, and COPY with Destination. Files are linked, so that a copy costs no bytes to move.
import { Fault } from '../../../api/faults.ts'
import { type BaseContext, operation, type Reply } from '../../../api/operation.ts'
import { authorize, checkAccessRules } from '../access/authorize.ts'
import { loadGrant } from '../access/grants.ts'
import { containerMissing, findContainer } from '../containers/store.ts'
import { checkMetadata, decodedHeader, header } from '../headers.ts'
import { rawSegments, splitName } from '../large-objects/manifest.ts'
import { makeManifest } from '../large-objects/put.ts'
import { checkContainerName, checkObjectName, limits, plain, tooLarge } from '../limits.ts'
import { isTrue } from '../listing/query.ts'
import { ObjectCopy } from '../queries.ts'
import { quote } from '../quoting.ts'
import { duplicate, type Received } from '../storage/data.ts'
import type { Headers } from '../tables.ts'
import { httpDate, timestampText } from '../timestamps.ts'
import { condition, rangeHolds } from './conditions.ts'
import { contentOf } from './content.ts'
import { objectMissing, readableVersion, versionAsked } from './get.ts'
import { followLink } from './links.ts'
import { contentType, deleteAt, objectMetadata } from './metadata.ts'
import { madeReply } from './put.ts'
import { parseRanges } from './ranges.ts'
import { whereReplaced } from './replaced.ts'
import { destinationOf, type Opened, objectScope, type Place, type Scope } from './scope.ts'
import { liveObject, type NewObject, type StoredObject } from './store.ts'
import { receiveFor, writeObject } from './write.ts'

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
  query: ObjectCopy,
  async handle(context) {
    const { headers, cloud } = context
    const destination = decodedHeader(headers, 'destination')
    if (destination === undefined) throw plain(412, 'Destination header required')
    const place = splitName(destination)
    if (!place) throw plain(412, 'Destination header must be of the form <container name>/<object name>')
    const { account: own, container: from, object } = context.params
    const find = () => findSource(context, own, from, object)
    const source = await find()
    const account = otherAccount(headers, 'destination-account') ?? own
    await loadGrant(context, account)
    const container = await findContainer(cloud.database.read, account, place.container)
    const access = authorize(context, account, 'write', container?.metadata)
    checkContainerName(place.container)
    checkObjectName(place.object)
    if (!container) throw containerMissing()
    return copyFrom(context, source, find, { place: { account, ...place }, container, access, temp: null })
  },
})

/** The account that a header names. */
function otherAccount(headers: At['headers'], name: string): string | undefined {
  const account = decodedHeader(headers, name)
  if (account !== undefined && (!account || account.includes('/'))) throw plain(412, 'Account name cannot contain slashes')
  return account
}

/** PUT with X-Copy-From. Who may not write hears that first, then what is wrong with the source, then that the container is not there. */
export async function copyInto(context: At): Promise<Reply> {
  const { headers, params } = context
  const place = splitName(decodedHeader(headers, 'x-copy-from') ?? '')
  if (!place) throw plain(412, 'X-Copy-From header must be of the form <container name>/<object name>')
  if (Number(header(headers, 'content-length') ?? 0) > 0) throw plain(400, 'Copy requests require a zero byte body')
  const account = otherAccount(headers, 'x-copy-from-account') ?? params.account
  checkAccessRules(context, 'GET', account, `${place.container}/${place.object}`)
  const target = await objectScope(context, 'write').catch((error) => {
    if (error instanceof Fault && error.status === 404) return error
    throw error
  })
  const find = () => findSource(context, account, place.container, place.object)
  const source = await find()
  if (target instanceof Fault) throw target
  return copyFrom(context, source, find, target)
}

interface Source {
  scope: Scope
  /** What is copied, where links were followed. */
  row: StoredObject
  where: Opened
}

async function findSource(context: At, account: string, container: string, object: string): Promise<Source> {
  await loadGrant(context, account)
  const scope = await objectScope({ ...context, params: { account, container, object } }, 'read')
  const { cloud, rawQuery } = context
  const version = versionAsked(context, scope)
  const { read } = cloud.database
  const row = version === null ? await liveObject(cloud, read, scope.container.id, object) : await readableVersion(context, scope, version)
  if (!row || row.kind === 'marker') throw objectMissing()
  if (row.kind !== 'link' || rawQuery.get('symlink') === 'get') return { scope, row, where: scope }
  return { scope, ...(await followLink(context, scope, row)) }
}

/** Copies the source that was found, or the one that has taken its place since. */
const copyFrom = (context: At, found: Source, find: () => Promise<Source>, target: Scope): Promise<Reply> =>
  whereReplaced(async (attempt) => copy(context, attempt === 1 ? found : await find(), target))

async function copy(context: At, { scope: source, row: found, where }: Source, target: Scope): Promise<Reply> {
  const { headers, rawQuery } = context
  if (condition(headers, found.etag, found.changed_at) === 412) throw new Fault(412, 'A precondition for this request was not met.')
  const told = {
    'x-copied-from': quote(`${source.place.container}/${source.place.object}`),
    'x-copied-from-account': quote(source.place.account),
    'x-copied-from-last-modified': httpDate(found.changed_at),
  }
  const asManifest = rawQuery.get('multipart-manifest') === 'get' && found.kind !== ''
  const asIs = asManifest || found.kind === 'link'
  const kept = keptOf(context, found, asIs, target.place.account)
  const type = header(headers, 'content-type') ? contentType(headers, target.place.object) : found.content_type
  // The segments that it names have to be in the account that it goes to, for those who put it there.
  const made =
    asManifest && found.kind === 'slo'
      ? await makeManifest(context, target, await rawSegments(context.cloud, found), { ...kept, content_type: type })
      : await copyBytes(context, { row: found, where, asIs }, target, { ...kept, content_type: type })
  return madeReply(made, {
    ...told,
    'x-timestamp': timestampText(made.changed_at),
    ...Object.fromEntries(Object.entries(made.metadata).filter(([name]) => name.startsWith('x-object-meta-'))),
  })
}

/** What a copy has of its source, with what the request says itself. */
function keptOf(context: At, found: StoredObject, asIs: boolean, account: string): { metadata: Headers; delete_at: number | null } {
  const { headers, cloud } = context
  const fresh = isTrue(header(headers, 'x-fresh-metadata'))
  const old = fresh && !asIs ? {} : { ...found.metadata }
  if (fresh) for (const name in old) if (name.startsWith('x-object-meta-')) delete old[name]
  if (!asIs) delete old['x-object-manifest']
  // What was said of the parts of a manifest, or of the container that a version came from, is not true of the copy.
  // Whom S3 lets read it, and which upload it is of, is said of that object alone.
  for (const name in old) if (name.startsWith('x-object-sysmeta-s3-')) delete old[name]
  if ((found.kind !== '' && !asIs) || !found.kind) for (const name in old) if (name.startsWith('x-object-sysmeta-')) delete old[name]
  const delete_at = deleteAt(headers, cloud) ?? (fresh ? null : found.delete_at)
  const metadata = { ...old, ...objectMetadata(context, account) }
  checkMetadata(metadata, 'object')
  return { metadata, delete_at }
}

async function copyBytes(
  context: At,
  { row, where, asIs }: { row: StoredObject; where: Source['where']; asIs: boolean },
  target: Scope,
  kept: { metadata: Headers; delete_at: number | null; content_type: string },
): Promise<NewObject> {
  const { cloud } = context
  const received = await bytesOf(context, where, row, asIs, target)
  return writeObject(cloud, target.container, {
    name: target.place.object,
    ...kept,
    kind: asIs ? row.kind : '',
    received,
    ...(asIs && { size: row.size, etag: row.etag }),
    reseller: target.access.reseller,
  })
}

/** The bytes of the source; `raw`: those that are kept for it. Throws 413 and, for a Range that is not there, 416. */
async function bytesOf(context: At, where: Source['where'], row: StoredObject, raw: boolean, target: Scope): Promise<Received> {
  const { cloud, headers } = context
  const content = raw ? null : await contentOf(context, where, row)
  const size = content?.size ?? row.stored
  const ranges = content && rangeHolds(headers, content.etag, row.changed_at) ? parseRanges(header(headers, 'range'), size) : null
  if (ranges?.length === 0)
    throw new Fault(416, 'The Range requested is not available.', { headers: { 'content-range': `bytes */${size}` } })
  // Of several ranges nothing is heard: a copy has no form for them.
  const { start, end } = ranges?.length === 1 ? ranges[0]! : { start: 0, end: size - 1 }
  if (end - start >= limits.max_file_size) throw tooLarge()
  if (!content || (row.kind === '' && end - start + 1 === size)) return duplicate(cloud, { ...row, size: row.stored })
  const length = end - start + 1
  // Opened when they are received: not where there is no room for them.
  async function* bytes(): AsyncGenerator<Buffer> {
    const body = await content!.read(start, end)
    yield* Buffer.isBuffer(body) ? [body] : (body as AsyncIterable<Buffer>)
  }
  return receiveFor(cloud, destinationOf(target), bytes(), { length })
}
