// Static large objects: a list of segments that is checked as a whole when it is put.
import { createHash } from 'node:crypto'
import { readBody } from '../../../api/body.ts'
import { Fault, title } from '../../../api/faults.ts'
import type { BaseContext, Reply } from '../../../api/operation.ts'
import { turn } from '../../../turns.ts'
import { checkAccessRules, ownAccess } from '../access/authorize.ts'
import { findContainer } from '../containers/store.ts'
import { header } from '../headers.ts'
import { held } from '../held.ts'
import { plain } from '../limits.ts'
import { isTrue } from '../listing/query.ts'
import { followLink } from '../objects/links.ts'
import { contentType, deleteAt, objectMetadata } from '../objects/metadata.ts'
import { madeReply } from '../objects/put.ts'
import { mayReadOther, type Scope } from '../objects/scope.ts'
import { liveObject, type NewObject, type StoredObject } from '../objects/store.ts'
import { writeObject } from '../objects/write.ts'
import { receivedBytes } from '../storage/data.ts'
import type { Headers } from '../tables.ts'
import { isoText } from '../timestamps.ts'
import { type Asked, askedSegments } from './asked.ts'
import { heartbeatReply } from './heartbeat.ts'
import { extent, limits, manifestText, type Segment, splitName } from './manifest.ts'

/** The first and last byte that a range means in so many; null when there are none. */
function resolved(range: string, size: number): { start: number; end: number } | null {
  const [first, last] = range.split('-') as [string, string]
  const start = first ? Number(first) : Math.max(0, size - Number(last))
  const end = first && last ? Math.min(Number(last), size - 1) : size - 1
  return start > end ? null : { start, end }
}

/** The object behind a segment, checked; or what is wrong with it. */
async function check(context: BaseContext, scope: Scope, asked: Asked): Promise<Segment | string> {
  if (asked.data !== undefined) return { name: '', hash: '', bytes: 0, content_type: '', last_modified: '', data: asked.data }
  const { cloud } = context
  const place = splitName(asked.path!)!
  const container = await findContainer(cloud.database.read, scope.place.account, place.container)
  if (container ? !mayReadOther(context, scope, container) : ownAccess(context, scope.place.account, true) === null) return '403 Forbidden'
  const found = container && (await liveObject(cloud, cloud.database.read, container.id, place.object))
  if (!found) return '404 Not Found'
  const row = found.kind === 'link' ? await endOf(context, { temp: scope.temp, container: container! }, found) : found
  if (typeof row === 'string') return row
  if (asked.size_bytes !== undefined && asked.size_bytes !== null && asked.size_bytes !== row.size) return 'Size Mismatch'
  const etag = asked.etag?.replace(/^"|"$/g, '')
  if (etag && etag !== row.etag) return 'Etag Mismatch'
  if (row.size < 1) return 'Too Small; each segment must be at least 1 byte.'
  const part = asked.range ? resolved(asked.range, row.size) : null
  if (asked.range && !part) return 'Unsatisfiable Range'
  return {
    name: `/${place.container}/${place.object}`,
    hash: row.etag,
    bytes: row.size,
    content_type: row.content_type,
    last_modified: isoText(row.changed_at),
    ...(part && (part.start > 0 || part.end < row.size - 1) && { range: `${part.start}-${part.end}` }),
    ...(row.kind === 'slo' && { sub_slo: true as const }),
  }
}

/** What a link as a segment leads to; or why it leads to nothing. */
async function endOf(context: BaseContext, where: Pick<Scope, 'temp' | 'container'>, link: StoredObject): Promise<StoredObject | string> {
  try {
    return (await followLink(context, where, link)).row
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    return `${error.status} ${title(error.status)}`
  }
}

async function readManifestBody(context: BaseContext, self: string): Promise<Asked[]> {
  const memory = held(context)
  try {
    const length = header(context.headers, 'content-length')
    memory.add(length === undefined ? limits.max_manifest_size : Math.min(Number(length), limits.max_manifest_size))
    return await askedSegments(await readBody(context.request, limits.max_manifest_size), self)
  } finally {
    memory.release()
  }
}

/** PUT with `multipart-manifest=put`. */
export async function putManifest(context: BaseContext, scope: Scope): Promise<Reply> {
  const { cloud, headers } = context
  const metadata = objectMetadata(context, scope.place.account)
  if (metadata['x-object-manifest']) throw plain(400, 'An object cannot be a static and a dynamic manifest.')
  const delete_at = deleteAt(headers, cloud)
  const self = `/${scope.place.container}/${scope.place.object}`
  const asked = await readManifestBody(context, self)
  for (const { path } of asked) if (path !== undefined) checkAccessRules(context, 'GET', scope.place.account, path.replace(/^\/+/, ''))
  const kept = { metadata, delete_at, content_type: contentType(headers, scope.place.object) }
  const expected = header(headers, 'etag')?.replace(/^"|"$/g, '')
  const onlyNew = headers['if-none-match'] !== undefined
  const make = () => makeManifest(context, scope, asked, kept, { expected, onlyNew })
  return isTrue(context.rawQuery.get('heartbeat')) ? heartbeatReply(context, make) : madeReply(await make())
}

/** Checks all segments and makes the object. Throws 400 with all that is wrong with them, and 422 where its ETag is not the expected one. */
export async function makeManifest(
  context: BaseContext,
  scope: Scope,
  asked: Asked[],
  kept: { metadata: Headers; delete_at: number | null; content_type: string },
  { expected, onlyNew = false }: { expected?: string | undefined; onlyNew?: boolean } = {},
): Promise<NewObject> {
  const { cloud } = context
  const segments: Segment[] = []
  const faults: [string, string][] = []
  for (const entry of asked) {
    await turn()
    const found = await check(context, scope, entry)
    if (typeof found === 'string') faults.push([entry.path!, found])
    else segments.push(found)
  }
  if (faults.length) throw manifestFault(context, faults)
  const md5 = createHash('md5')
  let size = 0
  for (const segment of segments) {
    await turn()
    const { length } = extent(segment)
    size += length
    if (segment.data !== undefined) md5.update(createHash('md5').update(Buffer.from(segment.data, 'base64')).digest('hex'))
    else md5.update(segment.range ? `${segment.hash}:${segment.range};` : segment.hash)
  }
  // Nested manifests multiply: what no number can count, nobody can read.
  if (!Number.isSafeInteger(size)) throw plain(413, 'The object would be too large.')
  const etag = md5.digest('hex')
  if (expected && expected !== etag) throw new Fault(422, 'Unable to process the contained instructions')
  return writeObject(cloud, scope.container, {
    name: scope.place.object,
    ...kept,
    kind: 'slo',
    received: receivedBytes(cloud, Buffer.from(manifestText(segments))),
    size,
    etag,
    onlyNew,
    reseller: scope.access.reseller,
  })
}

function manifestFault(context: BaseContext, faults: [string, string][]): Fault {
  const json = (context.headers.accept ?? '').includes('json')
  const text = json ? JSON.stringify({ Errors: faults }) : `Errors:\n${faults.map(([path, what]) => `${path}, ${what}`).join('\n')}\n`
  const headers: Headers = json ? { 'content-type': 'application/json' } : {}
  return Object.assign(new Fault(400, text, { type: 'plain', headers }), { segments: faults })
}
